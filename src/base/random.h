/* SPDX-License-Identifier: Apache-2.0
 * Random bytes from the kernel, for ids, nonces and jitter. Key material is made in the HSM only.
 */
#ifndef HF_BASE_RANDOM_H
#define HF_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when the kernel has no randomness to give: nothing safe can follow. */
void hf_random(void *to, size_t len);
uint64_t hf_random_u64(void);

#endif
