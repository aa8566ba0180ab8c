/* SPDX-License-Identifier: Apache-2.0
 * Giving entries their leaves: in batches, a moment after their transactions, by one server at a
 * time. What waits is in the database and goes in the transaction that stores its leaf, so a crash
 * loses nothing, and nothing has two leaves. Transactions that commit late have older ids: their
 * entries simply come later in the tree. */
#include "server/core/audit/audit_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define EVERY_MS 500
#define AFTER_FAILURE_MS 2000
#define TELL_EVERY_MS 60000
#define WAITING_CAP 100000

static hf_status load_tile(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                           struct hf_span ids)
{
	return tree_load(ctx, level, place, hashes, ids);
}

hf_status audit_tree_load(struct db *db, const char *org_id, struct tree *to)
{
	memset(to, 0, sizeof(*to));
	HF_TRY(audit_tiles_last(db, org_id, load_tile, to));
	return tree_check(to);
}

struct taking {
	struct sequence *s;
	struct db *db;
};

static hf_status store_tile(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                            struct hf_span ids)
{
	struct taking *t = ctx;

	return audit_tile_put(t->db, t->s->org_id, level, place, hashes, ids);
}

/* Entries are copied: while a result is walked through, nothing else is asked of the connection. */
struct batch {
	struct hf_buf leaves; /* field org, field id, hash */
};

static hf_status hash_entry(void *ctx, const char *org_id, const char *id, struct hf_span entry)
{
	struct batch *b = ctx;
	struct merkle_hash leaf;

	HF_TRY(merkle_leaf(entry, &leaf));
	hf_buf_field(&b->leaves, hf_span_text(org_id));
	hf_buf_field(&b->leaves, hf_span_text(id));
	hf_buf_put(&b->leaves, leaf.bytes, sizeof(leaf.bytes));
	return hf_buf_status(&b->leaves);
}

static hf_status append(struct taking *t, const char *org_id, const char *id,
                        const struct merkle_hash *leaf)
{
	struct sequence *s = t->s;

	if (strcmp(s->org_id, org_id) != 0) {
		if (*s->org_id)
			HF_TRY(tree_flush(s->tree, store_tile, t));
		HF_TRY(audit_tree_load(t->db, org_id, s->tree));
		snprintf(s->org_id, sizeof(s->org_id), "%s", org_id);
	}
	return tree_append(s->tree, leaf, id, store_tile, t);
}

static hf_status append_all(struct taking *t, struct hf_span leaves)
{
	struct hf_reader r = hf_reader(leaves);
	char org_id[HF_ID_MAX], id[HF_ID_MAX];
	struct merkle_hash leaf;
	struct hf_span hash;

	t->s->org_id[0] = '\0';
	while (r.left) {
		hf_read_text(&r, org_id, sizeof(org_id));
		hf_read_text(&r, id, sizeof(id));
		hash = hf_read_bytes(&r, sizeof(leaf.bytes));
		HF_ENSURE(!r.failed, HF_CORRUPT);
		memcpy(leaf.bytes, hash.ptr, sizeof(leaf.bytes));
		HF_TRY(append(t, org_id, id, &leaf));
	}
	if (!*t->s->org_id)
		return HF_SUCCESS;
	return tree_flush(t->s->tree, store_tile, t);
}

static hf_status take(struct sequence *s, struct db *db)
{
	struct batch b = { .leaves = HF_BUF(AUDIT_TAKE_MAX * (2 * HF_ID_MAX + 64)) };
	struct taking t = { s, db };
	hf_status status = audit_rows_take(db, hash_entry, &b, &s->taken);

	if (hf_ok(status))
		status = append_all(&t, hf_buf_span(&b.leaves));
	hf_buf_done(&b.leaves);
	return status;
}

