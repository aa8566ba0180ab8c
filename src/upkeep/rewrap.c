/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/rewrap.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
	PAGE = 256,
	BATCH = 64,     /* rows in one commit */
	FLUSH_MS = 200, /* what is proven waits no longer to be stored */
	COMMIT_TRIES = 30,
	COMMIT_WAIT_MS = 1000,
};

struct ready { /* proven, to be stored */
	char key_id[HF_ID_MAX];
	struct hf_buf old, fresh;
	bool resident;
};

struct rewrapper {
	const struct rewrap_config *config;
	struct db *db;
	struct sweep *sweep;
	struct rewrap_sum *sum;
	struct ready batch[BATCH];
	size_t n;
	int64_t since_ms; /* of the batch */
	int64_t total;
	char after[HF_ID_MAX];
	hf_status stored; /* of the last batch */
	struct hf_err *err;
};

static void clear_batch(struct rewrapper *r)
{
	for (size_t i = 0; i < r->n; i++) {
		hf_buf_done(&r->batch[i].old);
		hf_buf_done(&r->batch[i].fresh);
	}
	r->n = 0;
}

/* One transaction. *ret_overtaken: rows that were no longer what we had read. */
static hf_status store_once(struct rewrapper *r, int64_t *ret_overtaken)
{
	int64_t overtaken = 0;

	HF_TRY(db_begin(r->db));
	for (size_t i = 0; i < r->n; i++) {
		struct ready *b = &r->batch[i];
		hf_status s = keydb_replace(r->db, b->key_id, hf_buf_span(&b->old),
		                            hf_buf_span(&b->fresh));

		overtaken += s.code == HF_NOTFOUND;
		if (!hf_ok(s) && s.code != HF_NOTFOUND) {
			db_rollback(r->db);
			return s;
		}
	}
	*ret_overtaken = overtaken;
	return db_commit(r->db, DB_DURABLE);
}

/* A busy or absent database is waited for. Storing twice does no harm: the second time the row is
 * not the old one any more. */
static void store(struct rewrapper *r)
{
	int64_t overtaken = 0;
	hf_status s = HF_SUCCESS;

	for (int i = 0; r->n && hf_ok(r->stored) && i < COMMIT_TRIES; i++) {
		s = store_once(r, &overtaken);
		if (s.code != HF_BUSY)
			break;
		hf_pause_ms(COMMIT_WAIT_MS);
	}
	if (!hf_ok(s)) {
		r->stored =
		        hf_fail(r->err, s.code, "cannot store rewrapped keys: %s", db_error(r->db));
	} else {
		for (size_t i = 0; i < r->n; i++)
			r->sum->resident += r->batch[i].resident;
		r->sum->done += (int64_t)r->n - overtaken;
		r->sum->overtaken += overtaken;
	}
	clear_batch(r);
}

static void take_batch(struct rewrapper *r, const struct sweep_item *item)
{
	struct ready *b = &r->batch[r->n];
	int64_t now = hf_mono_ms();

	if (!r->n)
		r->since_ms = now;
	*b = (struct ready){ .old = HF_BUF(RECORD_ENCODED_MAX),
		             .fresh = HF_BUF(RECORD_ENCODED_MAX),
		             .resident = item->decoded->format == WRAP_RESIDENT };
	snprintf(b->key_id, sizeof(b->key_id), "%s", item->key_id);
	hf_buf_put(&b->old, item->record.ptr, item->record.len);
	hf_buf_put(&b->fresh, item->fresh.ptr, item->fresh.len);
	r->n++;
	if (!hf_ok(hf_buf_status(&b->old)) || !hf_ok(hf_buf_status(&b->fresh))) {
		r->stored = HF_FAILURE(HF_NOMEM);
		clear_batch(r);
	} else if (r->n == BATCH || now - r->since_ms >= FLUSH_MS) {
		store(r);
	}
}

static void done(void *ctx, const struct sweep_item *item)
{
	struct rewrapper *r = ctx;
	const struct verify_config *c = &r->config->verify;

	verify_count(&r->sum->sum, item);
	if (item->outcome == SWEEP_BAD)
		c->bad(c->ctx, item->key_id, item->why);
	else if (item->outcome == SWEEP_GOOD && r->config->dry_run)
		r->sum->done++;
	else if (item->outcome == SWEEP_GOOD)
		take_batch(r, item);
	if (c->progress)
		c->progress(c->ctx, r->sum->sum.seen, r->total);
}

/* A page, copied, since storing uses the same connection. */
struct page {
	struct hf_buf rows; /* fields: key id, record */
	char last[HF_ID_MAX];
	const char *skip; /* rows of this master key are done */
};

static hf_status keep_row(void *ctx, const struct keydb_row *row)
{
	struct page *p = ctx;

	snprintf(p->last, sizeof(p->last), "%s", row->key_id);
	if (strcmp(row->master_id, p->skip) == 0)
		return HF_SUCCESS;
	hf_buf_field(&p->rows, hf_span_text(row->key_id));
	hf_buf_field(&p->rows, row->record);
	return hf_buf_status(&p->rows);
}

