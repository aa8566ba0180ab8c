/* SPDX-License-Identifier: Apache-2.0
 * The time that calls take on the way to an HSM and inside it. */
#ifndef HF_TESTS_DELAY_H
#define HF_TESTS_DELAY_H

#include <stdint.h>

/* Sleeps for exactly that long, as far as the machine can. */
void delay_us(int64_t us);

/* Half the latency there, then `service_us` in the first of n engines that is free (0: no limit),
 * then half the latency back. The engines are reckoned with, not held: a file beside the script
 * says until when each is taken, so that a process that is killed blocks none. */
void delay_remote(int64_t latency_us, unsigned n_engines, int64_t service_us);

#endif
