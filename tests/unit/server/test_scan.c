/* SPDX-License-Identifier: Apache-2.0
 * Synchronising a group with a slot that has what the test says: what comes in, what stays as it
 * is, what is doubtful. Both engines. */
#include "../check.h"

#include "objects_fixture.h"

#include "server/core/backends/backend.h"
#include "server/core/objects/object_clock.h"
#include "server/core/objects/scan.h"

#include <pthread.h>
#include <semaphore.h>

#define KEYS_MAX 1200

/* ---- The slot */

static struct slot_key {
	char id[32], label[64];
	enum object_type type;
	unsigned uses;
	char public_key[16];
	bool public_only;
} keys[KEYS_MAX];
static size_t n_keys;
static size_t page = 256, n_unknown;
static bool in_a_thread;
static int lost_at; /* the page before which the slot loses its place, once; 0: never */
static enum hf_code refuses;
static bool endless; /* it begins again, and never says that this was all */
static int64_t keys_max;
static atomic_int pages;

static struct slot_key *put(const char *id, const char *label, enum object_type type)
{
	struct slot_key *k = &keys[n_keys++];

	assert_true(n_keys <= KEYS_MAX);
	*k = (struct slot_key){ .type = type };
	snprintf(k->id, sizeof(k->id), "%s", id);
	snprintf(k->label, sizeof(k->label), "%s", label);
	k->uses = object_type_uses((int)type, CURVE_P256);
	if (object_type_is_asymmetric((int)type))
		snprintf(k->public_key, sizeof(k->public_key), "spki %s", id);
	return k;
}

static void list(const struct crypto_op *op, struct crypto_result *r, struct hf_buf *to)
{
	size_t at = op->cursor - (endless && op->cursor == n_keys ? n_keys : 0),
	       end = at + page < n_keys ? at + page : n_keys;

	for (; at < end; at++) {
		const struct slot_key *k = &keys[at];
		struct key_shape shape = {
			.type = k->type,
			.curve = k->type == OBJECT_EC ? CURVE_P256 : CURVE_NONE,
			.bits = k->type == OBJECT_RSA ? 2048 : 256,
			.uses = k->uses,
			.uses_given = true,
			.sensitive = true,
			.has_private = !k->public_only,
			.persistent = true,
			.id = hf_span_text(k->id),
			.label = hf_span_text(k->label),
			.public_key = hf_span_text(k->public_key),
		};

		crypto_list_add(to, &shape);
	}
	CHECK_OK(hf_buf_status(to));
	r->outcome = OP_DONE;
	r->list = hf_buf_span(to);
	r->total = (uint32_t)(n_keys + n_unknown);
	r->cursor = endless || end < n_keys ? end : 0;
}

static void *answer(void *arg)
{
	struct backend_call *call = arg;
	HF_BUF_SCOPED struct hf_buf room = HF_BUF(1u << 20);
	struct crypto_result r = { .outcome = OP_FAILED };
	int which = atomic_fetch_add(&pages, 1) + 1;

	assert_int_equal(call->ops[0].kind, CRYPTO_LIST);
	if (refuses || which == lost_at) {
		r.code = refuses ? refuses : HF_STATE;
		snprintf(r.text, sizeof(r.text), "the slot is not in the mood");
	} else {
		list(&call->ops[0], &r, &room);
	}
	call->done(call, &r);
	return NULL;
}

static void submit(struct slot_links *links, struct backend_call *call)
{
	pthread_t thread;

	if (!in_a_thread) {
		answer(call);
		return;
	}
	assert_int_equal(pthread_create(&thread, NULL, answer, call), 0);
	pthread_detach(thread);
}

static const struct slot_backend slots = { .submit = submit };

/* ---- The server */

static struct server_config config;
static struct core core;

