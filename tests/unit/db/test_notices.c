/* SPDX-License-Identifier: Apache-2.0 */
#include "tempdb.h"

#include "db/notices.h"

#include <pthread.h>
#include <sys/wait.h>

#define CHANNEL "holdfast_test"

enum { PATIENCE = 2000, HEARD_MAX = 256 };

struct ear {
	pthread_mutex_t lock;
	char heard[HEARD_MAX][DB_WORD_MAX + 1]; /* not the same twice in a row */
	int n, renewed;
};

static void on_word(void *ctx, const char *word)
{
	struct ear *ear = ctx;

	pthread_mutex_lock(&ear->lock);
	if (!word)
		ear->renewed++;
	else if (ear->n && strcmp(ear->heard[ear->n - 1], word) == 0)
		;
	else if (ear->n < HEARD_MAX)
		snprintf(ear->heard[ear->n++], sizeof(ear->heard[0]), "%s", word);
	pthread_mutex_unlock(&ear->lock);
}

static bool has(struct ear *ear, const char *word)
{
	bool found = false;

	pthread_mutex_lock(&ear->lock);
	for (int i = 0; i < ear->n; i++)
		found |= strcmp(ear->heard[i], word) == 0;
	pthread_mutex_unlock(&ear->lock);
	return found;
}

static bool comes(struct ear *ear, const char *word)
{
	for (int i = 0; i < PATIENCE && !has(ear, word); i++)
		usleep(10000);
	return has(ear, word);
}

static struct db_notices *begin(struct ear *ear)
{
	struct db_config config = { .postgres_url = test_postgres(),
		                    .sqlite_path = test_postgres() ? NULL : "/tmp/hf-unused.db" };
	struct db_notices *n = NULL;

	pthread_mutex_init(&ear->lock, NULL);
	CHECK_OK(db_notices_start(&config, CHANNEL, on_word, ear, &n, NULL));
	return n;
}

/* Says it until the other hears it: whether the other listens already is not known otherwise. */
static bool says_until_heard(struct db_notices *n, const char *word, struct ear *other)
{
	for (int i = 0; i < PATIENCE && !has(other, word); i++) {
		db_notices_say(n, word);
		usleep(10000);
	}
	return has(other, word);
}

static void sqlite_says_nothing_and_hears_nothing(void **state)
{
	struct ear ear = { 0 };
	struct db_notices *n = begin(&ear);

	db_notices_say(n, "work");
	db_notices_say(NULL, "work");
	db_notices_stop(n);
	db_notices_stop(NULL);
	assert_int_equal(ear.n, 0);
}

static void words_reach_the_others_and_not_ourselves(void **state)
{
	struct ear a = { 0 }, b = { 0 };
	struct db_notices *na = begin(&a), *nb = begin(&b);

	CHECK(says_until_heard(na, "from a, with a 'quote'", &b));
	CHECK(says_until_heard(nb, "from b", &a));
	db_notices_stop(na);
	db_notices_stop(nb);
	CHECK(!has(&a, "from a, with a 'quote'"));
	CHECK(!has(&b, "from b"));
	assert_int_equal(a.renewed + b.renewed, 0);
}

static void equal_words_are_gathered_and_many_are_split(void **state)
{
	struct ear a = { 0 }, b = { 0 };
	struct db_notices *na = begin(&a), *nb = begin(&b);
	char word[DB_WORD_MAX + 1];

	CHECK(says_until_heard(na, "ready", &b));
	usleep(50000);
	pthread_mutex_lock(&b.lock);
	b.n = 0;
	pthread_mutex_unlock(&b.lock);
	memset(word, 'w', sizeof(word));
	word[DB_WORD_MAX] = 0;
	for (int twice = 0; twice < 2; twice++)
		for (int i = 0; i < 60; i++) { /* more bytes than one notification takes */
			word[0] = (char)('A' + i);
			db_notices_say(na, word);
		}
	db_notices_say(na, "the last");
	CHECK(comes(&b, "the last"));
	CHECK(b.n >= 61);
	db_notices_say(na, "two\nlines");
	db_notices_say(na, "");
	db_notices_say(na, "after those");
	CHECK(comes(&b, "after those"));
	CHECK(!has(&b, "two"));
	db_notices_stop(na);
	db_notices_stop(nb);
}

static void another_process_hears_them(void **state)
{
	struct ear mine = { 0 };
	int status = -1;
	pid_t pid = fork();
	struct db_notices *n;

	if (pid == 0) {
		struct ear ear = { 0 };

		n = begin(&ear);
		status = comes(&ear, "hello, child") ? 0 : 1;
		for (int i = 0; i < PATIENCE && !has(&ear, "heard you"); i++) {
			db_notices_say(n, "hello, parent");
			usleep(10000);
		}
		db_notices_stop(n);
		_exit(status);
	}
	n = begin(&mine);
	for (int i = 0; i < PATIENCE && !has(&mine, "hello, parent"); i++) {
		db_notices_say(n, "hello, child");
		usleep(10000);
	}
	CHECK(has(&mine, "hello, parent"));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		db_notices_say(n, "heard you");
		usleep(10000);
	}
	assert_int_equal(status, 0);
	db_notices_stop(n);
}

static void after_a_lost_connection_it_is_told_and_words_flow_again(void **state)
{
	struct ear a = { 0 }, b = { 0 };
	struct db_notices *na = begin(&a), *nb = begin(&b);

	CHECK(says_until_heard(na, "before", &b));
	CHECK(says_until_heard(nb, "before too", &a));
	postgres_do(test_postgres(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
	                             "pid <> pg_backend_pid() AND usename = current_user");
	CHECK(says_until_heard(na, "after", &b));
	CHECK(says_until_heard(nb, "after too", &a));
	db_notices_stop(na);
	db_notices_stop(nb);
	assert_int_equal(a.renewed, 1);
	assert_int_equal(b.renewed, 1);
}

static void a_channel_is_a_plain_name(void **state)
{
	struct db_config config = { .sqlite_path = "x" };
	struct db_notices *n = NULL;

	CHECK_CODE(db_notices_start(&config, "a; DROP", on_word, NULL, &n, NULL), HF_INVALID);
	CHECK_CODE(db_notices_start(&config, "", on_word, NULL, &n, NULL), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest sqlite[] = {
		cmocka_unit_test(sqlite_says_nothing_and_hears_nothing),
		cmocka_unit_test(a_channel_is_a_plain_name),
	};
	const struct CMUnitTest postgres[] = {
		cmocka_unit_test(words_reach_the_others_and_not_ourselves),
		cmocka_unit_test(equal_words_are_gathered_and_many_are_split),
		cmocka_unit_test(another_process_hears_them),
		cmocka_unit_test(after_a_lost_connection_it_is_told_and_words_flow_again),
	};

	return test_postgres() ? cmocka_run_group_tests(postgres, NULL, NULL)
	                       : cmocka_run_group_tests(sqlite, NULL, NULL);
}
