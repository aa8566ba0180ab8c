/* SPDX-License-Identifier: Apache-2.0
 * What the gateway counts. Any thread. */
#ifndef HF_GATEWAY_METRICS_H
#define HF_GATEWAY_METRICS_H

#include "base/metrics.h"
#include "http/cert_dates.h"
#include "op/crypto_op.h"

#define GATEWAY_KINDS (CRYPTO_OP_KIND_MAX + 1)
#define GATEWAY_OUTCOMES (OP_RETRY + 1)

enum gateway_opening { OPENED, OPENED_MOVED, OPEN_PIN_REFUSED, OPEN_FAILED, GATEWAY_OPENINGS };

struct gateway_metrics {
	struct cert_dates *dates; /* NULL: none */
	hf_counter ops[GATEWAY_KINDS][GATEWAY_OUTCOMES];
	struct hf_histogram hsm; /* from a signer's having it to its answer */
	hf_counter openings[GATEWAY_OPENINGS];
	hf_counter logins_refused; /* PINs that a token has refused */
	hf_counter malformed;      /* requests */
};

/* `hsm_us` < 0: it was never begun. */
void gateway_metrics_count(struct gateway_metrics *m, enum crypto_op_kind kind,
                           enum op_outcome outcome, int64_t hsm_us);
void gateway_metrics_write(struct gateway_metrics *m, struct hf_buf *to);

#endif
