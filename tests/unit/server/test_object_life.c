/* SPDX-License-Identifier: Apache-2.0
 * What becomes of objects when something fails in the middle, and what time does to them. The slot
 * here is a list that does as a test says: what real HSMs do is
 * tests/integration/security-objects.test.mjs's. */
#include "objects_fixture.h"

#include "base/clock.h"
#include "base/text.h"
#include "server/core/core.h"
#include "server/core/objects/object_change.h"
#include "server/core/objects/object_clock.h"
#include "server/core/objects/object_rotate.h"

#include <pthread.h>
#include <semaphore.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* ---- the slot */

enum mood {
	WELL,
	REFUSES, /* for good */
	SILENT,  /* does it, and nobody hears of it */
	AWAY,
};

static struct {
	pthread_mutex_t lock;
	enum mood mood;
	struct {
		char label[64];
		uint8_t id[CKA_ID_MAX];
		size_t id_len;
		unsigned uses;
	} keys[16];
	size_t n;
	unsigned asked[CRYPTO_OP_KIND_MAX + 1];
} slot = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t find_key(struct hf_span id)
{
	for (size_t i = 0; i < slot.n; i++)
		if (hf_span_equal(HF_SPAN(slot.keys[i].id, slot.keys[i].id_len), id))
			return i;
	return slot.n;
}

static void make_key(const struct key_shape *made)
{
	CHECK(slot.n < HF_COUNT(slot.keys) && made->id.len == 16 && made->persistent);
	memcpy(slot.keys[slot.n].id, made->id.ptr, made->id.len);
	slot.keys[slot.n].id_len = made->id.len;
	slot.keys[slot.n].uses = made->uses;
	snprintf(slot.keys[slot.n].label, sizeof(slot.keys[0].label), "%.*s", (int)made->label.len,
	         (const char *)made->label.ptr);
	slot.n++;
}

static void do_it(const struct crypto_op *op, struct crypto_result *r)
{
	size_t at = find_key(op->key.name.id);

	r->outcome = OP_DONE;
	if (op->kind == CRYPTO_GENERATE) {
		make_key(&op->made);
		r->made = op->made;
		r->made.have_kcv = true;
	} else if (at == slot.n) {
		*r = (struct crypto_result){ .outcome = OP_FAILED,
			                     .code = HF_NOTFOUND,
			                     .text = "no such key" };
	} else if (op->kind == CRYPTO_DESTROY) {
		slot.keys[at] = slot.keys[--slot.n];
	} else {
		CHECK(op->kind == CRYPTO_UPDATE);
		if (op->made.label.ptr)
			snprintf(slot.keys[at].label, sizeof(slot.keys[at].label), "%.*s",
			         (int)op->made.label.len, (const char *)op->made.label.ptr);
		if (op->made.uses_given)
			slot.keys[at].uses = op->made.uses;
	}
}

static void submit(struct slot_links *links, struct backend_call *call)
{
	struct crypto_result r = { .outcome = OP_FAILED,
		                   .code = HF_DENIED,
		                   .text = "the HSM refuses" };

	pthread_mutex_lock(&slot.lock);
	slot.asked[call->ops->kind]++;
	if (slot.mood == WELL || slot.mood == SILENT)
		do_it(call->ops, &r);
	if (slot.mood == SILENT || slot.mood == AWAY)
		r = (struct crypto_result){ .outcome = OP_RETRY,
			                    .code = HF_TIMEOUT,
			                    .text = "no answer" };
	pthread_mutex_unlock(&slot.lock);
	call->done(call, &r);
}

static const struct slot_backend backend = { .submit = submit };

/* ---- the server's parts */

static struct server_config config;
static struct core core;
static struct group *cards, *payments;
static sem_t ended;
static hf_status outcome;

static int setup(void **state)
{
	struct db_work_config work;

	make_database(state);
	work = (struct db_work_config){ .db = tempdb_config(&temp), .threads = 1 };
	core = (struct core){ .config = &config, .slots = &backend };
	CHECK_OK(db_work_start(&work, &core.reader, NULL));
	work.write = true;
	CHECK_OK(db_work_start(&work, &core.writer, NULL));
	CHECK_OK(groups_new(&core.groups));
	CHECK_OK(objects_new(&core.objects));
	CHECK_OK(groups_load(core.groups, db, ORG, GROUP, &cards, NULL));
	CHECK_OK(groups_load(core.groups, db, ORG, GROUP_2, &payments, NULL));
	sem_init(&ended, 0, 0);
	slot.n = 0;
	slot.mood = WELL;
	memset(slot.asked, 0, sizeof(slot.asked));
	return 0;
}

