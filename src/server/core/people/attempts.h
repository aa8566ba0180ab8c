/* SPDX-License-Identifier: Apache-2.0
 * Guessing codes is stopped: whoever failed ATTEMPTS_MAX times in ATTEMPTS_WINDOW_MS, by name of
 * what was guessed at or by address, waits for the window's end. Kept in this server's memory, in a
 * table of fixed size in which the oldest makes room: it slows guessing down, and codes are long
 * enough without it. Thread-safe. */
#ifndef HF_SERVER_CORE_PEOPLE_ATTEMPTS_H
#define HF_SERVER_CORE_PEOPLE_ATTEMPTS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define ATTEMPTS_MAX 10
#define ATTEMPTS_WINDOW_MS (10 * 60 * 1000)
#define ATTEMPTS_TEXT "too many attempts that failed: try again in a few minutes"

struct attempts;

HF_MUST hf_status attempts_new(struct attempts **ret);
void attempts_free(struct attempts *a);

/* Whether another attempt may be made. `what` is any text: "address/192.0.2.1". */
bool attempts_allowed(struct attempts *a, const char *what, int64_t now_ms);
void attempts_failed(struct attempts *a, const char *what, int64_t now_ms);

#endif
