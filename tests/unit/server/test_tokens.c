/* SPDX-License-Identifier: Apache-2.0 */
#include "../db/tempdb.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/people/tokens.h"
#include "server/signing_api/api.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct tempdb temp;
static char dir[64], secret_path[96], pem_path[96];
static struct server_init_result account;
static struct server_init init;
static struct core_secrets secrets;
static struct token_keys *keys;
static struct tokens *tokens;
static struct db *db;

static int setup(void **state)
{
	struct db_config config;
	EVP_PKEY *credential = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct hf_err err = { 0 };
	FILE *f;

	hf_log_setup("test", HF_LOG_ERROR + 1, HF_LOG_TEXT);
	strcpy(dir, "/tmp/holdfast-tokens-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	tempdb_make(&temp);
	config = tempdb_config(&temp);
	snprintf(secret_path, sizeof(secret_path), "%s/secret", dir);
	snprintf(pem_path, sizeof(pem_path), "%s/pem", dir);
	f = fopen(pem_path, "w");
	CHECK(f && PEM_write_PUBKEY(f, credential) == 1);
	fclose(f);
	EVP_PKEY_free(credential);
	init = (struct server_init){
		.db = config,
		.secret_file = secret_path,
		.org_name = "Test",
		.store_name = "HSM",
		.account_name = "tester",
		.public_key_file = pem_path,
		.token_days = 1,
	};
	if (!hf_ok(server_init(&init, &account, &err)))
		fail_msg("%s", err.text);
	CHECK_OK(core_secrets_load(secret_path, &secrets, NULL));
	CHECK_OK(token_keys_new(&secrets, 0, &keys));
	CHECK_OK(tokens_new(keys, &tokens));
	CHECK_OK(db_open(&config, &db, NULL));
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "secret", "pem" };
	char path[128];

	db_close(db);
	tokens_free(tokens);
	token_keys_free(keys);
	core_secrets_done(&secrets);
	for (size_t i = 0; i < HF_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	tempdb_remove(&temp);
	return rmdir(dir);
}

static void run(const char *sql)
{
	struct db_stmt *st;

	CHECK_OK(db_begin(db));
	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_run(st, NULL));
	db_done(st);
	CHECK_OK(db_commit(db, DB_RELAXED));
}

static hf_status load(const char *token, int64_t now)
{
	CALLER_SCOPED struct caller *c = NULL;

	return tokens_load(tokens, db, token, now, &c, NULL);
}

static hf_status find(int64_t now)
{
	CALLER_SCOPED struct caller *c = NULL;

	return tokens_find(tokens, account.token, now, &c);
}

static void a_token_says_whose_it_is(void **state)
{
	CALLER_SCOPED struct caller *c = NULL;

	CHECK_OK(tokens_load(tokens, db, account.token, hf_wall_ms(), &c, NULL));
	assert_string_equal(c->org_id, account.org_id);
	assert_string_equal(c->identity_id, account.identity_id);
	assert_string_equal(c->name, "tester");
	CHECK(c->n_credentials == 1);
	CHECK(caller_credential(c, account.credential_id) != NULL);
	CHECK(caller_credential(c, "other") == NULL);
}

static void who_is_forgotten_is_looked_up_again(void **state)
{
	int64_t now = hf_wall_ms();

	CHECK_OK(load(account.token, now));
	CHECK(tokens_known(tokens, account.token));
	tokens_forget_identity(tokens, "us-another");
	CHECK_OK(find(now));
	tokens_forget_identity(tokens, account.identity_id);
	CHECK_CODE(find(now), HF_NOTFOUND);
	CHECK(!tokens_known(tokens, account.token));
	CHECK_OK(load(account.token, now));
	tokens_forget_identity(tokens, NULL);
	CHECK_CODE(find(now), HF_NOTFOUND);
}

static void a_token_is_remembered_until_it_is_no_longer_fresh(void **state)
{
	int64_t now = hf_wall_ms();

	CHECK_CODE(find(now), HF_NOTFOUND);
	CHECK_OK(load(account.token, now));
	CHECK_OK(find(now));
	CHECK_OK(find(now + TOKEN_FRESH_MS - 1));
	CHECK_CODE(find(now + TOKEN_FRESH_MS), HF_NOTFOUND);
	CHECK_CODE(find(now - 1), HF_NOTFOUND); /* a clock that went back */
	CHECK_OK(load(account.token, now + TOKEN_FRESH_MS));
	CHECK_OK(find(now + TOKEN_FRESH_MS));
}