static int setup(void **state)
{
	struct db_work_config writer = { .write = true, .threads = 1 };

	make_database(state);
	writer.db = tempdb_config(&temp);
	core.config = &config;
	core.slots = &slots;
	CHECK_OK(groups_new(&core.groups));
	CHECK_OK(objects_new(&core.objects));
	CHECK_OK(db_work_start(&writer, &core.writer, NULL));
	n_keys = 0;
	page = 256;
	n_unknown = 0;
	in_a_thread = false;
	lost_at = 0;
	refuses = HF_OK;
	endless = false;
	keys_max = 0;
	return 0;
}

static int teardown(void **state)
{
	db_work_stop(core.writer);
	objects_free(core.objects);
	groups_free(core.groups);
	return remove_database(state);
}

static struct scanned {
	sem_t over;
	char id[HF_UUID_MAX];
	size_t created;
	char last[OBJECT_NAME_MAX];
	bool enabled; /* the last one */
	hf_status status;
	struct hf_err err;
} scanned;

static void begun(void *ctx, const struct scan_row *row)
{
	assert_true(row->started_ms > 0);
	memcpy(scanned.id, row->id, sizeof(row->id));
}

static void created(void *ctx, const struct object_row *row)
{
	scanned.created++;
	scanned.enabled = row->enabled;
	snprintf(scanned.last, sizeof(scanned.last), "%s", row->name);
}

static void ended(void *ctx, hf_status s, const struct hf_err *err)
{
	scanned.status = s;
	scanned.err = *err;
	sem_post(&scanned.over);
}

/* How many keys came in. */
static size_t scan_of(const char *group_id, bool segregation)
{
	struct scan_ask ask = {
		.keys_max = keys_max, .begun = begun, .created = created, .ended = ended
	};
	GROUP_SCOPED struct group *group = NULL;

	CHECK_OK(groups_load(core.groups, db, ORG, group_id, &group, NULL));
	group->segregation = segregation;
	ask.group = group;
	memset(&scanned, 0, sizeof(scanned));
	sem_init(&scanned.over, 0, 0);
	atomic_store(&pages, 0);
	scan_start(&core, &ask);
	sem_wait(&scanned.over);
	return scanned.created;
}

static size_t scan(void)
{
	size_t n = scan_of(GROUP, false);

	if (!hf_ok(scanned.status))
		fail_msg("%s: %s", hf_code_name(scanned.status.code), scanned.err.text);
	return n;
}

static struct object *load(const char *name)
{
	struct object *o;

	objects_free(core.objects); /* nothing from a cache */
	CHECK_OK(objects_new(&core.objects));
	CHECK_OK(objects_load(core.objects, core.groups, db, ORG, NULL, name, &o, NULL));
	return o;
}

static struct scan_row last;
static char warnings[1u << 16];

static hf_status keep(void *ctx, const struct scan_row *row)
{
	last = *row;
	snprintf(warnings, sizeof(warnings), "%s", row->warnings ? row->warnings : "");
	return HF_SUCCESS;
}

static void check_warning(const char *words)
{
	CHECK_OK(scan_row_get(db, GROUP, scanned.id, keep, NULL));
	if (!strstr(warnings, words))
		fail_msg("%s does not say: %s", warnings, words);
}

static void check_no_warning(void)
{
	CHECK_OK(scan_row_get(db, GROUP, scanned.id, keep, NULL));
	assert_string_equal(warnings, "");
}

/* ---- */

