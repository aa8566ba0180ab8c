/* SPDX-License-Identifier: Apache-2.0
 * Codes, credentials and the generations of the token key, in the database. */
#include "../db/tempdb.h"
#include "check.h"

#include "server/core/people/codes.h"
#include "server/core/people/people.h"
#include "server/core/people/token_keys.h"
#include "server/store/credential_rows.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"
#include "server/store/token_key_rows.h"
#include "server/store/token_rows.h"

#include <string.h>

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)

static struct tempdb temp;
static struct db *db;
static struct core_secrets secrets;

static int setup(void **state)
{
	struct db_config config;
	struct identity_row person = { .id = "us-1",
		                       .org_id = "or-1",
		                       .kind = KIND_USER,
		                       .name = "alice",
		                       .active = true,
		                       .registered = true };

	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(db_open(&config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &secrets.token_seed));
	CHECK_OK(hf_secret_copy("fedcba9876543210fedcba9876543210", 32, &secrets.token_root));
	CHECK_OK(db_begin(db));
	CHECK_OK(org_row_insert(db, "or-1", "Bank", NOW));
	CHECK_OK(identity_row_insert(db, &person));
	return 0;
}

static int teardown(void **state)
{
	db_rollback(db);
	db_close(db);
	tempdb_remove(&temp);
	hf_secret_done(&secrets.token_seed);
	hf_secret_done(&secrets.token_root);
	return 0;
}

static hf_status find(const char *code, const char *kind, int64_t now)
{
	uint8_t hash[CODE_HASH_LEN];
	struct code_row row = { .hash = HF_SPAN(hash, sizeof(hash)), .kind = kind };

	CHECK_OK(code_hash(code, hash));
	HF_TRY(code_row_find(db, now, &row));
	assert_string_equal(row.identity_id, "us-1");
	return HF_SUCCESS;
}

static hf_status use(const char *code, const char *kind, const char *identity, int64_t now)
{
	uint8_t hash[CODE_HASH_LEN];
	struct code_row row = { .hash = HF_SPAN(hash, sizeof(hash)), .kind = kind };

	CHECK_OK(code_hash(code, hash));
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", identity);
	return code_row_use(db, &row, now);
}

static void a_code_is_good_once_for_its_kind_person_and_time(void **state)
{
	char code[CODE_TEXT_MAX];

	CHECK_OK(code_make(db, "or-1", "us-1", CODE_RECOVERY, NOW, NOW + 1000, code));
	CHECK_OK(find(code, CODE_RECOVERY, NOW));
	CHECK_CODE(find(code, CODE_REGISTRATION, NOW), HF_NOTFOUND);
	CHECK_CODE(find(code, CODE_RECOVERY, NOW + 1000), HF_NOTFOUND);
	CHECK_CODE(use(code, CODE_RECOVERY, "us-2", NOW), HF_NOTFOUND);
	CHECK_CODE(use(code, CODE_RECOVERY, "us-1", NOW + 1000), HF_NOTFOUND);
	CHECK_OK(use(code, CODE_RECOVERY, "us-1", NOW));
	CHECK_CODE(use(code, CODE_RECOVERY, "us-1", NOW), HF_NOTFOUND);
	CHECK_CODE(find(code, CODE_RECOVERY, NOW), HF_NOTFOUND);
}

static void a_new_code_takes_the_place_of_the_one_before(void **state)
{
	char first[CODE_TEXT_MAX], second[CODE_TEXT_MAX];

	CHECK_OK(code_make(db, "or-1", "us-1", CODE_REGISTRATION, NOW, NOW + 1000, first));
	CHECK_OK(code_make(db, "or-1", "us-1", CODE_REGISTRATION, NOW, NOW + 1000, second));
	CHECK(strcmp(first, second) != 0);
	CHECK_CODE(find(first, CODE_REGISTRATION, NOW), HF_NOTFOUND);
	CHECK_OK(find(second, CODE_REGISTRATION, NOW));
}

static hf_status count(void *ctx, const struct credential_row *row)
{
	++*(int *)ctx;
	return HF_SUCCESS;
}

static void add(const char *id, bool recovery)
{
	const struct credential_row row = {
		.id = id,
		.uuid = id,
		.org_id = "or-1",
		.identity_id = "us-1",
		.kind = recovery ? "RecoveryKey" : "Fido2",
		.name = "n",
		.public_key = "p",
		.counter = 5,
		.recovery = recovery,
	};

	CHECK_OK(credential_row_insert(db, &row, NOW));
	CHECK_CODE(credential_row_insert(db, &row, NOW), HF_EXISTS);
}

