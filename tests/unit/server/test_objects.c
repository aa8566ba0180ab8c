/* SPDX-License-Identifier: Apache-2.0
 * Rows of security objects, and snapshots of them: what is written is read back, names are one
 * object's, pages follow each other, and a snapshot counts for as long as it may. */
#include "objects_fixture.h"

static struct groups *groups;
static struct objects *objects;

static int setup(void **state)
{
	make_database(state);
	CHECK_OK(groups_new(&groups));
	CHECK_OK(objects_new(&objects));
	return 0;
}

static int teardown(void **state)
{
	objects_free(objects);
	groups_free(groups);
	return remove_database(state);
}

static struct object *load(const char *id, const char *name)
{
	struct object *o;

	CHECK_OK(objects_load(objects, groups, db, ORG, id, name, &o, NULL));
	return o;
}

static void insert(const struct object_row *row)
{
	CHECK_OK(object_row_insert(db, row, 0));
}

static void everything_is_read_as_it_was_written(void **state)
{
	struct object_row row = an_object(1, GROUP, "k");
	OBJECT_SCOPED struct object *o = NULL;

	row.description = "of the vault";
	row.type = OBJECT_EC;
	row.curve = CURVE_P256;
	row.state = OBJECT_COMPROMISED;
	row.external = row.missing = row.public_only = row.never_exportable = true;
	row.publish_public_key = true;
	row.activation_ms = 1;
	row.deactivation_ms = 2;
	row.compromise_ms = 3;
	row.destruction_ms = 4;
	row.rotate_at_ms = 5;
	row.public_key = HF_SPAN("spki", 4);
	row.have_kcv = true;
	memcpy(row.kcv, "abc", 3);
	row.options = "{\"rsa\":{}}";
	row.custom_metadata = "{\"a\":\"b\"}";
	row.rotation_policy = "{\"interval_days\":1}";
	row.revocation = "{\"code\":\"KeyCompromise\"}";
	snprintf(row.replacement, sizeof(row.replacement), "%s", object_id(2));
	snprintf(row.parent, sizeof(row.parent), "%s", object_id(3));
	row.value = HF_SPAN("sealed", 6);
	insert(&row);
	o = load(object_id(1), NULL);
	assert_string_equal(o->group->name, "cards");
	assert_string_equal(o->description, "of the vault");
	CHECK(o->type == OBJECT_EC && o->curve == CURVE_P256 && o->bits == 256);
	CHECK(o->uses == (USE_ENCRYPT | USE_DECRYPT) && o->state == OBJECT_COMPROMISED);
	CHECK(o->enabled && o->virtual_key && o->external && o->missing && o->public_only &&
	      o->never_exportable && o->publish_public_key);
	CHECK(o->created_ms == 1000 && o->last_used_ms == 0 && o->activation_ms == 1 &&
	      o->deactivation_ms == 2 && o->compromise_ms == 3 && o->destruction_ms == 4 &&
	      o->rotate_at_ms == 5);
	CHECK(hf_span_is(o->public_key, "spki") && hf_span_is(o->value, "sealed"));
	CHECK(hf_span_equal(HF_SPAN(o->cka_id, o->cka_id_len), HF_SPAN(row.cka_id, 16)));
	CHECK(hf_span_is(HF_SPAN(o->cka_label, o->cka_label_len), "k"));
	CHECK(o->have_kcv && memcmp(o->kcv, "abc", 3) == 0);
	assert_string_equal(o->options, row.options);
	assert_string_equal(o->custom_metadata, row.custom_metadata);
	assert_string_equal(o->rotation_policy, row.rotation_policy);
	assert_string_equal(o->revocation, row.revocation);
	assert_string_equal(o->replacement, object_id(2));
	assert_string_equal(o->parent, object_id(3));
	CHECK(!*o->replaced && !*o->copied_from);
}

static void a_name_is_one_objects_until_it_is_deleted(void **state)
{
	struct object_row a = an_object(1, GROUP, "k"), b = an_object(2, GROUP_2, "k");
	bool is_free;

	insert(&a);
	CHECK_CODE(object_row_insert(db, &b, 0), HF_EXISTS);
	a.state = OBJECT_DELETED;
	CHECK_OK(object_row_update(db, &a));
	CHECK_OK(object_name_free(db, ORG, "k", &is_free));
	CHECK(is_free);
	insert(&b);
	CHECK_OK(object_name_free(db, ORG, "k", &is_free));
	CHECK(!is_free);
}

static void one_that_is_being_made_is_shown_to_nobody_but_has_its_name(void **state)
{
	struct object_row a = an_object(1, GROUP, "k"), b = an_object(2, GROUP, "k");
	struct object *o;

	CHECK_OK(object_row_insert(db, &a, 500));
	CHECK_CODE(objects_load(objects, groups, db, ORG, object_id(1), NULL, &o, NULL),
	           HF_NOTFOUND);
	CHECK_CODE(object_row_insert(db, &b, 0), HF_EXISTS);
	a.have_kcv = true;
	CHECK_OK(object_row_made(db, &a));
	o = load(NULL, "k");
	CHECK(o->have_kcv);
	object_unref(o);
	CHECK_CODE(object_row_made(db, &a), HF_NOTFOUND);
	CHECK_OK(object_row_drop(db, a.id)); /* no longer being made: nothing happens */
	object_unref(load(object_id(1), NULL));
}

