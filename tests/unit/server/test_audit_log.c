/* SPDX-License-Identifier: Apache-2.0
 * Entries get their leaves, and checkpoints their signatures, whatever is interrupted. */
#include "api_fixture.h"

#include "proof/checkpoint.h"
#include "server/core/audit/audit_internal.h"

static struct db *db;

static int setup(void **state)
{
	int failed = api_setup(state);

	db = tempdb_open(&fx.temp);
	return failed;
}

static int teardown(void **state)
{
	db_close(db);
	return api_teardown(state);
}

static int64_t number(const char *sql)
{
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	return db_col_int(st, 0);
}

#define NUMBER(sql) number(sql)

/* A transaction of its own, as a request's would be. */
static void enter(int n)
{
	const struct audit_entry e = {
		.org_id = fx.account.org_id,
		.operation = "Test",
		.outcome = "Accepted",
		.now_ms = hf_wall_ms(),
	};

	CHECK_OK(db_begin(db));
	for (int i = 0; i < n; i++)
		CHECK_OK(audit_add(db, &e));
	CHECK_OK(db_commit(db, DB_RELAXED));
}

enum { PATIENCE = 4000 }; /* looks, five milliseconds apart */

/* Until nothing waits, with checkpoints or without. */
static void sequence(bool checkpoints)
{
	bool all = false;

	fx.config.audit_checkpoint_s = checkpoints ? 1 : 0;
	for (int i = 0; i < PATIENCE && !all; i++) {
		pthread_mutex_lock(&fx.core.audit->lock);
		fx.core.audit->sequence.next_ms = 0;
		fx.core.audit->sequence.next_checkpoint_ms = 0;
		pthread_mutex_unlock(&fx.core.audit->lock);
		audit_tick(&fx.core);
		usleep(5000);
		all = !NUMBER("SELECT COUNT(*) FROM audit_waiting") &&
		      (!checkpoints || audit_state(fx.core.audit).known);
	}
	/* the task that found nothing may still run */
	for (int i = 0; i < PATIENCE && fx.core.audit->sequence.running; i++)
		usleep(5000);
	CHECK(all);
}

static struct tree *tree;

static uint64_t size(void)
{
	if (!tree)
		tree = calloc(1, sizeof(*tree));
	CHECK_OK(audit_tree_load(db, fx.account.org_id, tree));
	return tree_size(tree);
}

/* The tree that stands in the tiles is that of the entries, in the order of the tiles' ids. */
static hf_status add_leaf_of(struct merkle *m, const char *id)
{
	DB_STMT st = NULL;
	struct merkle_hash leaf;
	bool row = false;

	CHECK_OK(db_query(db, "SELECT entry FROM audit_log WHERE org_id = $1 AND id = $2", &st));
	db_bind_text(st, 1, fx.account.org_id);
	db_bind_text(st, 2, id);
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	CHECK_OK(merkle_leaf(hf_span_text(db_col_text(st, 0)), &leaf));
	return merkle_append(m, &leaf);
}

struct ids {
	char text[64 * TILE_WIDTH][AUDIT_ID_LEN + 1];
	size_t n;
};

static hf_status note_ids(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                          struct hf_span ids)
{
	struct ids *to = ctx;

	for (size_t i = 0; i < ids.len; i += AUDIT_ID_LEN) {
		memcpy(to->text[to->n], ids.ptr + i, AUDIT_ID_LEN);
		to->text[to->n++][AUDIT_ID_LEN] = '\0';
	}
	return HF_SUCCESS;
}

static void check_tree(uint64_t expected)
{
	static struct ids ids;
	struct merkle m = { 0 }, peaks;
	struct merkle_hash is, should;

	ids.n = 0;
	CHECK(size() == expected);
	CHECK_OK(audit_tiles_from(db, fx.account.org_id, 0, 0, 100, note_ids, &ids));
	CHECK(ids.n == expected);
	for (size_t i = 0; i < ids.n; i++)
		CHECK_OK(add_leaf_of(&m, ids.text[i]));
	CHECK_OK(tree_peaks(tree, &peaks));
	CHECK_OK(merkle_root(&peaks, &is));
	CHECK_OK(merkle_root(&m, &should));
	CHECK(memcmp(&is, &should, sizeof(is)) == 0);
}

static void every_entry_gets_one_leaf(void **state)
{
	enter(3);
	sequence(false);
	check_tree(3);
	enter(1);
	sequence(false);
	check_tree(4);
	enter(1300); /* more than a batch, and more than a tile */
	sequence(false);
	check_tree(1304);
}

static void an_entry_with_an_older_id_that_comes_late_is_a_later_leaf(void **state)
{
	struct audit_row late = {
		.id = "uj-00000-00000-0000000000000001",
		.org_id = fx.account.org_id,
		.entry = hf_span_text("{}"),
	};

	enter(2);
	sequence(false);
	CHECK_OK(db_begin(db));
	CHECK_OK(audit_row_insert(db, &late));
	CHECK_OK(db_commit(db, DB_RELAXED));
	sequence(false);
	check_tree(3);
}

static hf_status refuse_tile(void *ctx, const char *org_id, const char *id, struct hf_span entry)
{
	return HF_SUCCESS;
}

