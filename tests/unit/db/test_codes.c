/* SPDX-License-Identifier: Apache-2.0
 * What needs no server: PostgreSQL's codes, values, URLs. */
#include "../check.h"

#include "db/postgres.h"

#include <string.h>

static void every_row_of_the_table_means_what_it_says(void **state)
{
	static const struct {
		const char *sqlstate;
		enum hf_code code;
		bool drop;
	} rows[] = {
		{ "08006", HF_BUSY, true },      { "0A000", HF_INTERNAL, true },
		{ "22021", HF_INVALID, false },  { "22003", HF_INTERNAL, false },
		{ "23503", HF_EXISTS, false },   { "23505", HF_EXISTS, false },
		{ "25006", HF_BUSY, true },      { "25P03", HF_BUSY, true },
		{ "26000", HF_INTERNAL, true },  { "28P01", HF_DENIED, true },
		{ "3D000", HF_NOTFOUND, true },  { "40001", HF_BUSY, false },
		{ "42501", HF_DENIED, false },   { "42P05", HF_INTERNAL, true },
		{ "42601", HF_INTERNAL, false }, { "53100", HF_BUSY, false },
		{ "53300", HF_BUSY, true },      { "53200", HF_BUSY, false },
		{ "54000", HF_TOOBIG, false },   { "55P03", HF_BUSY, false },
		{ "55006", HF_BUSY, false },     { "57014", HF_BUSY, false },
		{ "57P01", HF_BUSY, true },      { "58030", HF_IO, false },
		{ "XX001", HF_CORRUPT, false },  { "XX002", HF_CORRUPT, false },
		{ "XX000", HF_INTERNAL, false },
	};

	assert_int_equal(HF_COUNT(rows), pg_n_meanings);
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		const struct pg_meaning *m = pg_meaning(rows[i].sqlstate);

		assert_ptr_equal(m, &pg_meanings[i]);
		assert_int_equal(m->code, rows[i].code);
		assert_int_equal(m->drop, rows[i].drop);
	}
}

static void codes_within_a_class_follow_it_and_unknown_ones_are_io(void **state)
{
	assert_int_equal(pg_meaning("40P01")->code, HF_BUSY);
	assert_int_equal(pg_meaning("57P02")->code, HF_BUSY);
	assert_int_equal(pg_meaning("57P03")->code, HF_BUSY);
	assert_int_equal(pg_meaning("42P01")->code, HF_INTERNAL);
	assert_int_equal(pg_meaning("23502")->code, HF_IO);
	assert_int_equal(pg_meaning("ZZ999")->code, HF_IO);
	assert_int_equal(pg_meaning(NULL)->code, HF_IO);
}

static void a_refused_connection_is_told_apart_from_a_server_that_is_away(void **state)
{
	static const struct {
		const char *says;
		enum hf_code code;
		const char *hint;
	} rows[] = {
		{ "FATAL:  password authentication failed for user \"x\"", HF_DENIED, "password" },
		{ "fe_sendauth: no password supplied", HF_DENIED, "password" },
		{ "FATAL:  no pg_hba.conf entry for host", HF_DENIED, "pg_hba" },
		{ "FATAL:  role \"x\" does not exist", HF_DENIED, "role" },
		{ "FATAL:  database \"x\" does not exist", HF_NOTFOUND, "Create the database" },
		{ "failed: session is read-only", HF_BUSY, "all hosts" },
		{ "FATAL:  sorry, too many clients already", HF_BUSY, "max_connections" },
		{ "SSL error: certificate verify failed", HF_DENIED, "sslrootcert" },
		{ "server does not support SSL, but SSL was required", HF_DENIED, "sslmode" },
		{ "Connection refused", HF_BUSY, NULL },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		const char *hint = "";

		assert_int_equal(pg_refusal(rows[i].says, &hint), rows[i].code);
		CHECK(rows[i].hint ? strstr(hint, rows[i].hint) != NULL : hint == NULL);
	}
}

static void parameters_are_counted_outside_of_quotes(void **state)
{
	int n = -1;

	CHECK_OK(pg_count_params("SELECT $2, '$7?;', \"$8\" -- $9; ?\n, $1;", &n));
	assert_int_equal(n, 2);
	CHECK_OK(pg_count_params("SELECT 'it''s' || $3", &n));
	assert_int_equal(n, 3);
	CHECK_OK(pg_count_params("SELECT 1", &n));
	assert_int_equal(n, 0);
	CHECK_CODE(pg_count_params("SELECT $0", &n), HF_INTERNAL);
	CHECK_CODE(pg_count_params("SELECT $41", &n), HF_INTERNAL);
	CHECK_CODE(pg_count_params("SELECT $99999999999", &n), HF_INTERNAL);
	CHECK_CODE(pg_count_params("SELECT $x", &n), HF_INTERNAL);
	CHECK_CODE(pg_count_params("SELECT 1; SELECT 2", &n), HF_INTERNAL);
	CHECK_CODE(pg_count_params("SELECT ?", &n), HF_INTERNAL);
}