static int teardown(void **state)
{
	db_work_stop(core.reader);
	db_work_stop(core.writer);
	group_unref(cards);
	group_unref(payments);
	objects_free(core.objects);
	groups_free(core.groups);
	sem_destroy(&ended);
	return remove_database(state);
}

static void making_done(struct object_making *m, hf_status s)
{
	outcome = s;
	sem_post(&ended);
}

static enum hf_code make_in(struct group *group, const char *name, struct object **ret)
{
	struct object_making m = {
		.core = &core, .group = group, .op.kind = CRYPTO_GENERATE, .done = making_done
	};

	m.row = an_object(0, GROUP, name);
	object_make(&m);
	sem_wait(&ended);
	CHECK(hf_ok(outcome) == (m.object != NULL));
	CHECK(hf_ok(outcome) || *m.err.text);
	if (ret)
		*ret = m.object;
	else
		object_unref(m.object);
	return outcome.code;
}

static struct object *load(const char *name)
{
	struct object *o;

	CHECK_OK(objects_load(core.objects, core.groups, db, ORG, NULL, name, &o, NULL));
	return o;
}

static int64_t count(const char *sql)
{
	DB_STMT st = NULL;
	bool row;
	int64_t n;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
	n = db_col_int(st, 0);
	return n;
}

#define MAKING "SELECT count(*) FROM objects WHERE making_at IS NOT NULL"
#define ROWS "SELECT count(*) FROM objects"

static hf_status nothing(struct db_task *task, struct db *on)
{
	return HF_SUCCESS;
}

static void passed(struct db_task *task, hf_status s)
{
	sem_post(&ended);
}

/* What a tick begins goes through the writer step by step: reserved, shown, dropped. */
enum { STEPS = 5 };

static void tick(int64_t now_ms)
{
	struct objects_clock *c;

	CHECK_OK(objects_clock_new(&core, &c));
	objects_clock_run(c, now_ms);
	for (int i = 0; i < STEPS; i++) {
		struct db_task task = { .run = nothing, .done = passed };

		CHECK_OK(db_work_submit(core.writer, &task));
		sem_wait(&ended);
	}
	objects_clock_free(c);
}

static void one_that_is_made_is_shown_with_what_the_hsm_said(void **state)
{
	OBJECT_SCOPED struct object *made = NULL, *read = NULL;

	CHECK(make_in(cards, "k", &made) == HF_OK);
	read = load("k");
	assert_string_equal(read->id, made->id);
	CHECK(read->have_kcv && read->virtual_key && read->never_exportable);
	CHECK(read->cka_id_len == CKA_ID_LEN && find_key(HF_SPAN(read->cka_id, 16)) == 0);
	assert_string_equal(slot.keys[0].label, "k");
	CHECK(make_in(cards, "k", NULL) == HF_EXISTS);
	CHECK(slot.n == 1);
}

static void what_the_hsm_refuses_leaves_nothing(void **state)
{
	slot.mood = REFUSES;
	CHECK(make_in(cards, "k", NULL) == HF_DENIED);
	CHECK(count(ROWS) == 0);
	slot.mood = WELL;
	CHECK(make_in(cards, "k", NULL) == HF_OK);
}