static hf_status give_page(struct rewrapper *r, struct page *p)
{
	struct hf_reader in = hf_reader(hf_buf_span(&p->rows));

	while (in.left && hf_ok(r->stored)) {
		struct hf_span id = hf_read_field(&in, HF_ID_MAX), record;
		char key_id[HF_ID_MAX];

		record = hf_read_field(&in, SIZE_MAX);
		HF_TRY(hf_span_to_text(id, key_id, sizeof(key_id)));
		HF_TRY(sweep_add(r->sweep, key_id, record, r->err));
	}
	return r->stored;
}

static hf_status read_page(struct rewrapper *r, struct page *p, size_t *ret_rows)
{
	hf_status s = HF_SUCCESS;

	for (int i = 0; i < COMMIT_TRIES; i++) {
		hf_buf_clear(&p->rows);
		s = keydb_page(r->db, r->after, NULL, PAGE, keep_row, p, ret_rows);
		if (s.code != HF_BUSY)
			break;
		hf_pause_ms(COMMIT_WAIT_MS);
	}
	if (!hf_ok(s))
		return hf_fail(r->err, s.code, "cannot read the keys: %s", db_error(r->db));
	memcpy(r->after, p->last, sizeof(r->after));
	return HF_SUCCESS;
}

/* To the end of the table; keys that are made meanwhile stand there too. */
static hf_status walk(struct rewrapper *r)
{
	struct page p = { .rows = HF_BUF((size_t)64 << 20), .skip = r->sum->masters.masters[0].id };
	hf_status s = HF_SUCCESS;
	size_t rows = PAGE;

	while (hf_ok(s) && rows > 0) {
		s = read_page(r, &p, &rows);
		if (hf_ok(s) && rows)
			s = give_page(r, &p);
		if (hf_ok(s) && rows < PAGE) { /* the last, as it seems */
			s = sweep_drain(r->sweep, r->err);
			store(r);
			s = hf_ok(s) ? r->stored : s;
		}
	}
	hf_buf_done(&p.rows);
	return s;
}

static hf_status count_all(struct rewrapper *r)
{
	int64_t all, done_before;
	hf_status s = keydb_count(r->db, NULL, &all);

	if (hf_ok(s))
		s = keydb_count(r->db, r->sum->masters.masters[0].id, &done_before);
	if (!hf_ok(s))
		return hf_fail(r->err, s.code, "cannot count the keys: %s", db_error(r->db));
	r->total = all - done_before;
	return HF_SUCCESS;
}

/* A dry run leaves no canary behind, and asks only what the HSM says of those that are there. */
static hf_status admit(const struct rewrap_config *config, struct db *db, const char *database,
                       struct canaries *ret, struct hf_err *err)
{
	if (!config->dry_run)
		return canaries_admit(db, database, &config->verify.hsm, ret, err);
	HF_TRY(canaries_of(db, &config->verify.hsm, ret, err));
	for (size_t i = 0; i < ret->n; i++)
		if (!ret->list[i].ok)
			return hf_fail(err, HF_STOP, "%s: %s", database, ret->list[i].message);
	return HF_SUCCESS;
}

hf_status rewrap_run(const struct rewrap_config *config, struct db *db, const char *database,
                     struct rewrap_sum *ret, struct hf_err *err)
{
	HF_FREE struct rewrapper *r = calloc(1, sizeof(*r));
	struct hsmhost_config hsm = config->verify.hsm;
	const char *to;
	hf_status s;

	HF_ENSURE(r, HF_NOMEM);
	HF_TRY(admit(config, db, database, &ret->masters, err));
	*r = (struct rewrapper){ .config = config, .db = db, .sum = ret, .err = err };
	HF_TRY(count_all(r));
	to = ret->masters.masters[0].id;
	hsm.setup.needs_master = true;
	HF_TRY(sweep_start(&hsm, config->dry_run ? NULL : to, done, r, &r->sweep, err));
	s = walk(r);
	if (hf_ok(r->stored))
		store(r); /* what was proven before a failure is kept */
	clear_batch(r);
	sweep_stop(r->sweep);
	return s;
}

struct finisher {
	const char *keep;
	char drop[CANARIES_MAX][MASTER_ID_MAX];
	size_t n;
};

static hf_status note(void *ctx, const struct keydb_canary *canary)
{
	struct finisher *f = ctx;

	if (strcmp(canary->master_id, f->keep) == 0 || f->n == CANARIES_MAX)
		return HF_SUCCESS;
	memcpy(f->drop[f->n++], canary->master_id, MASTER_ID_MAX);
	return HF_SUCCESS;
}

static hf_status drop_unused(struct db *db, struct finisher *f, int64_t *ret_left)
{
	int64_t all, kept;

	HF_TRY(keydb_count(db, NULL, &all));
	HF_TRY(keydb_count(db, f->keep, &kept));
	HF_TRY(keydb_canaries(db, note, f));
	for (size_t i = 0; i < f->n; i++) {
		int64_t keys;

		HF_TRY(keydb_count(db, f->drop[i], &keys));
		if (keys == 0)
			HF_TRY(keydb_canary_drop(db, f->drop[i]));
	}
	*ret_left = all - kept;
	return HF_SUCCESS;
}

hf_status rewrap_finish(struct db *db, const char *keep, int64_t *ret_left, struct hf_err *err)
{
	struct finisher f = { .keep = keep };
	hf_status s = db_begin(db);

	if (hf_ok(s))
		s = drop_unused(db, &f, ret_left);
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	if (hf_ok(s))
		return s;
	db_rollback(db);
	return hf_fail(err, s.code, "cannot drop the old canary: %s", db_error(db));
}