static void whole_numbers_are_read_from_each_type(void **state)
{
	static const char big[] = "\x00\x05\x00\x04\x00\x00\x00\x00\x03\x9a\x0d\x2c\x01\x70\x15\x65"
	                          "\x16\xaf"; /* 922 3372 … 5807 */
	int64_t v = 0;

	CHECK(pg_read_int(PG_INT8, "\xff\xff\xff\xff\xff\xff\xff\xfe", 8, &v) && v == -2);
	CHECK(pg_read_int(PG_INT4, "\xff\xff\xff\xfe", 4, &v) && v == -2);
	CHECK(pg_read_int(PG_INT2, "\xff\xfe", 2, &v) && v == -2);
	CHECK(pg_read_int(PG_BOOL, "\1", 1, &v) && v == 1);
	CHECK(pg_read_int(PG_NUMERIC, "\x00\x01\x00\x01\x40\x00\x00\x00\x00\x03", 10, &v) &&
	      v == -30000);
	CHECK(pg_read_int(PG_NUMERIC, "\x00\x00\x00\x00\x00\x00\x00\x00", 8, &v) && v == 0);
	CHECK(pg_read_int(PG_NUMERIC, big, sizeof(big) - 1, &v) && v == INT64_MAX);
	CHECK(!pg_read_int(PG_NUMERIC, "\x00\x00\x00\x00\xc0\x00\x00\x00", 8, &v)); /* NaN */
	CHECK(!pg_read_int(PG_NUMERIC, "\x00\x02\x00\x01\x00\x00\x00\x00\x00\x03", 10, &v));
	CHECK(!pg_read_int(PG_NUMERIC, "\x00\x01\x00\x05\x00\x00\x00\x00\x00\x03", 10, &v));
	CHECK(!pg_read_int(PG_TEXT, "1", 1, &v));
	CHECK(!pg_read_int(PG_INT8, "\1", 1, &v));
}

static void a_url_is_told_without_its_password(void **state)
{
	static const char *const urls[] = {
		"postgresql://ann:s3cret@db.example:5433/keys",
		"postgresql://ann@db.example:5433/keys?password=s3cret",
		"host=db.example port=5433 user=ann password=s3cret dbname=keys",
	};
	char text[256];

	for (size_t i = 0; i < HF_COUNT(urls); i++) {
		struct db_config config = { .postgres_url = urls[i] };

		db_describe(&config, text, sizeof(text));
		assert_string_equal(text, "postgresql://ann@db.example:5433/keys");
	}
	db_describe(&(struct db_config){ .sqlite_path = "/x/y.db" }, text, sizeof(text));
	assert_string_equal(text, "/x/y.db");
}

static void a_url_that_cannot_be_read_is_refused_without_quoting_it(void **state)
{
	static const char *const urls[] = {
		"postgresql://ann:s3c@ret@db/keys",
		"postgresql://ann:s3c/ret@db/keys",
		"postgresql://ann:s3c%zzret@db",
		"host=x pass word=s3c",
		"postgresql://[s3c",
	};

	for (size_t i = 0; i < HF_COUNT(urls); i++) {
		struct hf_err err = { 0 };
		struct db *db;
		char text[256];

		CHECK_CODE(db_open(&(struct db_config){ .postgres_url = urls[i] }, &db, &err),
		           HF_INVALID);
		assert_null(strstr(err.text, "s3c"));
		pg_describe(urls[i], text, sizeof(text));
		assert_null(strstr(text, "s3c"));
	}
	CHECK_OK(pg_url_check("postgresql:///keys?host=/run/a@b", NULL));
	CHECK_OK(pg_url_check("postgresql://ann@h1:1,h2:2/keys?sslmode=verify-full", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_means_what_it_says),
		cmocka_unit_test(codes_within_a_class_follow_it_and_unknown_ones_are_io),
		cmocka_unit_test(a_refused_connection_is_told_apart_from_a_server_that_is_away),
		cmocka_unit_test(parameters_are_counted_outside_of_quotes),
		cmocka_unit_test(whole_numbers_are_read_from_each_type),
		cmocka_unit_test(a_url_is_told_without_its_password),
		cmocka_unit_test(a_url_that_cannot_be_read_is_refused_without_quoting_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
