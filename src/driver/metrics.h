/* SPDX-License-Identifier: Apache-2.0
 * What the driver counts. Written by the driver's thread, read by that of /metrics. */
#ifndef HF_DRIVER_METRICS_H
#define HF_DRIVER_METRICS_H

#include "base/metrics.h"
#include "driver/queue_client.h"
#include "hsmhost/host.h"
#include "http/cert_dates.h"
#include "keydb/front.h"

#define DRIVER_KINDS (OP_CRYPTO + 1)
#define DRIVER_OUTCOMES (OP_RETRY + 1)

struct driver_metrics {
	struct cert_dates *dates; /* NULL: none */
	hf_counter jobs[DRIVER_KINDS][DRIVER_OUTCOMES];
	struct hf_histogram hsm[DRIVER_KINDS];  /* inside the signer */
	struct hf_histogram held[DRIVER_KINDS]; /* from taken to result */
	hf_counter stored;                      /* wrapped keys committed */
	hf_counter repeated;                    /* generations answered with a key that was there */
	hf_counter orphans;                     /* resident keys that no record points to */
};

void driver_metrics_count(struct driver_metrics *m, enum op_kind kind, enum op_outcome outcome);

/* The whole exposition text. */
void driver_metrics_write(struct driver_metrics *m, const struct hsmhost_stats *hsm,
                          const struct queue_client_stats *queue,
                          const struct keydb_front_stats *database, struct hf_buf *to);

#endif
