/* SPDX-License-Identifier: Apache-2.0
 * Bytes as text: hex, base64 and base64url (RFC 4648), and numbers out of text.
 * Decoders are strict: no white space, no stray bits, nothing after the end. */
#ifndef HF_BASE_TEXT_H
#define HF_BASE_TEXT_H

#include "base/buf.h"

/* The value of a hex digit of either case; -1 for anything else. */
int hf_hex_digit(uint8_t c);
/* Lower-case hex into `to`, which has room for 2 * len + 1. */
void hf_hex(const void *from, size_t len, char *to);
void hf_buf_hex(struct hf_buf *b, struct hf_span from);
/* Appends the bytes of an even number of hex digits of either case. HF_INVALID; then b is as
 * before. */
HF_MUST hf_status hf_unhex(struct hf_span text, struct hf_buf *b);

/* Appends base64url without padding. */
void hf_buf_base64url(struct hf_buf *b, struct hf_span from);
/* Appends base64 with padding (RFC 4648, 4). */
void hf_buf_base64(struct hf_buf *b, struct hf_span from);
/* Appends the bytes of base64url or base64, with padding or without (clients differ). HF_INVALID.
 */
HF_MUST hf_status hf_unbase64(struct hf_span text, struct hf_buf *b);

/* A whole decimal number within [min, max]. HF_INVALID otherwise. */
HF_MUST hf_status hf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Length of the valid UTF-8 sequence at p, or 0 (RFC 3629: no overlong forms, no surrogates). */
size_t hf_utf8_at(const uint8_t *p, size_t left);
/* Puts a ? for each byte that is not UTF-8, such as half a character at the end of what was cut
 * off: words from outside, before they go into a database. */
void hf_make_utf8(char *text);

/* A malloc'ed copy, or NULL. */
char *hf_strdup(const char *s);

/* The host of "192.0.2.1:80" or "[2001:db8::1]:80": neither brackets nor port. Cut to fit. */
void hf_bare_host(const char *address, char *to, size_t cap);

#endif