static hf_status count(void *ctx, const struct object_row *row)
{
	++*(int *)ctx;
	return HF_SUCCESS;
}

static void what_is_due_is_found(void **state)
{
	struct object_row a = an_object(1, GROUP, "a"), b = an_object(2, GROUP, "b"),
	                  c = an_object(3, GROUP, "c"), d = an_object(4, GROUP, "d");
	int n = 0;

	a.state = OBJECT_PREACTIVE;
	a.activation_ms = 100;
	b.deactivation_ms = 200;
	c.rotate_at_ms = 300;
	insert(&a);
	insert(&b);
	insert(&c);
	CHECK_OK(object_row_insert(db, &d, 400));
	CHECK_OK(object_rows_due(db, DUE_ACTIVATION, 99, 10, count, &n));
	CHECK_OK(object_rows_due(db, DUE_DEACTIVATION, 199, 10, count, &n));
	CHECK_OK(object_rows_due(db, DUE_ROTATION, 299, 10, count, &n));
	CHECK_OK(object_rows_making(db, 400, 10, count, &n));
	CHECK(n == 0);
	CHECK_OK(object_rows_due(db, DUE_ACTIVATION, 100, 10, count, &n));
	CHECK_OK(object_rows_due(db, DUE_DEACTIVATION, 200, 10, count, &n));
	CHECK_OK(object_rows_due(db, DUE_ROTATION, 300, 10, count, &n));
	CHECK_OK(object_rows_making(db, 401, 10, count, &n));
	CHECK(n == 4);
}

struct seen {
	char names[256];
};

static hf_status see(void *ctx, const struct object_row *row)
{
	struct seen *s = ctx;
	size_t at = strlen(s->names);

	snprintf(s->names + at, sizeof(s->names) - at, "%s ", row->name);
	return HF_SUCCESS;
}

static void page(struct object_page p, const char *want)
{
	struct seen seen = { "" };

	p.org_id = ORG;
	CHECK_OK(object_rows_page(db, &p, see, &seen));
	assert_string_equal(seen.names, want);
}

static void pages_follow_each_other_in_either_order(void **state)
{
	static const char *const names[] = { "c", "a", "d", "b" };
	struct object_row gone = an_object(5, GROUP, "e");

	for (int i = 0; i < 4; i++) {
		struct object_row row = an_object(i + 1, i % 2 ? GROUP_2 : GROUP, names[i]);

		insert(&row);
	}
	gone.state = OBJECT_DELETED;
	insert(&gone);
	page((struct object_page){ .limit = 3 }, "c a d ");
	page((struct object_page){ .limit = 3, .after = object_id(3) }, "b ");
	page((struct object_page){ .limit = 9, .after = object_id(3), .deleted_too = true },
	     "b e ");
	page((struct object_page){ .limit = 9, .descending = true }, "b d a c ");
	page((struct object_page){ .limit = 9, .by_name = true }, "a b c d ");
	page((struct object_page){ .limit = 2, .by_name = true, .descending = true }, "d c ");
	page((struct object_page){ .limit = 2, .by_name = true, .after = "c" }, "d ");
	page((struct object_page){ .limit = 9, .group_id = GROUP }, "c d ");
	page((struct object_page){ .limit = 9, .group_id = GROUP_2, .by_name = true }, "a b ");
	page((struct object_page){ .limit = 9, .group_id = GROUP, .deleted_too = true }, "c d e ");
}

static void those_with_a_cka_id_or_label_are_found(void **state)
{
	struct object_row a = an_object(1, GROUP, "a"), b = an_object(2, GROUP_2, "b");
	struct hf_span id = HF_SPAN(a.cka_id, 16), label = HF_SPAN("a", 1);
	struct seen seen = { "" };

	memcpy(b.cka_id, a.cka_id, 16);
	insert(&a);
	insert(&b);
	CHECK_OK(object_rows_cka(db, ORG, &id, NULL, NULL, 9, see, &seen));
	CHECK_OK(object_rows_cka(db, ORG, NULL, &label, NULL, 9, see, &seen));
	assert_string_equal(seen.names, "a b a ");
}