static void every_key_comes_in_once_with_what_the_slot_says(void **state)
{
	OBJECT_SCOPED struct object *aes = NULL, *ec = NULL;

	put("1", "an aes key", OBJECT_AES);
	put("2", "a pair", OBJECT_EC)->uses = USE_SIGN;
	put("3", "half", OBJECT_RSA)->public_only = true;
	assert_int_equal(scan(), 3);
	aes = load("an aes key");
	CHECK(aes->virtual_key && aes->external && aes->enabled && !aes->missing && !*aes->creator);
	CHECK(aes->type == OBJECT_AES && aes->bits == 256 && aes->state == OBJECT_ACTIVE);
	assert_int_equal(aes->uses, object_type_uses(OBJECT_AES, CURVE_NONE) | USE_APPMANAGEABLE);
	CHECK(hf_span_is(HF_SPAN(aes->cka_id, aes->cka_id_len), "1"));
	ec = load("a pair");
	CHECK(ec->uses == (USE_SIGN | USE_APPMANAGEABLE) && ec->curve == CURVE_P256);
	CHECK(hf_span_is(ec->public_key, "spki 2"));
	object_unref(ec);
	ec = load("half");
	CHECK(ec->public_only);
	assert_int_equal(scan(), 0); /* only new ones are told */
	check_no_warning();
	CHECK(!last.failed && last.finished_ms && last.done == 3 && last.total == 3);
}

static void keys_that_cannot_be_described_are_told(void **state)
{
	put("1", "an aes key", OBJECT_AES);
	n_unknown = 2;
	assert_int_equal(scan(), 1);
	check_warning("2 of the slot's keys are left out");
	CHECK(last.done == 1 && last.total == 3);
}

static void a_key_that_is_here_keeps_what_it_has_here(void **state)
{
	OBJECT_SCOPED struct object *o = NULL;
	struct object_row row;

	put("1", "k", OBJECT_AES);
	scan();
	o = load("k");
	row = o->row;
	row.uses = USE_DECRYPT;
	row.enabled = false;
	snprintf(row.name, sizeof(row.name), "mine");
	CHECK_OK(object_row_update(db, &row));
	keys[0].uses = USE_ENCRYPT | USE_DECRYPT | USE_WRAPKEY;
	assert_int_equal(scan(), 0);
	object_unref(o);
	o = load("mine");
	CHECK(o->uses == USE_DECRYPT && !o->enabled);
}

static void with_segregation_nothing_new_comes_in_and_the_rest_stays(void **state)
{
	OBJECT_SCOPED struct object *o = NULL;

	put("1", "before", OBJECT_AES);
	scan();
	put("2", "after", OBJECT_AES);
	assert_int_equal(scan_of(GROUP, true), 0);
	CHECK_OK(scanned.status);
	check_no_warning();
	o = load("before");
	CHECK(!o->missing);
	assert_int_equal(scan(), 1);
	assert_string_equal(scanned.last, "after");
}

static void a_key_that_the_hsm_lost_is_marked_until_it_is_back(void **state)
{
	OBJECT_SCOPED struct object *o = NULL;

	put("1", "stays", OBJECT_AES);
	put("2", "goes", OBJECT_AES);
	scan();
	n_keys = 1;
	assert_int_equal(scan(), 0);
	check_warning("does not have this key any more");
	o = load("goes");
	CHECK(o->missing && o->enabled && o->state == OBJECT_ACTIVE);
	check_warning(o->id);
	n_keys = 2;
	assert_int_equal(scan(), 0);
	check_no_warning();
	object_unref(o);
	o = load("goes");
	CHECK(!o->missing);
}

static void a_key_that_was_renamed_in_the_hsm_is_the_same(void **state)
{
	OBJECT_SCOPED struct object *o = NULL;

	put("1", "old label", OBJECT_AES);
	scan();
	snprintf(keys[0].label, sizeof(keys[0].label), "new label");
	assert_int_equal(scan(), 0);
	o = load("old label");
	CHECK(!o->missing && hf_span_is(HF_SPAN(o->cka_label, o->cka_label_len), "new label"));
	check_no_warning();
}

static void keys_of_one_id_are_told_apart_by_label_whatever_comes_first(void **state)
{
	put("1", "a", OBJECT_AES);
	scan();
	keys[0] = (struct slot_key){ 0 };
	n_keys = 0;
	put("1", "b", OBJECT_AES);
	put("1", "a", OBJECT_AES);
	put("1", "a", OBJECT_EC); /* and by type */
	page = 1;
	assert_int_equal(scan(), 2);
	check_no_warning();
	object_unref(load("a"));
	object_unref(load("b"));
	object_unref(load("a 31"));
}

