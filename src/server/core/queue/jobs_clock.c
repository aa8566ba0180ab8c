/* SPDX-License-Identifier: Apache-2.0
 * What happens by itself: waits end, and from time to time a task, the sweep, takes back leases
 * that have ended, and counts what waits. */
#include "server/core/queue/jobs_internal.h"

#include "base/clock.h"
#include "base/log.h"

#define COUNT_EVERY_MS 1000
#define TELL_EVERY_MS 60000

/* Another server's clock may have been ahead of ours when it added the job. */
static int64_t since(int64_t wall_ms)
{
	int64_t now = hf_wall_ms();

	return now > wall_ms ? now - wall_ms : 0;
}

static hf_status sweep_run(struct db_task *task, struct db *db)
{
	struct sweep *sweep = (struct sweep *)task; /* its first member */
	struct jobs *j = sweep->jobs;

	HF_TRY(jobs_sweep(j, db, &sweep->tally, &sweep->expired));
	pthread_mutex_lock(&j->lock);
	for (struct job_store *st = j->stores; st && sweep->expired; st = st->next)
		jobs_leave(st);
	pthread_mutex_unlock(&j->lock);
	if (hf_mono_ms() < sweep->next_count_ms)
		return HF_SUCCESS;
	return job_rows_waiting(db, &sweep->queued, &sweep->oldest);
}

/* Four times a second while the database is away: said once, and then every minute. */
static void tell_failed_sweep(struct sweep *sweep, enum hf_code code)
{
	int64_t now = hf_mono_ms();

	if (sweep->told_ms && now < sweep->told_ms + TELL_EVERY_MS)
		return;
	sweep->told_ms = now;
	HF_WARN("leases could not be swept", HF_KS("reason", hf_code_name(code)));
}

static void sweep_done(struct db_task *task, hf_status s)
{
	struct sweep *sweep = (struct sweep *)task;
	struct jobs *j = sweep->jobs;

	if (hf_ok(s))
		jobs_tally_publish(j, &sweep->tally);
	else
		tell_failed_sweep(sweep, s.code);
	pthread_mutex_lock(&j->lock);
	if (hf_ok(s)) {
		sweep->told_ms = 0;
		j->stats.expired += (uint64_t)sweep->expired;
		j->stats.queued = (size_t)sweep->queued;
		j->stats.oldest_ms = sweep->oldest ? since(sweep->oldest) : 0;
		if (hf_mono_ms() >= sweep->next_count_ms)
			sweep->next_count_ms = hf_mono_ms() + COUNT_EVERY_MS;
	}
	sweep->running = false;
	pthread_mutex_unlock(&j->lock);
}

void jobs_tick(struct jobs *j, struct db_work *writer)
{
	struct sweep *sweep = &j->sweep;
	int64_t now = hf_mono_ms();
	bool due;

	jobs_end_waits(j);
	pthread_mutex_lock(&j->lock);
	due = !sweep->running && now >= sweep->next_ms;
	if (due) {
		sweep->running = true;
		sweep->next_ms = now + j->config.sweep_ms;
		sweep->task = (struct db_task){
			.run = sweep_run,
			.done = sweep_done,
			/* An empty commit costs no write, whatever it is called. */
			.durability = j->config.relaxed ? DB_RELAXED : DB_DURABLE,
		};
	}
	pthread_mutex_unlock(&j->lock);
	if (due && !hf_ok(db_work_submit(writer, &sweep->task))) {
		pthread_mutex_lock(&j->lock);
		sweep->running = false;
		pthread_mutex_unlock(&j->lock);
	}
}
