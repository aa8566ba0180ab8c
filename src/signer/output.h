/* SPDX-License-Identifier: Apache-2.0
 * Frames on their way out, gathered for a moment so that quick operations do not pay for a system
 * call each. Any thread. Ends the process when the host no longer listens. */
#ifndef HF_SIGNER_OUTPUT_H
#define HF_SIGNER_OUTPUT_H

#include "signer/wire.h"

void output_open(int fd);
void output_ready(const struct wire_ready *ready);
void output_answer(uint64_t tag, const struct wire_answer *answer);
/* What it says is wiped from the buffer once it is written. */
void output_crypto_answer(uint64_t tag, const struct crypto_result *result, int64_t hsm_us);
void output_failed(enum hf_code code, const char *text);
void output_text(enum wire_type type, struct hf_span text);

void output_flush(void);
/* Flushes when the oldest answer would wait longer than WIRE_GATHER_US if another operation like
 * the last one, of op_us, came first. */
void output_flush_if_due(int64_t op_us);

#endif