static hf_status run(struct db_task *task, struct db *db)
{
	struct sequence *s = (struct sequence *)task;
	bool ours;

	s->taken = 0;
	s->jobs = 0;
	HF_TRY(audit_rows_lock(db, &ours));
	if (!ours)
		return HF_SUCCESS;
	HF_TRY(take(s, db));
	if (!s->checkpoints_due || s->taken == AUDIT_TAKE_MAX)
		return HF_SUCCESS;
	s->state = (struct audit_state){ .known = true };
	HF_TRY(audit_rows_waiting(db, WAITING_CAP, &s->state.waiting));
	return audit_checkpoints_ask(s, db);
}

static void tell(struct sequence *s, hf_status status, int64_t now)
{
	if (hf_ok(status)) {
		s->told_ms = 0;
	} else if (status.code != HF_BUSY && status.code != HF_CLOSED &&
	           (!s->told_ms || now - s->told_ms > TELL_EVERY_MS)) {
		HF_ERROR("the audit log's tree does not go on: holdfast audit verify says more",
		         HF_KS("reason", hf_code_name(status.code)));
		s->told_ms = now;
	}
}

/* With the lock. A log that is signed every so often always has a few that are not covered yet:
 * what counts is whether the checkpoints move on. */
static void note_state(struct audit *a, struct sequence *s, int64_t now)
{
	int64_t since = a->state.uncovered_since_ms;
	bool moves = a->state.known &&
	             s->state.leaves - s->state.uncovered > a->state.leaves - a->state.uncovered;

	if (!s->state.known)
		return;
	a->state = s->state;
	a->state.uncovered_since_ms = !s->state.uncovered ? 0 : !since || moves ? now : since;
}

static void done(struct db_task *task, hf_status status)
{
	struct sequence *s = (struct sequence *)task;
	const struct core *core = s->core;
	struct audit *a = core->audit;
	int64_t now = hf_mono_ms();
	size_t jobs = hf_ok(status) ? s->jobs : 0;

	pthread_mutex_lock(&a->lock);
	tell(s, status, now);
	if (hf_ok(status)) {
		hf_count(&a->counts.leaves, s->taken);
		if (s->checkpoints_due && s->taken < AUDIT_TAKE_MAX) {
			s->next_checkpoint_ms =
			        now + (int64_t)core->config->audit_checkpoint_s * 1000;
			note_state(a, s, now);
		}
	}
	s->next_ms = !hf_ok(status)               ? now + AFTER_FAILURE_MS
	             : s->taken == AUDIT_TAKE_MAX ? now
	                                          : now + EVERY_MS;
	s->running = false;
	pthread_mutex_unlock(&a->lock);
	while (jobs--)
		jobs_added(core->jobs);
}

static bool is_due(struct audit *a, const struct core *core, int64_t now)
{
	struct sequence *s = &a->sequence;
	bool due;

	pthread_mutex_lock(&a->lock);
	if (!s->begun) /* a server that has just started is not asked for anything at once */
		s->next_checkpoint_ms = now + (int64_t)core->config->audit_checkpoint_s * 1000;
	s->begun = true;
	due = !s->running && now >= s->next_ms;
	if (due) {
		s->running = true;
		s->core = core;
		s->checkpoints_due =
		        core->config->audit_checkpoint_s && now >= s->next_checkpoint_ms;
		s->task = (struct db_task){
			.run = run,
			.done = done,
			.durability = core_durability(core),
		};
	}
	pthread_mutex_unlock(&a->lock);
	return due;
}

void audit_tick(const struct core *core)
{
	struct audit *a = core->audit;
	int64_t now = hf_mono_ms();
	hf_status s;

	if (!is_due(a, core, now))
		return;
	s = db_work_submit(core->writer, &a->sequence.task);
	if (hf_ok(s))
		return;
	pthread_mutex_lock(&a->lock);
	a->sequence.running = false;
	a->sequence.next_ms = now + EVERY_MS;
	pthread_mutex_unlock(&a->lock);
}

struct audit_state audit_state(struct audit *a)
{
	struct audit_state state;

	pthread_mutex_lock(&a->lock);
	state = a->state;
	pthread_mutex_unlock(&a->lock);
	return state;
}