static void many_are_added_unless_they_are_there(void **state)
{
	enum { MANY = 300 };
	HF_FREE struct object_row *rows = calloc(MANY, sizeof(*rows));
	bool inserted[MANY];
	int64_t n;

	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "k%d", i);
		rows[i] = an_object(i, GROUP, name);
	}
	insert(&rows[7]);
	CHECK_OK(db_begin(db));
	CHECK_OK(object_rows_add(db, rows, MANY, inserted));
	CHECK_OK(db_commit(db, DB_DURABLE));
	for (int i = 0; i < MANY; i++)
		CHECK(inserted[i] == (i != 7));
	/* New ids and names, but the same keys. */
	for (int i = 0; i < MANY; i++) {
		snprintf(rows[i].id, sizeof(rows[i].id), "%s", object_id(1000 + i));
		snprintf(rows[i].name, sizeof(rows[i].name), "other %d", i);
	}
	CHECK_OK(object_rows_add(db, rows, MANY, inserted));
	for (int i = 0; i < MANY; i++)
		CHECK(!inserted[i]);
	CHECK_OK(object_rows_count(db, ORG, NULL, &n));
	CHECK(n == MANY);
	CHECK_OK(object_rows_count(db, ORG, GROUP_2, &n));
	CHECK(n == 0);
}

static void a_snapshot_is_shared_until_it_is_forgotten(void **state)
{
	struct object_row row = an_object(1, GROUP, "k");
	OBJECT_SCOPED struct object *a = NULL, *b = NULL, *c = NULL;

	insert(&row);
	CHECK(!objects_cached(objects, ORG, object_id(1), NULL));
	a = load(object_id(1), NULL);
	b = objects_cached(objects, ORG, NULL, "k");
	c = objects_cached(objects, ORG, object_id(1), NULL);
	CHECK(a == b && a == c);
	CHECK(!objects_cached(objects, OTHER_ORG, object_id(1), NULL));
	CHECK(!objects_cached(objects, OTHER_ORG, NULL, "k"));
	objects_forget(objects, object_id(1));
	CHECK(!objects_cached(objects, ORG, object_id(1), NULL));
	CHECK(!objects_cached(objects, ORG, NULL, "k"));
}

static void what_was_changed_about_its_group_counts_at_once(void **state)
{
	struct object_row row = an_object(1, GROUP, "k");

	insert(&row);
	object_unref(load(object_id(1), NULL));
	groups_forget(groups, GROUP);
	CHECK(!objects_cached(objects, ORG, object_id(1), NULL));
}

static void another_organisations_object_is_not_there(void **state)
{
	struct object_row row = an_object(1, GROUP, "k");
	struct hf_err err;
	struct object *o;

	insert(&row);
	CHECK_CODE(objects_load(objects, groups, db, OTHER_ORG, object_id(1), NULL, &o, &err),
	           HF_NOTFOUND);
	CHECK_CODE(objects_load(objects, groups, db, OTHER_ORG, NULL, "k", &o, &err), HF_NOTFOUND);
	assert_string_equal(err.text, OBJECT_NOT_HERE_TEXT);
}

static void its_use_is_written_down_once_a_minute(void **state)
{
	struct object_row row = an_object(1, GROUP, "k");
	OBJECT_SCOPED struct object *o = NULL, *later = NULL;

	insert(&row);
	o = load(object_id(1), NULL);
	objects_used(objects, o, 100000);
	objects_used(objects, o, 100500);
	CHECK(objects_unwritten(objects));
	CHECK_OK(objects_write_used(objects, db));
	CHECK(!objects_unwritten(objects));
	later = load(object_id(1), NULL);
	CHECK(later->last_used_ms == 100500);
	objects_used(objects, later, 160499);
	CHECK(!objects_unwritten(objects));
	objects_used(objects, later, 160500);
	CHECK(objects_unwritten(objects));
}

static void a_date_that_has_come_counts_before_it_is_written_down(void **state)
{
	struct object_row o = an_object(1, GROUP, "k");

	o.state = OBJECT_PREACTIVE;
	CHECK(object_state_at(&o, 50) == OBJECT_PREACTIVE);
	o.activation_ms = 10;
	CHECK(object_state_at(&o, 9) == OBJECT_PREACTIVE);
	CHECK(object_state_at(&o, 10) == OBJECT_ACTIVE);
	o.deactivation_ms = 20;
	CHECK(object_state_at(&o, 19) == OBJECT_ACTIVE);
	CHECK(object_state_at(&o, 20) == OBJECT_DEACTIVATED);
	o.state = OBJECT_COMPROMISED;
	CHECK(object_state_at(&o, 50) == OBJECT_COMPROMISED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everything_is_read_as_it_was_written),
		CASE(a_name_is_one_objects_until_it_is_deleted),
		CASE(one_that_is_being_made_is_shown_to_nobody_but_has_its_name),
		CASE(what_is_due_is_found),
		CASE(pages_follow_each_other_in_either_order),
		CASE(those_with_a_cka_id_or_label_are_found),
		CASE(many_are_added_unless_they_are_there),
		CASE(a_snapshot_is_shared_until_it_is_forgotten),
		CASE(what_was_changed_about_its_group_counts_at_once),
		CASE(another_organisations_object_is_not_there),
		CASE(its_use_is_written_down_once_a_minute),
		CASE(a_date_that_has_come_counts_before_it_is_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