static void one_whose_making_nobody_heard_of_is_found_and_removed(void **state)
{
	int64_t later = hf_wall_ms() + OBJECT_MAKING_MS + 1000;

	slot.mood = SILENT;
	CHECK(make_in(cards, "k", NULL) == HF_TIMEOUT);
	CHECK(slot.n == 1 && count(MAKING) == 1);
	CHECK_CODE(objects_load(core.objects, core.groups, db, ORG, NULL, "k",
	                        &(struct object *){ 0 }, NULL),
	           HF_NOTFOUND);
	/* Its name is free meanwhile. */
	slot.mood = WELL;
	CHECK(make_in(cards, "k", NULL) == HF_OK);
	CHECK(slot.n == 2);
	tick(hf_wall_ms());
	CHECK(slot.asked[CRYPTO_DESTROY] == 0); /* it may still come */
	slot.mood = AWAY;
	tick(later);
	CHECK(slot.asked[CRYPTO_DESTROY] == 1 && count(MAKING) == 1); /* tried, and again later */
	slot.mood = WELL;
	tick(later + 1000);
	CHECK(slot.asked[CRYPTO_DESTROY] == 1);
	tick(later + OBJECT_MAKING_MS + 1000);
	CHECK(slot.asked[CRYPTO_DESTROY] == 2 && slot.n == 1 && count(MAKING) == 0);
	CHECK(count(ROWS) == 1);
}

static void what_a_server_that_died_left_is_removed(void **state)
{
	struct object_row left = an_object(1, GROUP, "k");

	/* Reserved; the HSM made it, or did not. */
	CHECK_OK(object_row_insert(db, &left, 1000));
	tick(1000 + OBJECT_MAKING_MS + 1);
	CHECK(slot.asked[CRYPTO_DESTROY] == 1 && count(ROWS) == 0);
}

/* Another server takes one of three, and the database fails at the third. */
static void what_fails_between_two_claims_is_undone_once(void **state)
{
	static const char taken[] = "CREATE TRIGGER taken AFTER UPDATE OF making_at ON objects "
	                            "WHEN new.name = 'a' BEGIN "
	                            "UPDATE objects SET making_at = 1 << 60 WHERE name = 'b'; END";
	static const char fails[] = "CREATE TRIGGER fails BEFORE UPDATE OF making_at ON objects "
	                            "WHEN new.name = 'c' BEGIN SELECT RAISE(ABORT, 'no'); END";

	if (*temp.url)
		skip(); /* the triggers are written for SQLite */
	for (int i = 0; i < 3; i++) {
		struct object_row left =
		        an_object(1 + i, GROUP, (const char *[]){ "a", "b", "c" }[i]);

		CHECK_OK(object_row_insert(db, &left, 1000 + i));
	}
	CHECK_OK(db_exec(db, taken));
	CHECK_OK(db_exec(db, fails));
	tick(3000 + OBJECT_MAKING_MS);
	CHECK(slot.asked[CRYPTO_DESTROY] == 0 && count(ROWS) == 3);
	CHECK_OK(db_exec(db, "DROP TRIGGER fails"));
	tick(3000 + OBJECT_MAKING_MS);
	CHECK(slot.asked[CRYPTO_DESTROY] == 2 && count(ROWS) == 1);
}

/* ---- changes */

struct renaming {
	struct object_change change; /* first */
	const char *name;
};

static hf_status rename_it(struct object_change *c, struct db *on, struct object_row *row)
{
	snprintf(row->name, sizeof(row->name), "%s", ((struct renaming *)c)->name);
	row->cka_label_len = strlen(row->name);
	memcpy(row->cka_label, row->name, row->cka_label_len);
	return HF_SUCCESS;
}

static void change_done(struct object_change *c, hf_status s)
{
	outcome = s;
	sem_post(&ended);
}

static enum hf_code rename_to(struct object *o, const char *name)
{
	struct renaming r = { .name = name };

	r.change.core = &core;
	r.change.object = o;
	r.change.apply = rename_it;
	r.change.done = change_done;
	object_update_op(o, name, o->uses, &r.change.op);
	object_change(&r.change);
	sem_wait(&ended);
	object_unref(r.change.changed);
	return outcome.code;
}

static void what_the_database_refuses_is_taken_back_in_the_hsm(void **state)
{
	OBJECT_SCOPED struct object *a = NULL, *b = NULL, *after = NULL;

	CHECK(make_in(payments, "a", &a) == HF_OK);
	CHECK(make_in(payments, "b", &b) == HF_OK);
	CHECK(rename_to(a, "b") == HF_EXISTS);
	assert_string_equal(slot.keys[0].label, "a");
	CHECK(slot.asked[CRYPTO_UPDATE] == 2);
	after = load("a");
	CHECK(after->cka_label_len == 1);
	CHECK(rename_to(after, "c") == HF_OK);
	assert_string_equal(slot.keys[0].label, "c");
}

