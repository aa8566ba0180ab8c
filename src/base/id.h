/* SPDX-License-Identifier: Apache-2.0
 * Ids: a prefix and 128 bits, "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j": 48 bits of milliseconds, then 80
 * random. Ordered by time, and those of one process by the order in which they were made, so that
 * indexes grow at one end; the shape is that of the Signing API (prefix, 5, 5 and 16 characters).
 * The alphabet is Crockford's base32 in lower case. */
#ifndef HF_BASE_ID_H
#define HF_BASE_ID_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HF_ID_MAX 64 /* with the NUL */

/* A fresh id. `prefix` has at most 8 characters. Any thread. */
void hf_id_new(const char *prefix, char to[HF_ID_MAX]);

#define HF_ID_DIGITS 26
/* `n` digits of an id's alphabet and a NUL: five bits each, from the first bit of `from` on, which
 * has as many bytes as that takes. */
void hf_id_digits(const uint8_t *from, size_t n, char *to);
/* The id of these HF_ID_DIGITS digits, for ids that are derived from something. */
void hf_id_of(const char *prefix, const char *digits, char to[HF_ID_MAX]);

/* Right prefix, right shape. Says nothing about existence. */
bool hf_id_valid(const char *prefix, const char *id);

#endif
