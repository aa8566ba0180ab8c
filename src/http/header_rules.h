/* SPDX-License-Identifier: Apache-2.0
 * The rules for header fields (RFC 9110 section 5, RFC 9112 sections 3.2, 5 and 6): what a name and
 * a value may be made of, which field may stand once only, and what says how long the body is.
 * Pure. */
#ifndef HF_HTTP_HEADER_RULES_H
#define HF_HTTP_HEADER_RULES_H

#include "http/head.h"

bool http_is_token(struct hf_span s);
bool http_is_field_value(struct hf_span s);
bool http_same_name(struct hf_span s, const char *name); /* ASCII, without case */

/* Checks all fields of a head whose lines have been split, and fills in what they say about the
 * message: content_length or chunked, close, expect_continue. */
struct http_refusal http_header_rules(struct http_head *head);

#endif