static void a_withdrawn_token_is_refused_and_forgotten(void **state)
{
	CHECK_OK(load(account.token, hf_wall_ms()));
	run("UPDATE tokens SET is_active = 0");
	CHECK_CODE(load(account.token, hf_wall_ms()), HF_UNAUTHENTIC);
	CHECK_CODE(find(hf_wall_ms()), HF_NOTFOUND);
	run("UPDATE tokens SET is_active = 1");
	CHECK_OK(load(account.token, hf_wall_ms()));
}

static void a_deactivated_identity_is_refused(void **state)
{
	run("UPDATE identities SET is_active = 0");
	CHECK_CODE(load(account.token, hf_wall_ms()), HF_UNAUTHENTIC);
}

static void a_deactivated_credential_is_gone(void **state)
{
	CALLER_SCOPED struct caller *c = NULL;

	run("UPDATE credentials SET is_active = 0");
	CHECK_OK(tokens_load(tokens, db, account.token, hf_wall_ms(), &c, NULL));
	CHECK(c->n_credentials == 0);
}

static void an_expired_token_is_refused(void **state)
{
	int64_t expired = hf_wall_ms() + INT64_C(86400000) + 1000;

	CHECK_CODE(load(account.token, expired), HF_UNAUTHENTIC);
}

static void what_is_no_token_of_ours_is_refused(void **state)
{
	char altered[sizeof(account.token)];

	CHECK_CODE(load("", hf_wall_ms()), HF_UNAUTHENTIC);
	CHECK_CODE(load("a.b.c", hf_wall_ms()), HF_UNAUTHENTIC);
	strcpy(altered, account.token);
	for (size_t i = 0; i < strlen(altered); i += 11) {
		altered[i] ^= 1;
		CHECK_CODE(load(altered, hf_wall_ms()), HF_UNAUTHENTIC);
		altered[i] ^= 1;
	}
}

static void init_is_for_a_new_database_only(void **state)
{
	struct server_init_result again;
	struct hf_err err = { 0 };

	CHECK_CODE(server_init(&init, &again, &err), HF_EXISTS);
	CHECK(strstr(err.text, "has an organisation already: init is for a new one") != NULL);
}

static void the_secret_file_is_for_its_owner_alone(void **state)
{
	struct stat st;

	CHECK(stat(secret_path, &st) == 0);
	CHECK((st.st_mode & 0777) == 0600 && st.st_size == 32);
}

static void a_public_key_that_is_none_is_refused_before_anything_is_made(void **state)
{
	struct server_init other = init;
	struct server_init_result r;
	struct hf_err err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/other", dir);
	other.db = (struct db_config){ .sqlite_path = path };
	other.public_key_file = secret_path;
	CHECK(server_init(&other, &r, &err).code != HF_OK);
	CHECK(strncmp(err.text, secret_path, strlen(secret_path)) == 0);
	CHECK(access(path, F_OK) != 0);
	other.public_key_file = "/nonexistent";
	CHECK_CODE(server_init(&other, &r, &err), HF_IO);
}

int main(void)
{
#define TOKEN_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TOKEN_TEST(a_token_says_whose_it_is),
		TOKEN_TEST(a_token_is_remembered_until_it_is_no_longer_fresh),
		TOKEN_TEST(who_is_forgotten_is_looked_up_again),
		TOKEN_TEST(a_withdrawn_token_is_refused_and_forgotten),
		TOKEN_TEST(a_deactivated_identity_is_refused),
		TOKEN_TEST(a_deactivated_credential_is_gone),
		TOKEN_TEST(an_expired_token_is_refused),
		TOKEN_TEST(what_is_no_token_of_ours_is_refused),
		TOKEN_TEST(init_is_for_a_new_database_only),
		TOKEN_TEST(the_secret_file_is_for_its_owner_alone),
		TOKEN_TEST(a_public_key_that_is_none_is_refused_before_anything_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