static void a_sequencer_that_dies_in_between_loses_nothing(void **state)
{
	size_t n;

	enter(5);
	CHECK_OK(db_begin(db));
	CHECK_OK(audit_rows_take(db, refuse_tile, NULL, &n));
	CHECK(n == 5);
	CHECK_OK(audit_tile_put(db, fx.account.org_id, 0, 0, HF_SPAN("garbage", 7),
	                        HF_SPAN("x", 1)));
	db_rollback(db); /* its connection is gone */
	sequence(false);
	check_tree(5);
}

static void requests_that_are_sequenced_while_they_come_are_all_in_the_tree(void **state)
{
	for (int i = 0; i < 5; i++) {
		signed_request("POST", "/keys", "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}");
		CHECK(got.status == 200);
		audit_tick(&fx.core);
	}
	sequence(false);
	check_tree(10);
}

static void checkpoint_is_made(struct audit_checkpoint_row *row)
{
	for (int i = 0; i < PATIENCE; i++) {
		hf_status s;

		sequence(true);
		s = audit_checkpoint_last(db, fx.account.org_id, row);
		if (hf_ok(s) && row->is_signed && row->size == size())
			return;
		usleep(10 * 1000);
	}
	fail_msg("no checkpoint was signed");
}

static void checkpoints_are_signed_by_a_key_of_the_hsm(void **state)
{
	static struct audit_checkpoint_row row;
	struct audit_key_row key;
	struct checkpoint_key by;
	struct checkpoint c;
	struct merkle peaks;
	struct merkle_hash root;

	enter(7);
	checkpoint_is_made(&row);
	CHECK_OK(audit_key_get(db, row.key_id, &key));
	CHECK(key.status == AUDIT_KEY_ACTIVE && key.type == KEY_ED25519);
	CHECK(soft_key(key.id) != NULL);
	by = (struct checkpoint_key){ key.type, key.public_key };
	CHECK_OK(checkpoint_open(hf_span_text(row.note), &by, 1, &c, NULL));
	CHECK(size() == c.size && c.size >= 7);
	CHECK_OK(tree_peaks(tree, &peaks));
	CHECK_OK(merkle_root(&peaks, &root));
	CHECK(memcmp(c.root, root.bytes, sizeof(c.root)) == 0);
	sequence(true);
	CHECK(audit_state(fx.core.audit).uncovered == 0);
}

static void the_api_does_not_know_that_key(void **state)
{
	static struct audit_checkpoint_row row;
	char path[128];

	enter(1);
	checkpoint_is_made(&row);
	snprintf(path, sizeof(path), "/keys/%s", row.key_id);
	CHECK(get(path) == 404);
	CHECK(get("/keys") == 200 && items() == 0);
	snprintf(path, sizeof(path), "/keys/%s/signatures", row.key_id);
	CHECK(signed_request("POST", path, "{\"kind\":\"Message\",\"message\":\"0x00\"}") == 404);
}

static void a_log_that_does_not_grow_is_not_signed_again(void **state)
{
	static struct audit_checkpoint_row row;

	enter(1);
	checkpoint_is_made(&row);
	for (int i = 0; i < 5; i++)
		sequence(true);
	CHECK(NUMBER("SELECT COUNT(*) FROM audit_checkpoints") ==
	      NUMBER("SELECT COUNT(DISTINCT size) FROM audit_checkpoints"));
	CHECK(size() == row.size);
}

static void without_an_hsm_the_log_goes_on_and_says_what_is_not_covered(void **state)
{
	fx.mood = HSM_SILENT;
	enter(3);
	sequence(true);
	enter(2);
	for (int i = 0; i < 5; i++)
		sequence(true);
	CHECK(size() == 5);
	CHECK(audit_state(fx.core.audit).uncovered == 5);
	CHECK(NUMBER("SELECT COUNT(*) FROM audit_keys") == 1); /* and asks once */
}

static void a_store_without_ed25519_is_asked_for_p256(void **state)
{
	fx.mood = HSM_REFUSES;
	enter(1);
	for (int i = 0; i < PATIENCE && NUMBER("SELECT COUNT(*) FROM audit_keys"
	                                       " WHERE key_type = 2 AND status = 'Failed'") == 0;
	     i++) {
		sequence(true);
		usleep(5000);
	}
	CHECK(NUMBER("SELECT COUNT(*) FROM audit_keys") == 2);
	sequence(true);
	CHECK(NUMBER("SELECT COUNT(*) FROM audit_keys") == 2); /* not again and again */
}

static void the_database_refuses_to_change_a_signed_checkpoint(void **state)
{
	static struct audit_checkpoint_row row;

	enter(1);
	checkpoint_is_made(&row);
	CHECK_OK(db_begin(db));
	CHECK(!hf_ok(db_exec(db, "DELETE FROM audit_checkpoints")));
	db_rollback(db);
	CHECK_OK(db_begin(db));
	CHECK(!hf_ok(db_exec(db, "UPDATE audit_checkpoints SET size = 0")));
	db_rollback(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(every_entry_gets_one_leaf),
		T(an_entry_with_an_older_id_that_comes_late_is_a_later_leaf),
		T(a_sequencer_that_dies_in_between_loses_nothing),
		T(requests_that_are_sequenced_while_they_come_are_all_in_the_tree),
		T(checkpoints_are_signed_by_a_key_of_the_hsm),
		T(the_api_does_not_know_that_key),
		T(a_log_that_does_not_grow_is_not_signed_again),
		T(without_an_hsm_the_log_goes_on_and_says_what_is_not_covered),
		T(a_store_without_ed25519_is_asked_for_p256),
		T(the_database_refuses_to_change_a_signed_checkpoint),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(tree);
	return failed;
}
