/* SPDX-License-Identifier: Apache-2.0
 * A secret in memory: pages of its own, locked, left out of core dumps and of forked children,
 * wiped when released. It has no print form and is compared in constant time only. */
#ifndef HF_BASE_SECRET_H
#define HF_BASE_SECRET_H

#include "base/scope.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_secret {
	uint8_t *ptr;
	size_t len; /* bytes in use */
	size_t cap; /* bytes usable */
};

#define HF_SECRET_MAX 65536

/* Room for `cap` bytes, zeroed, len = cap. The caller owns *ret: hf_secret_done().
 * HF_TOOBIG above HF_SECRET_MAX; HF_NOMEM, also when the memory cannot be locked
 * (see RLIMIT_MEMLOCK). */
HF_MUST hf_status hf_secret_new(size_t cap, struct hf_secret *ret);

/* A copy of `len` bytes. Wiping the source is the caller's. */
HF_MUST hf_status hf_secret_copy(const void *from, size_t len, struct hf_secret *ret);

/* Wipes and releases; *s is empty afterwards. An empty secret and NULL are fine. */
void hf_secret_done(struct hf_secret *s);

/* Equal length and bytes; constant time in the bytes. */
bool hf_secret_equal(const struct hf_secret *s, const void *other, size_t len);

/* Moves ownership out of *s, leaving it empty. */
struct hf_secret hf_secret_take(struct hf_secret *s);

/* Wipes memory that is not itself a secret, such as a stack buffer that held one. */
void hf_wipe(void *p, size_t len);

/* Constant-time comparison for MACs and tokens. */
bool hf_equal_ct(const void *a, const void *b, size_t len);

#define HF_SECRET HF_CLEANUP(hf_secret_done)

#endif
