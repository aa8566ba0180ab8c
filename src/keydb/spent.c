/* SPDX-License-Identifier: Apache-2.0
 * User actions that were signed for. Rows stand in the order of time, so that those that nobody has
 * to know of any more go from the front; the floor says how far, since what is forgotten must not
 * be taken for new. */
#include "keydb/keydb.h"

#include "keydb/inside.h"

#include <string.h>

static const char insert_sql[] =
        "INSERT INTO spent_actions (issued_at, action_id, input_hash, job) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (issued_at, action_id, input_hash) DO NOTHING";
static const char job_sql[] = DB_BY_KEY "SELECT job FROM spent_actions WHERE issued_at = $1 "
                                        "AND action_id = $2 AND input_hash = $3";

/* In one order everywhere, so that those who spend at the same time never wait in a ring. */
static int in_order(const void *a, const void *b)
{
	const struct keydb_spend *x = *(struct keydb_spend *const *)a,
	                         *y = *(struct keydb_spend *const *)b;
	int ids = strcmp(x->action_id, y->action_id);

	if (x->issued_ms != y->issued_ms)
		return x->issued_ms < y->issued_ms ? -1 : 1;
	return ids ? ids : memcmp(x->input_hash, y->input_hash, sizeof(x->input_hash));
}

static void bind_key(struct db_stmt *st, const struct keydb_spend *s)
{
	db_bind_int(st, 1, s->issued_ms);
	db_bind_text(st, 2, s->action_id);
	db_bind_blob(st, 3, HF_SPAN(s->input_hash, sizeof(s->input_hash)));
}

/* 0: nothing was ever forgotten. */
static hf_status read_floor(struct db *db, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT issued_at FROM spent_floor WHERE id = 1", &st));
	HF_TRY(db_step(st, &row));
	*ret = row ? db_col_int(st, 0) : 0;
	return HF_SUCCESS;
}

/* Somebody was first: this very job, whose answer was lost, or another. */
static hf_status compare(struct db *db, struct keydb_spend *s)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, job_sql, &st));
	bind_key(st, s);
	HF_TRY(db_step(st, &row));
	if (!row || db_col_int(st, 0) != (int64_t)s->job)
		s->status = HF_FAILURE(HF_EXISTS);
	return HF_SUCCESS;
}

/* *ret_taken: which of them were there already. */
static hf_status insert_some(struct db *db, struct keydb_spend **list, size_t n, bool *ret_taken)
{
	struct db_stmt *sent[KEYDB_AT_ONCE];
	hf_status s = HF_SUCCESS;
	size_t n_sent = 0;
	int64_t changed;

	while (n_sent < n && hf_ok(s = db_query(db, insert_sql, &sent[n_sent]))) {
		bind_key(sent[n_sent], list[n_sent]);
		db_bind_int(sent[n_sent], 4, (int64_t)list[n_sent]->job);
		db_send(sent[n_sent++]);
	}
	for (size_t i = 0; i < n && hf_ok(s); i++) {
		s = db_run(sent[i], &changed);
		ret_taken[i] = hf_ok(s) && changed == 0;
	}
	keydb_done_all(sent, n_sent);
	return s;
}

static hf_status spend_some(struct db *db, struct keydb_spend **list, size_t n)
{
	bool taken[KEYDB_AT_ONCE] = { false };

	HF_TRY(insert_some(db, list, n, taken));
	for (size_t i = 0; i < n; i++)
		if (taken[i])
			HF_TRY(compare(db, list[i]));
	return HF_SUCCESS;
}

hf_status keydb_spend_all(struct db *db, struct keydb_spend *list, size_t n)
{
	HF_FREE struct keydb_spend **order = calloc(n + 1, sizeof(struct keydb_spend *));
	int64_t floor;

	HF_ENSURE(order, HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		list[i].status = HF_SUCCESS;
		order[i] = &list[i];
	}
	qsort(order, n, sizeof(struct keydb_spend *), in_order);
	for (size_t i = 0, k; i < n; i += k) {
		k = keydb_at_once(db, n - i);
		HF_TRY(spend_some(db, order + i, k));
	}
	/* Last: one that another driver forgets at this moment could be inserted only after that
	 * was committed, and its floor with it. */
	HF_TRY(read_floor(db, &floor));
	for (size_t i = 0; i < n; i++)
		if (list[i].issued_ms < floor)
			list[i].status = HF_FAILURE(HF_TIMEOUT);
	return HF_SUCCESS;
}

static hf_status raise_floor(struct db *db, int64_t to)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "INSERT INTO spent_floor (id, issued_at) VALUES (1, $1) ON CONFLICT (id) "
	                "DO UPDATE SET issued_at = $1 WHERE spent_floor.issued_at < $1",
	                &st));
	db_bind_int(st, 1, to);
	return db_run(st, NULL);
}

hf_status keydb_spent_forget(struct db *db, int64_t issued_before_ms, size_t max)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db,
	                "DELETE FROM spent_actions WHERE (issued_at, action_id, input_hash) IN "
	                "(SELECT issued_at, action_id, input_hash FROM spent_actions WHERE "
	                "issued_at < $1 ORDER BY issued_at, action_id, input_hash LIMIT $2)",
	                &st));
	db_bind_int(st, 1, issued_before_ms);
	db_bind_int(st, 2, (int64_t)max);
	HF_TRY(db_run(st, &changed));
	return changed > 0 ? raise_floor(db, issued_before_ms) : HF_SUCCESS;
}
