/* SPDX-License-Identifier: Apache-2.0
 * The queue as a thing: made, added to, counted. */
#include "server/core/queue/jobs_internal.h"

#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_DEFAULT_MS 10000
#define SWEEP_DEFAULT_MS 250
#define ID_RANDOM_BITS 20 /* 43 bits are left for milliseconds: until the year 2248 */

hf_status jobs_new(const struct jobs_config *config, struct jobs **ret)
{
	struct jobs *j = calloc(1, sizeof(*j));

	HF_ENSURE(j, HF_NOMEM);
	j->config = *config;
	if (j->config.lease_ms == 0)
		j->config.lease_ms = LEASE_DEFAULT_MS;
	if (j->config.sweep_ms == 0)
		j->config.sweep_ms = SWEEP_DEFAULT_MS;
	if (config->origin)
		snprintf(j->origin, sizeof(j->origin), "%s", config->origin);
	j->sweep.jobs = j;
	j->deal.jobs = j;
	TAILQ_INIT(&j->dealing);
	pthread_mutex_init(&j->lock, NULL);
	*ret = j;
	return HF_SUCCESS;
}

void jobs_free(struct jobs *j)
{
	if (!j)
		return;
	while (j->stores) {
		struct job_store *st = j->stores;

		j->stores = st->next;
		free(st);
	}
	hf_buf_done(&j->sweep.tally.settled);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

struct job_store *jobs_store(struct jobs *j, const char *store_id)
{
	struct job_store *st = j->stores;

	while (st && strcmp(st->id, store_id) != 0)
		st = st->next;
	if (st || strlen(store_id) >= HF_ID_MAX)
		return st;
	st = calloc(1, sizeof(*st));
	if (!st)
		return NULL;
	snprintf(st->id, sizeof(st->id), "%s", store_id);
	TAILQ_INIT(&st->polls);
	st->next = j->stores;
	j->stores = st;
	return st;
}

static uint64_t next_id(struct jobs *j)
{
	uint64_t random = hf_random_u64() >> (64 - ID_RANDOM_BITS);
	uint64_t id = (uint64_t)hf_wall_ms() << ID_RANDOM_BITS | random;

	pthread_mutex_lock(&j->lock);
	if (id <= j->last_id)
		id = j->last_id + 1;
	j->last_id = id;
	pthread_mutex_unlock(&j->lock);
	return id;
}

hf_status jobs_add(struct jobs *j, struct db *db, const struct job_new *job, uint64_t *ret)
{
	JOB_ROW row = { .op = HF_BUF(OP_ENCODED_MAX), .created_at = hf_wall_ms() };
	struct job_store *st;

	HF_ENSURE(strlen(job->store_id) < HF_ID_MAX && strlen(job->subject_id) < HF_ID_MAX,
	          HF_TOOBIG);
	row.id = next_id(j);
	snprintf(row.store_id, sizeof(row.store_id), "%s", job->store_id);
	snprintf(row.subject_id, sizeof(row.subject_id), "%s", job->subject_id);
	snprintf(row.origin, sizeof(row.origin), "%s", j->origin);
	row.subject = job->subject;
	hf_buf_put(&row.op, job->op.ptr, job->op.len);
	HF_TRY(hf_buf_status(&row.op));
	HF_TRY(job_row_insert(db, &row));
	pthread_mutex_lock(&j->lock);
	st = jobs_store(j, job->store_id);
	if (st)
		jobs_leave(st);
	pthread_mutex_unlock(&j->lock);
	*ret = row.id;
	return HF_SUCCESS;
}

hf_status jobs_cancel(struct db *db, const char *store_id, uint64_t job)
{
	return job_row_cancel(db, job, store_id);
}

void jobs_added(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->stats.added++;
	pthread_mutex_unlock(&j->lock);
}

void jobs_release_all(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->released = true;
	pthread_mutex_unlock(&j->lock);
	jobs_end_waits(j);
}

void jobs_stats(struct jobs *j, struct jobs_stats *ret)
{
	pthread_mutex_lock(&j->lock);
	*ret = j->stats;
	ret->parked = j->parked;
	pthread_mutex_unlock(&j->lock);
}

struct hf_histogram *jobs_latency(struct jobs *j)
{
	return &j->latency;
}
