/* SPDX-License-Identifier: Apache-2.0
 * Time. Wall-clock time is for people and for what is stored; every deadline is monotonic. */
#ifndef HF_BASE_CLOCK_H
#define HF_BASE_CLOCK_H

#include "base/status.h"

#include <stdint.h>

int64_t hf_wall_ms(void); /* since 1970, UTC */
int64_t hf_mono_ms(void);
int64_t hf_mono_us(void);

/* The calling thread rests; a signal may end that early. */
void hf_pause_ms(int64_t ms);
void hf_pause_us(int64_t us);

#define HF_ISO_LEN 25
/* "2026-11-20T23:28:04.123Z" */
void hf_iso_time(int64_t wall_ms, char to[HF_ISO_LEN]);

/* The same back, without milliseconds too, and a day ("2026-11-20") for its begin. UTC only; years
 * from 1970 to 9999. HF_INVALID. */
HF_MUST hf_status hf_iso_parse(const char *text, int64_t *ret_ms);

#define HF_BASIC_LEN 17
/* "20261120T232804Z": ISO 8601's basic format, as the Crypto API writes times. */
void hf_basic_time(int64_t wall_ms, char to[HF_BASIC_LEN]);
/* Exactly that. HF_INVALID. */
HF_MUST hf_status hf_basic_parse(const char *text, int64_t *ret_ms);

/* Exponential backoff with full jitter: a wait in [0, min(cap, base * 2^attempt)], attempt from 0,
 * never less than base / 2, so that many who lost the same peer do not return as one. */
int64_t hf_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms);

#endif
