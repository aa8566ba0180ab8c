/* SPDX-License-Identifier: Apache-2.0
 * What time does to security objects: uses are written down, dates come (activation, deactivation,
 * rotation), and what was being made and never was is taken out of the HSM and forgotten. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_CLOCK_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_CLOCK_H

#include "server/core/core.h"

/* Longer than an HSM is given to make a key (core/backends/backend.h), with all that comes before
 * and after. */
#define OBJECT_MAKING_MS 180000
/* A rotation that failed, because the HSM was away perhaps, is tried again after this. */
#define OBJECT_ROTATE_AGAIN_MS 600000

struct objects_clock;
HF_MUST hf_status objects_clock_new(const struct core *core, struct objects_clock **ret);
/* About every 100 ms, from one thread. */
void objects_clock_tick(struct objects_clock *c);
/* After the writer has stopped. */
void objects_clock_free(struct objects_clock *c);

/* What a tick does, as of this time, without waiting for the one before: for tests. */
void objects_clock_run(struct objects_clock *c, int64_t now_ms);

#endif