static void what_the_hsm_refuses_changes_nothing(void **state)
{
	OBJECT_SCOPED struct object *a = NULL;

	CHECK(make_in(payments, "a", &a) == HF_OK);
	slot.mood = REFUSES;
	CHECK(rename_to(a, "b") == HF_DENIED);
	object_unref(load("a"));
	assert_string_equal(slot.keys[0].label, "a");
}

static void without_the_policy_the_hsm_is_not_asked(void **state)
{
	OBJECT_SCOPED struct object *a = NULL;
	struct crypto_op op;

	CHECK(make_in(cards, "a", &a) == HF_OK);
	CHECK(rename_to(a, "b") == HF_OK);
	assert_string_equal(slot.keys[0].label, "a");
	object_destroy_op(a, false, &op);
	CHECK(op.kind == 0);
	CHECK(slot.asked[CRYPTO_UPDATE] == 0);
}

static void a_change_judged_by_what_is_no_longer_so_is_refused(void **state)
{
	OBJECT_SCOPED struct object *a = NULL;

	CHECK(make_in(cards, "a", &a) == HF_OK);
	CHECK(rename_to(a, "b") == HF_OK);
	CHECK(rename_to(a, "c") == HF_STATE);
	object_unref(load("b"));
}

/* ---- rotation */

static void rotated(struct object_rotation *r, hf_status s)
{
	outcome = s;
	sem_post(&ended);
}

static enum hf_code rotate(struct object *old)
{
	struct object_rotation r = { .done = rotated };

	CHECK_OK(object_rotation_of(&r, &core, old, NULL));
	object_rotate(&r);
	sem_wait(&ended);
	object_unref(r.making.object);
	return outcome.code;
}

static void of_two_rotations_of_one_key_one_counts(void **state)
{
	OBJECT_SCOPED struct object *old = NULL, *new = NULL;

	CHECK(make_in(cards, "k", &old) == HF_OK);
	CHECK(rotate(old) == HF_OK);
	new = load("k");
	CHECK(strcmp(new->id, old->id) != 0);
	assert_string_equal(new->replaced, old->id);
	CHECK(rotate(old) == HF_STATE);
	CHECK(slot.n == 3 && count(MAKING) == 1);
	tick(hf_wall_ms() + OBJECT_MAKING_MS + 1000);
	CHECK(slot.n == 2 && count(MAKING) == 0);
	CHECK(count(ROWS) == 2);
}

static void two_rotations_within_a_second_have_names_of_their_own(void **state)
{
	OBJECT_SCOPED struct object *a = NULL, *b = NULL;
	char name[OBJECT_NAME_MAX], long_name[OBJECT_NAME_MAX];

	CHECK(make_in(cards, "k", &a) == HF_OK);
	CHECK(rotate(a) == HF_OK);
	b = load("k");
	CHECK(rotate(b) == HF_OK);
	CHECK(count(ROWS) == 3);
	object_rotated_name("k", 0, 0, name);
	assert_string_equal(name, "k (rotated at 19700101T000000Z)");
	object_rotated_name("k", 0, 1, name);
	assert_string_equal(name, "k (rotated at 19700101T000000Z, 2)");
	/* Whole characters, and within the limit. */
	memset(long_name, 'x', sizeof(long_name));
	memcpy(long_name + sizeof(long_name) - 33, "\xc3\xa4", 2);
	long_name[sizeof(long_name) - 1] = 0;
	object_rotated_name(long_name, 0, 0, name);
	CHECK(strlen(name) < OBJECT_NAME_MAX);
	for (size_t i = 0; name[i];) {
		size_t step = hf_utf8_at((const uint8_t *)name + i, strlen(name + i));

		CHECK(step > 0);
		i += step;
	}
}