static void what_nothing_tells_apart_comes_in_once_and_disabled(void **state)
{
	OBJECT_SCOPED struct object *o = NULL;

	put("1", "twin", OBJECT_AES);
	put("1", "twin", OBJECT_AES);
	page = 1;
	assert_int_equal(scan(), 1);
	check_warning("this virtual key is disabled");
	o = load("twin");
	CHECK(!o->enabled);
	assert_int_equal(scan(), 0);
	check_warning("the HSM refuses to use it");
}

static void what_is_disabled_at_once_is_told_so(void **state)
{
	put("1", "twin", OBJECT_AES);
	put("1", "twin", OBJECT_AES);
	assert_int_equal(scan(), 1);
	CHECK(!scanned.enabled);
	put("2", "single", OBJECT_AES);
	assert_int_equal(scan(), 1);
	CHECK(scanned.enabled);
}

static void another_key_under_the_same_name_is_told(void **state)
{
	put("1", "k", OBJECT_EC);
	scan();
	snprintf(keys[0].public_key, sizeof(keys[0].public_key), "of another");
	assert_int_equal(scan(), 0);
	check_warning("it was replaced");
}

static void names_that_are_taken_or_impossible_become_others(void **state)
{
	struct object_row taken = an_object(1, GROUP_2, "k");

	CHECK_OK(object_row_insert(db, &taken, 0));
	put("1", "k", OBJECT_AES);
	put("2", "\xff\x01", OBJECT_AES);
	put("3", "", OBJECT_AES);
	put("", "without an id", OBJECT_AES);
	put("", "", OBJECT_AES);
	assert_int_equal(scan(), 4);
	check_warning("cannot be named");
	object_unref(load("k 31"));
	object_unref(load("\?\?"));
	object_unref(load("key 33"));
	object_unref(load("without an id"));
}

static void one_slot_may_be_in_two_groups(void **state)
{
	put("1", "k", OBJECT_AES);
	assert_int_equal(scan(), 1);
	assert_int_equal(scan_of(GROUP_2, false), 1);
	assert_string_equal(scanned.last, "k 31");
}

static void many(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char id[16];

		snprintf(id, sizeof(id), "id %zu", i);
		put(id, id, i % 3 ? OBJECT_AES : OBJECT_EC);
	}
}

static void many_come_page_by_page(void **state)
{
	int64_t n;

	many(1200);
	in_a_thread = true;
	assert_int_equal(scan(), 1200);
	assert_int_equal(pages, 5);
	CHECK_OK(object_rows_count(db, ORG, GROUP, &n));
	assert_int_equal(n, 1200);
	assert_int_equal(scan(), 0);
}

static void a_slot_that_loses_its_place_is_listed_again(void **state)
{
	int64_t n;

	many(600);
	lost_at = 3;
	assert_int_equal(scan(), 600);
	check_no_warning();
	assert_int_equal(last.done, 600);
	CHECK_OK(object_rows_count(db, ORG, GROUP, &n));
	assert_int_equal(n, 600);
}

static void a_gateway_that_lists_without_end_is_not_listened_to_for_ever(void **state)
{
	many(300);
	in_a_thread = endless = true;
	keys_max = 2000;
	assert_int_equal(scan_of(GROUP, false), 300);
	CHECK_CODE(scanned.status, HF_TOOBIG);
	CHECK(strstr(scanned.err.text, "without end"));
	CHECK(pages <= 2000 / 100); /* those on their way then are forgotten */
	CHECK_OK(scan_row_get(db, GROUP, scanned.id, keep, NULL));
	CHECK(last.failed && last.finished_ms);
}

