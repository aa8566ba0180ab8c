/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/metrics.h"

#include "base/clock.h"

static const char *const kind_names[DRIVER_KINDS] = {
	[OP_GENERATE] = "generate", [OP_SIGN] = "sign", [OP_CRYPTO] = "crypto"
};
static const char *const outcome_names[DRIVER_OUTCOMES] = {
	[OP_DONE] = "done", [OP_FAILED] = "failed", [OP_RETRY] = "retry"
};

void driver_metrics_count(struct driver_metrics *m, enum op_kind kind, enum op_outcome outcome)
{
	if ((unsigned)kind < DRIVER_KINDS && (unsigned)outcome < DRIVER_OUTCOMES)
		hf_count(&m->jobs[kind][outcome], 1);
}

static void write_jobs(struct driver_metrics *m, struct hf_buf *to)
{
	static const char name[] = "holdfast_driver_jobs_total";

	hf_metric_head(to, name, "Jobs that got a result", HF_METRIC_COUNTER);
	for (int kind = OP_GENERATE; kind < DRIVER_KINDS; kind++)
		for (int outcome = OP_DONE; outcome < DRIVER_OUTCOMES; outcome++) {
			struct hf_label labels[] = { { "kind", kind_names[kind] },
				                     { "outcome", outcome_names[outcome] } };

			hf_metric_sample(to, name, labels, HF_COUNT(labels),
			                 (double)hf_counted(&m->jobs[kind][outcome]));
		}
}

static void write_times(struct hf_histogram *list, const char *name, const char *help,
                        struct hf_buf *to)
{
	hf_metric_head(to, name, help, HF_METRIC_HISTOGRAM);
	for (int kind = OP_GENERATE; kind < DRIVER_KINDS; kind++) {
		struct hf_label label = { "kind", kind_names[kind] };

		hf_metric_histogram(to, name, &label, 1, &list[kind]);
	}
}

static void write_hsm(const struct hsmhost_stats *hsm, struct hf_buf *to)
{
	hf_metric(to, "holdfast_driver_hsm_healthy", "1 while signers work", HF_METRIC_GAUGE,
	          hsm->health == HSMHOST_HEALTHY);
	hf_metric(to, "holdfast_driver_signers_ready", "Signer processes that are logged in",
	          HF_METRIC_GAUGE, hsm->signers_ready);
	hf_metric(to, "holdfast_driver_signer_crashes_total", "Signers that ended unasked",
	          HF_METRIC_COUNTER, (double)hsm->crashes);
	hf_metric(to, "holdfast_driver_signer_hangs_total", "Signers killed past a call's deadline",
	          HF_METRIC_COUNTER, (double)hsm->hangs);
	hf_metric(to, "holdfast_driver_signer_recycled_total", "Signers replaced on their budget",
	          HF_METRIC_COUNTER, (double)hsm->recycled);
}

static void write_queue(const struct queue_client_stats *queue, struct hf_buf *to)
{
	hf_metric(to, "holdfast_driver_queue_connected", "1 while the queue answers",
	          HF_METRIC_GAUGE, queue->connected);
	hf_metric(to, "holdfast_driver_queue_round_trips_total", "Requests that the queue answered",
	          HF_METRIC_COUNTER, (double)queue->round_trips);
	hf_metric(to, "holdfast_driver_queue_failures_total", "Requests to the queue that failed",
	          HF_METRIC_COUNTER, (double)queue->failures);
	hf_metric(to, "holdfast_driver_queue_moves_total",
	          "Times that the driver went on to another server", HF_METRIC_COUNTER,
	          (double)queue->moves);
	hf_metric(to, "holdfast_driver_queue_round_trip_seconds", "Smoothed time of a round trip",
	          HF_METRIC_GAUGE, (double)queue->round_trip_us / 1e6);
	hf_metric(to, "holdfast_driver_jobs_taken_total", "Jobs that came from the queue",
	          HF_METRIC_COUNTER, (double)queue->taken);
	hf_metric(to, "holdfast_driver_working", "Jobs held without a result", HF_METRIC_GAUGE,
	          (double)queue->working);
	hf_metric(to, "holdfast_driver_outbox", "Results that the queue has not acknowledged",
	          HF_METRIC_GAUGE, (double)queue->outbox);
}

static void write_database(const struct keydb_front_stats *database, struct hf_buf *to)
{
	hf_metric(to, "holdfast_driver_database_readable",
	          "1 while lookups of wrapped keys are answered", HF_METRIC_GAUGE,
	          database->readable);
	hf_metric(to, "holdfast_driver_database_writable", "1 while new keys can be stored",
	          HF_METRIC_GAUGE, database->writable);
	hf_metric(to, "holdfast_driver_database_waiting",
	          "Lookups and new keys that the database has not answered", HF_METRIC_GAUGE,
	          (double)database->asked);
	hf_metric(to, "holdfast_driver_lookups_total", "Wrapped keys asked for", HF_METRIC_COUNTER,
	          (double)database->lookups);
	hf_metric(to, "holdfast_driver_lookup_batches_total",
	          "Round trips to the database for them", HF_METRIC_COUNTER,
	          (double)database->lookup_batches);
}

void driver_metrics_write(struct driver_metrics *m, const struct hsmhost_stats *hsm,
                          const struct queue_client_stats *queue,
                          const struct keydb_front_stats *database, struct hf_buf *to)
{
	struct hf_label labels[] = { { "version", HF_VERSION }, { "role", "driver" } };

	hf_metric_head(to, "holdfast_build_info", "Which release this is", HF_METRIC_GAUGE);
	hf_metric_sample(to, "holdfast_build_info", labels, HF_COUNT(labels), 1);
	write_jobs(m, to);
	write_times(m->hsm, "holdfast_driver_hsm_seconds", "Time of a job inside the signer", to);
	write_times(m->held, "holdfast_driver_job_seconds", "Time from taking a job to its result",
	            to);
	write_hsm(hsm, to);
	write_queue(queue, to);
	write_database(database, to);
	hf_metric(to, "holdfast_driver_keys_stored_total", "Wrapped keys committed",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->stored));
	hf_metric(to, "holdfast_driver_keys_repeated_total",
	          "Generations answered with a stored key", HF_METRIC_COUNTER,
	          (double)hf_counted(&m->repeated));
	hf_metric(to, "holdfast_driver_orphans_total",
	          "Resident keys in the token that no record points to", HF_METRIC_COUNTER,
	          (double)hf_counted(&m->orphans));
}
