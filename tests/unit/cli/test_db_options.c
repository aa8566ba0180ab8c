/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/log.h"
#include "cli/db_options.h"

#include <string.h>

/* The copies, which a program keeps until it ends. */
static char *copies[16];
static size_t n_copies;

static struct db_config settled(char *url)
{
	struct db_config db = { .postgres_url = url };
	struct hf_err err = { 0 };

	CHECK_OK(cli_db_options(&db, &err));
	if (db.postgres_url != url)
		copies[n_copies++] = (char *)(uintptr_t)db.postgres_url;
	return db;
}

static void one_database_has_to_be_given(void **state)
{
	struct db_config none = { 0 }, both = { .sqlite_path = "a", .postgres_url = "b" };
	struct hf_err err = { 0 };

	CHECK_CODE(cli_db_options(&none, &err), HF_INVALID);
	CHECK(strstr(err.text, "--postgres-url") != NULL);
	CHECK_CODE(cli_db_options(&both, &err), HF_INVALID);
}

static void a_password_on_the_command_line_is_overwritten_there_and_still_used(void **state)
{
	char url[] = "postgresql://bank:s3cret@db/holdfast?sslmode=verify-full";
	char parameter[] = "postgresql://db/holdfast?user=bank&password=s3cret&sslmode=verify-full";
	char list[] = "host=db password=s3cret user=bank";
	char both[] = "postgresql://bank:s3cret@db/h?sslpassword=s3cret&password=s3cret";
	char quoted[] = "host=db password='a s3cret' user=bank";

	CHECK(strstr(settled(url).postgres_url, ":s3cret@") != NULL);
	assert_string_equal(url, "postgresql://bank:******@db/holdfast?sslmode=verify-full");
	CHECK(strstr(settled(parameter).postgres_url, "s3cret") != NULL);
	CHECK(!strstr(parameter, "s3cret") && strstr(parameter, "&sslmode"));
	CHECK(strstr(settled(list).postgres_url, "s3cret") != NULL);
	assert_string_equal(list, "host=db password=****** user=bank");
	CHECK(strstr(settled(both).postgres_url, ":s3cret@") != NULL);
	CHECK(!strstr(both, "s3cret"));
	CHECK(strstr(settled(quoted).postgres_url, "s3cret") != NULL);
	CHECK(!strstr(quoted, "s3cret"));
}

static void a_password_in_the_environment_is_gone_from_it(void **state)
{
	struct db_config db;

	setenv("HOLDFAST_POSTGRES_URL", "postgresql://bank:s3cret@db/holdfast", 1);
	db = settled(getenv("HOLDFAST_POSTGRES_URL"));
	CHECK(!getenv("HOLDFAST_POSTGRES_URL"));
	assert_string_equal(db.postgres_url, "postgresql://bank:s3cret@db/holdfast");
}

static void an_address_without_a_password_is_left_alone(void **state)
{
	char url[] = "postgresql://bank@db:5432/holdfast";

	CHECK(settled(url).postgres_url == url);
	assert_string_equal(url, "postgresql://bank@db:5432/holdfast");
}

static int quiet(void **state)
{
	hf_log_setup("test", HF_LOG_ERROR, HF_LOG_TEXT);
	return 0;
}

static int release(void **state)
{
	while (n_copies > 0)
		free(copies[--n_copies]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_database_has_to_be_given),
		cmocka_unit_test(
		        a_password_on_the_command_line_is_overwritten_there_and_still_used),
		cmocka_unit_test(a_password_in_the_environment_is_gone_from_it),
		cmocka_unit_test(an_address_without_a_password_is_left_alone),
	};

	return cmocka_run_group_tests(tests, quiet, release);
}
