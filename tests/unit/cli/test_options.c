/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

struct config {
	const char *path, *other, *needed;
	int64_t n;
	bool flag;
	struct hf_secret pin;
};

static const struct cli_option options[] = {
	{ .name = "path",
	  .metavar = "FILE",
	  .type = CLI_TEXT,
	  .conflicts = "other",
	  .offset = offsetof(struct config, path),
	  .fallback = "default",
	  .help = "a file" },
	CLI_OPTION_TEXT(struct config, other, "other", "FILE", NULL, "another"),
	CLI_OPTION_NEEDED(struct config, needed, "needed-thing", "X", "what is needed"),
	CLI_OPTION_NUMBER(struct config, n, "n", "5", 1, 9, "a number"),
	CLI_OPTION_FLAG(struct config, flag, "flag", "a flag"),
	{ .name = "TEST_PIN",
	  .type = CLI_SECRET,
	  .offset = offsetof(struct config, pin),
	  .help = "a secret" },
};

static const struct cli_command command = {
	.name = "test",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct config),
};

static struct hf_err err;

static hf_status parse(struct config *c, const char *const *words)
{
	const char *positional[8];
	size_t n_positional;
	int argc = 0;

	while (words[argc])
		argc++;
	err = (struct hf_err){ 0 };
	return cli_parse(&command, argc, (char **)(uintptr_t)words, c, positional, &n_positional,
	                 &err);
}

#define PARSE(c, ...) parse(c, (const char *const[]){ __VA_ARGS__, NULL })

static void flags_win_over_variables_and_these_over_defaults(void **state)
{
	struct config c;

	setenv("HOLDFAST_NEEDED_THING", "from the environment", 1);
	CHECK_OK(PARSE(&c, "--n", "7", "--flag"));
	assert_string_equal(c.needed, "from the environment");
	assert_string_equal(c.path, "default");
	CHECK(c.n == 7 && c.flag);
	CHECK_OK(PARSE(&c, "--needed-thing=flag"));
	assert_string_equal(c.needed, "flag");
	CHECK(c.n == 5 && !c.flag);
	unsetenv("HOLDFAST_NEEDED_THING");
}

static void an_unknown_option_is_named(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--pth", "y"), HF_INVALID);
	assert_non_null(strstr(err.text, "--pth"));
	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "-p"), HF_INVALID);
	assert_non_null(strstr(err.text, "-p"));
}

static void a_missing_option_is_named_with_its_variable(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--flag"), HF_INVALID);
	assert_non_null(strstr(err.text, "--needed-thing"));
	assert_non_null(strstr(err.text, "HOLDFAST_NEEDED_THING"));
}

static void options_that_contradict_each_other_are_both_named(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--path", "a", "--other", "b"), HF_INVALID);
	assert_non_null(strstr(err.text, "--path"));
	assert_non_null(strstr(err.text, "--other"));
	CHECK_OK(PARSE(&c, "--needed-thing", "x", "--other",
	               "b")); /* a default contradicts nobody */
}

static void an_option_given_twice_is_refused(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--n", "2", "--n", "3"), HF_INVALID);
	assert_non_null(strstr(err.text, "--n is given twice"));
}

static void numbers_have_their_bounds(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--n", "10"), HF_INVALID);
	assert_non_null(strstr(err.text, "from 1 to 9"));
	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--n", "2x"), HF_INVALID);
}

static void a_value_that_is_missing_or_empty_is_refused(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing"), HF_INVALID);
	assert_non_null(strstr(err.text, "--needed-thing needs a value"));
	CHECK_CODE(PARSE(&c, "--needed-thing="), HF_INVALID);
}

static void a_word_that_is_no_option_is_refused(void **state)
{
	struct config c;

	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "surplus"), HF_INVALID);
	assert_non_null(strstr(err.text, "surplus"));
}

static void a_secret_comes_from_its_variable_only_which_is_then_gone(void **state)
{
	struct config c;

	setenv("TEST_PIN", "1234", 1);
	CHECK_OK(PARSE(&c, "--needed-thing", "x"));
	CHECK(hf_secret_equal(&c.pin, "1234", 4));
	assert_null(getenv("TEST_PIN"));
	hf_secret_done(&c.pin);
	CHECK_CODE(PARSE(&c, "--needed-thing", "x", "--TEST_PIN", "1234"), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_win_over_variables_and_these_over_defaults),
		cmocka_unit_test(an_unknown_option_is_named),
		cmocka_unit_test(a_missing_option_is_named_with_its_variable),
		cmocka_unit_test(options_that_contradict_each_other_are_both_named),
		cmocka_unit_test(an_option_given_twice_is_refused),
		cmocka_unit_test(numbers_have_their_bounds),
		cmocka_unit_test(a_value_that_is_missing_or_empty_is_refused),
		cmocka_unit_test(a_word_that_is_no_option_is_refused),
		cmocka_unit_test(a_secret_comes_from_its_variable_only_which_is_then_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