static void what_goes_wrong_is_told_and_what_came_in_stays(void **state)
{
	many(300);
	refuses = HF_IO;
	assert_int_equal(scan_of(GROUP, false), 0);
	CHECK_CODE(scanned.status, HF_IO);
	assert_string_equal(scanned.err.text, "the slot is not in the mood");
	CHECK_OK(scan_row_get(db, GROUP, scanned.id, keep, NULL));
	CHECK(last.failed && last.finished_ms);
	refuses = HF_OK;
	assert_int_equal(scan(), 300);
	refuses = HF_CLOSED; /* nothing is missing for that */
	scan_of(GROUP, false);
	refuses = HF_OK;
	scan();
	check_no_warning();
}

static void one_scan_of_a_group_at_a_time_and_the_dead_are_buried(void **state)
{
	struct scan_row other = { .is_async = true };
	char running[HF_UUID_MAX];

	hf_uuid_new(other.id);
	snprintf(other.group_id, sizeof(other.group_id), GROUP);
	snprintf(other.org_id, sizeof(other.org_id), ORG);
	snprintf(other.server, sizeof(other.server), "srv-of-before");
	CHECK_OK(scan_row_begin(db, &other, running));
	scan_of(GROUP, false);
	CHECK_CODE(scanned.status, HF_EXISTS);
	CHECK(strstr(scanned.err.text, other.id));
	CHECK_OK(db_exec(db, "UPDATE scans SET beat_at = beat_at - 200000"));
	scan();
	CHECK_OK(scan_row_get(db, GROUP, other.id, keep, NULL));
	CHECK(last.failed && last.finished_ms);
	CHECK_CODE(scan_row_beat(db, other.id, 1, 1, 1), HF_NOTFOUND);
}

static hf_status count(void *ctx, const struct scan_row *row)
{
	int *n = ctx;

	/* newest first */
	assert_true(*n == 0 || strcmp(row->id, last.id) < 0);
	last = *row;
	++*n;
	return HF_SUCCESS;
}

static void the_last_five_are_kept(void **state)
{
	int n = 0;

	for (int i = 0; i < SCANS_KEPT + 2; i++)
		scan();
	CHECK_OK(scan_rows_list(db, GROUP, count, &n));
	assert_int_equal(n, SCANS_KEPT);
}

static void so_many_warnings_are_counted_only(void **state)
{
	many(300);
	scan();
	n_keys = 0;
	scan();
	check_warning("and 200 warnings more");
}

#define CLAIM(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(every_key_comes_in_once_with_what_the_slot_says),
		CLAIM(keys_that_cannot_be_described_are_told),
		CLAIM(a_key_that_is_here_keeps_what_it_has_here),
		CLAIM(with_segregation_nothing_new_comes_in_and_the_rest_stays),
		CLAIM(a_key_that_the_hsm_lost_is_marked_until_it_is_back),
		CLAIM(a_key_that_was_renamed_in_the_hsm_is_the_same),
		CLAIM(keys_of_one_id_are_told_apart_by_label_whatever_comes_first),
		CLAIM(what_nothing_tells_apart_comes_in_once_and_disabled),
		CLAIM(what_is_disabled_at_once_is_told_so),
		CLAIM(another_key_under_the_same_name_is_told),
		CLAIM(names_that_are_taken_or_impossible_become_others),
		CLAIM(one_slot_may_be_in_two_groups),
		CLAIM(many_come_page_by_page),
		CLAIM(a_slot_that_loses_its_place_is_listed_again),
		CLAIM(a_gateway_that_lists_without_end_is_not_listened_to_for_ever),
		CLAIM(what_goes_wrong_is_told_and_what_came_in_stays),
		CLAIM(one_scan_of_a_group_at_a_time_and_the_dead_are_buried),
		CLAIM(the_last_five_are_kept),
		CLAIM(so_many_warnings_are_counted_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