/* Whoever had his session may have made one, to come back with. */
static void who_starts_anew_leaves_no_code_behind(void **state)
{
	char device[CODE_TEXT_MAX], login[CODE_TEXT_MAX];

	CHECK_OK(code_make(db, "or-1", "us-1", CODE_CREDENTIAL, NOW, NOW + 1000, device));
	CHECK_OK(code_make(db, "or-1", "us-1", CODE_LOGIN, NOW, NOW + 1000, login));
	CHECK_OK(find(device, CODE_CREDENTIAL, NOW));
	CHECK_OK(person_start_anew(db, "us-1"));
	CHECK_CODE(find(device, CODE_CREDENTIAL, NOW), HF_NOTFOUND);
	CHECK_CODE(find(login, CODE_LOGIN, NOW), HF_NOTFOUND);
}

static void recovery_keys_sign_nothing_else(void **state)
{
	char owner[HF_ID_MAX];
	int active = 0, own = 0;
	int64_t n;

	add("cr-a", false);
	add("cr-r", true);
	CHECK_OK(credential_rows_active(db, "us-1", count, &active));
	CHECK_OK(credential_rows_own(db, "us-1", count, &own));
	CHECK(active == 1 && own == 2);
	CHECK_OK(credential_rows_count(db, "us-1", &n));
	CHECK(n == 1);
	CHECK_OK(credential_row_owner(db, "or-1", "cr-a", owner));
	assert_string_equal(owner, "us-1");
	CHECK_CODE(credential_row_owner(db, "or-2", "cr-a", owner), HF_NOTFOUND);
}

static void a_counter_only_grows(void **state)
{
	CHECK_CODE(credential_row_used(db, "us-1", "cr-a", 5), HF_NOTFOUND);
	CHECK_CODE(credential_row_used(db, "us-1", "cr-a", 0), HF_NOTFOUND);
	CHECK_OK(credential_row_used(db, "us-1", "cr-a", 6));
	CHECK_CODE(credential_row_used(db, "us-2", "cr-a", 7), HF_NOTFOUND);
	CHECK_OK(credential_row_set_active(db, "cr-a", false));
	CHECK_CODE(credential_row_used(db, "us-1", "cr-a", 7), HF_NOTFOUND);
}

static hf_status token_of(struct token_keys *k, int64_t now, struct hf_buf *to)
{
	const struct jws_key *key;

	HF_TRY(token_keys_current(k, db, now, &key));
	return jws_sign(key, hf_span_text("{}"), to);
}

static hf_status check(struct token_keys *k, const struct hf_buf *token, int64_t *generation)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(64);

	return token_keys_verify(k, hf_buf_span(token), &payload, generation);
}

static void the_token_key_ages_rotates_and_retires(void **state)
{
	HF_BUF_SCOPED struct hf_buf first = HF_BUF(512), second = HF_BUF(512), set = HF_BUF(2048);
	struct token_keys *k, *other;
	int64_t generation;

	CHECK_OK(token_key_row_insert(db, 1, NOW));
	CHECK_OK(token_keys_new(&secrets, 90 * DAY, &k));
	CHECK_OK(token_keys_new(&secrets, 90 * DAY, &other));
	CHECK_OK(token_of(k, NOW, &first));
	CHECK_CODE(check(k, &first, &generation), HF_UNAUTHENTIC); /* nobody has looked yet */
	CHECK_OK(token_keys_look(k, db, NOW, 2000));
	CHECK_OK(check(k, &first, &generation));
	CHECK(generation == 1);
	CHECK_OK(token_of(k, NOW + 90 * DAY, &second));
	CHECK_OK(token_keys_look(other, db, NOW + 90 * DAY, 2000));
	CHECK_OK(check(other, &second, &generation));
	CHECK(generation == 2);
	CHECK_OK(check(other, &first, &generation));
	CHECK_OK(token_keys_print(other, &set));
	hf_buf_u8(&set, 0);
	CHECK(strstr((const char *)set.ptr, "\"kid\":\"token-2\"") != NULL);
	CHECK(strstr((const char *)set.ptr, "\"kid\":\"token-1\"") != NULL);
	CHECK_OK(token_keys_look(other, db, NOW + 90 * DAY + TOKEN_LIFETIME_MAX_MS, 2000));
	CHECK(!token_keys_count(other, 1) && token_keys_count(other, 2));
	CHECK_OK(token_key_rows_retire(db, 3, NOW));
	CHECK_OK(token_keys_look(k, db, NOW + 100 * DAY, 2000));
	CHECK(!token_keys_count(k, 1) && !token_keys_count(k, 2));
	CHECK_CODE(check(k, &second, &generation), HF_UNAUTHENTIC);
	token_keys_free(k);
	token_keys_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_good_once_for_its_kind_person_and_time),
		cmocka_unit_test(a_new_code_takes_the_place_of_the_one_before),
		cmocka_unit_test(who_starts_anew_leaves_no_code_behind),
		cmocka_unit_test(recovery_keys_sign_nothing_else),
		cmocka_unit_test(a_counter_only_grows),
		cmocka_unit_test(the_token_key_ages_rotates_and_retires),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
