/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metrics.h"

#include "base/clock.h"

static const char *const outcome_names[GATEWAY_OUTCOMES] = {
	[OP_DONE] = "done", [OP_FAILED] = "failed", [OP_RETRY] = "retry"
};
static const char *const opening_names[GATEWAY_OPENINGS] = {
	[OPENED] = "opened",
	[OPENED_MOVED] = "moved",
	[OPEN_PIN_REFUSED] = "pin-refused",
	[OPEN_FAILED] = "failed",
};

void gateway_metrics_count(struct gateway_metrics *m, enum crypto_op_kind kind,
                           enum op_outcome outcome, int64_t hsm_us)
{
	if ((unsigned)kind < GATEWAY_KINDS && (unsigned)outcome < GATEWAY_OUTCOMES)
		hf_count(&m->ops[kind][outcome], 1);
	if (hsm_us >= 0)
		hf_histogram_add(&m->hsm, hsm_us);
}

static void write_ops(struct gateway_metrics *m, struct hf_buf *to)
{
	static const char name[] = "holdfast_gateway_operations_total";

	hf_metric_head(to, name, "Operations that were answered", HF_METRIC_COUNTER);
	for (int kind = CRYPTO_LIST; kind < GATEWAY_KINDS; kind++)
		for (int outcome = OP_DONE; outcome < GATEWAY_OUTCOMES; outcome++) {
			struct hf_label labels[] = { { "kind", crypto_op_name(kind) },
				                     { "outcome", outcome_names[outcome] } };

			hf_metric_sample(to, name, labels, HF_COUNT(labels),
			                 (double)hf_counted(&m->ops[kind][outcome]));
		}
}

static void write_openings(struct gateway_metrics *m, struct hf_buf *to)
{
	static const char name[] = "holdfast_gateway_openings_total";

	hf_metric_head(to, name, "Requests to open a slot", HF_METRIC_COUNTER);
	for (int i = 0; i < GATEWAY_OPENINGS; i++) {
		struct hf_label label = { "result", opening_names[i] };

		hf_metric_sample(to, name, &label, 1, (double)hf_counted(&m->openings[i]));
	}
}

void gateway_metrics_write(struct gateway_metrics *m, struct hf_buf *to)
{
	struct hf_label labels[] = { { "version", HF_VERSION }, { "role", "gateway" } };

	hf_metric_head(to, "holdfast_build_info", "Which release this is", HF_METRIC_GAUGE);
	hf_metric_sample(to, "holdfast_build_info", labels, HF_COUNT(labels), 1);
	write_ops(m, to);
	write_openings(m, to);
	hf_metric_head(to, "holdfast_gateway_hsm_seconds",
	               "Time of an operation at its signer, waiting there included",
	               HF_METRIC_HISTOGRAM);
	hf_metric_histogram(to, "holdfast_gateway_hsm_seconds", NULL, 0, &m->hsm);
	hf_metric(to, "holdfast_gateway_pins_refused_total", "PINs that a token has refused",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->logins_refused));
	hf_metric(to, "holdfast_gateway_malformed_requests_total",
	          "Requests that could not be understood", HF_METRIC_COUNTER,
	          (double)hf_counted(&m->malformed));
	if (m->dates)
		cert_dates_write(m->dates, hf_wall_ms() / 1000, to);
}