static void a_key_is_rotated_when_its_policy_says_so(void **state)
{
	OBJECT_SCOPED struct object *old = NULL, *new = NULL;
	struct object_row row = an_object(1, GROUP, "k");

	row.rotation_policy = "{\"interval_days\":10,\"deactivate_rotated_key\":true}";
	row.rotate_at_ms = 5000;
	CHECK_OK(object_row_insert(db, &row, 0));
	slot.mood = AWAY;
	tick(5000);
	old = load("k");
	assert_string_equal(old->id, row.id);
	CHECK(old->rotate_at_ms == 5000 + OBJECT_ROTATE_AGAIN_MS); /* once more, later */
	slot.mood = WELL;
	tick(5000 + OBJECT_ROTATE_AGAIN_MS);
	objects_forget(core.objects, row.id);
	new = load("k");
	assert_string_equal(new->replaced, row.id);
	assert_string_equal(new->rotation_policy, row.rotation_policy);
	CHECK(new->rotate_at_ms > hf_wall_ms() + 9 * DAY_MS);
	CHECK(count("SELECT state FROM objects WHERE replacement IS NOT NULL") ==
	      OBJECT_DEACTIVATED);
	CHECK(count("SELECT count(*) FROM objects WHERE rotate_at IS NOT NULL") == 1);
}

static void dates_that_come_are_written_down_and_told(void **state)
{
	struct object_row a = an_object(1, GROUP, "a"), b = an_object(2, GROUP, "b");

	a.state = OBJECT_PREACTIVE;
	a.activation_ms = 1000;
	b.deactivation_ms = 1000;
	CHECK_OK(object_row_insert(db, &a, 0));
	CHECK_OK(object_row_insert(db, &b, 0));
	tick(999);
	CHECK(count("SELECT count(*) FROM objects WHERE state IN (1, 2)") == 2);
	tick(1000);
	CHECK(count("SELECT state FROM objects WHERE name = 'a'") == OBJECT_ACTIVE);
	CHECK(count("SELECT state FROM objects WHERE name = 'b'") == OBJECT_DEACTIVATED);
	CHECK(count("SELECT count(*) FROM audit_log WHERE entry LIKE '%ateByDate\"%'") == 2);
}

static int64_t next(int64_t days, int64_t months, const char *effective, const char *from,
                    const char *after)
{
	struct rotation_policy p = { .days = days, .months = months };
	int64_t from_ms, after_ms;

	if (effective)
		CHECK_OK(hf_basic_parse(effective, &p.effective_ms));
	CHECK_OK(hf_basic_parse(from, &from_ms));
	CHECK_OK(hf_basic_parse(after, &after_ms));
	return rotation_policy_next(&p, from_ms, after_ms);
}

static void is_time(int64_t ms, const char *want)
{
	char text[HF_BASIC_LEN];

	hf_basic_time(ms, text);
	assert_string_equal(text, want);
}

static void rotations_come_at_their_interval(void **state)
{
	static const char jan31[] = "20260131T120000Z";

	is_time(next(30, 0, NULL, jan31, jan31), "20260302T120000Z");
	is_time(next(30, 0, NULL, jan31, "20260302T120000Z"), "20260401T120000Z");
	is_time(next(0, 1, NULL, jan31, jan31), "20260228T120000Z");
	is_time(next(0, 1, NULL, jan31, "20260228T120000Z"), "20260331T120000Z");
	is_time(next(0, 12, NULL, "20240229T000000Z", "20240229T000000Z"), "20250228T000000Z");
	is_time(next(7, 0, "20270101T000000Z", jan31, jan31), "20270101T000000Z");
	is_time(next(7, 0, "20270101T000000Z", jan31, "20270101T000000Z"), "20270108T000000Z");
	is_time(next(0, 1, "20260115T000000Z", jan31, jan31), "20260215T000000Z");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_that_is_made_is_shown_with_what_the_hsm_said),
		CASE(what_the_hsm_refuses_leaves_nothing),
		CASE(one_whose_making_nobody_heard_of_is_found_and_removed),
		CASE(what_a_server_that_died_left_is_removed),
		CASE(what_fails_between_two_claims_is_undone_once),
		CASE(what_the_database_refuses_is_taken_back_in_the_hsm),
		CASE(what_the_hsm_refuses_changes_nothing),
		CASE(without_the_policy_the_hsm_is_not_asked),
		CASE(a_change_judged_by_what_is_no_longer_so_is_refused),
		CASE(of_two_rotations_of_one_key_one_counts),
		CASE(two_rotations_within_a_second_have_names_of_their_own),
		CASE(a_key_is_rotated_when_its_policy_says_so),
		CASE(dates_that_come_are_written_down_and_told),
		cmocka_unit_test(rotations_come_at_their_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
