/* SPDX-License-Identifier: Apache-2.0
 * Who is nobody here: tokens that are missing, tampered with, expired, or for something else; and
 * what belongs to another organisation, which is not there for us. */
#include "accounts_fixture.h"

#include "server/core/people/token_keys.h"
#include "server/store/permission_rows.h"

static const char words[] = "user token is missing or invalid";

static int with(const char *token)
{
	send_with(token, "GET", "/keys", NULL, NULL);
	return got.status;
}

static void is_nobody(const char *token)
{
	with(token);
	expect(401, words);
}

static struct db *open_db(void)
{
	struct db *db;

	CHECK_OK(db_open(&fx.db, &db, NULL));
	return db;
}

/* A token with a row and a good signature. */
static const char *token_of(const char *identity, const char *kind, int64_t from_ms, int64_t secs)
{
	static char text[JWS_TOKEN_MAX + 1];
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(JWS_TOKEN_MAX);
	DB_SCOPED struct db *db = open_db();
	const struct access_token_new from = {
		.org_id = fx.account.org_id,
		.identity_id = identity,
		.kind = kind,
		.name = "",
		.external_id = "",
		.credential_id = "",
		.seconds_valid = secs,
		.now_ms = from_ms,
	};
	struct token_row row;

	CHECK_OK(db_begin(db));
	CHECK_OK(access_token_create(db, &from, &row, NULL));
	CHECK_OK(access_token_text(fx.api->token_keys, db, &row, "x", &b));
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK_OK(hf_span_to_text(hf_buf_span(&b), text, sizeof(text)));
	return text;
}

static void a_missing_or_malformed_token_is_nobodys(void **state)
{
	char long_one[JWS_TOKEN_MAX + 100];

	is_nobody(NULL);
	is_nobody("");
	is_nobody("x");
	is_nobody("a.b.c");
	is_nobody("..");
	memset(long_one, 'a', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	is_nobody(long_one);
}

/* Each part in turn, some places in each. */
static void a_token_that_was_tampered_with_is_nobodys(void **state)
{
	char token[sizeof(fx.first.token)];
	size_t len = strlen(fx.first.token);

	CHECK(with(fx.first.token) == 200);
	for (size_t i = 1; i < len; i += len / 24) {
		memcpy(token, fx.first.token, len + 1);
		token[i] = token[i] == 'A' ? 'B' : 'A';
		is_nobody(token);
	}
	memcpy(token, fx.first.token, len + 1);
	token[len - 4] = '\0';
	is_nobody(token);
}

/* The claims of one token under the signature of another. */
static void claims_go_with_their_own_signature(void **state)
{
	const char *other = token_of(fx.first.id, TOKEN_SERVICE_ACCOUNT, hf_wall_ms(), 60);
	char mixed[sizeof(fx.first.token)];

	CHECK(with(other) == 200);
	snprintf(mixed, sizeof(mixed), "%.*s%s",
	         (int)(strrchr(fx.first.token, '.') - fx.first.token), fx.first.token,
	         strrchr(other, '.'));
	is_nobody(mixed);
}

static void an_expired_token_is_nobodys(void **state)
{
	int64_t now = hf_wall_ms();

	is_nobody(token_of(fx.first.id, TOKEN_SERVICE_ACCOUNT, now - 10000, 5));
	CHECK(with(token_of(fx.first.id, TOKEN_SERVICE_ACCOUNT, now, 5)) == 200);
}

static void a_token_is_good_for_its_kind_only(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	int64_t now = hf_wall_ms();

	make_user(&anna, "anna@example.com");
	is_nobody(token_of(fx.first.id, "Temp", now, 60));
	is_nobody(token_of(fx.first.id, "Recovery", now, 60));
	is_nobody(token_of(fx.first.id, TOKEN_LOGIN, now, 60)); /* machines do not log in */
	is_nobody(token_of(anna.id, TOKEN_SERVICE_ACCOUNT, now, 60));
	CHECK(with(token_of(anna.id, TOKEN_LOGIN, now, 60)) == 403); /* somebody, with no rights */
	EVP_PKEY_free(anna.key);
}

static void a_token_of_which_nothing_is_known_is_nobodys(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(JWS_TOKEN_MAX);
	DB_SCOPED struct db *db = open_db();
	struct token_row row = { .created_ms = hf_wall_ms(), .expires_ms = hf_wall_ms() + 60000 };

	hf_id_new("to", row.id);
	strcpy(row.org_id, fx.account.org_id);
	strcpy(row.identity_id, fx.account.identity_id);
	strcpy(row.kind, TOKEN_SERVICE_ACCOUNT);
	CHECK_OK(db_begin(db));
	CHECK_OK(access_token_text(fx.api->token_keys, db, &row, "x", &b));
	CHECK_OK(db_commit(db, DB_DURABLE));
	hf_buf_u8(&b, 0);
	is_nobody((const char *)b.ptr);
}

/* An organisation that shares the database, with an administrator. */
static void make_other(struct actor *who, char ids[3][HF_ID_MAX])
{
	DB_SCOPED struct db *db = open_db();
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(JWS_TOKEN_MAX);
	struct identity_row identity = { .active = true, .registered = true };
	struct permission_row permission = { .name = "all", .operations = EVERY_OPERATION };
	struct assignment_row assignment = { 0 };
	struct access_token_new from = { .kind = TOKEN_LOGIN,
		                         .name = "",
		                         .external_id = "",
		                         .credential_id = "",
		                         .seconds_valid = 60,
		                         .now_ms = hf_wall_ms() };
	struct token_row row;

	hf_id_new("or", identity.org_id);
	hf_id_new("us", identity.id);
	hf_id_new("pm", permission.id);
	hf_id_new("as", assignment.id);
	strcpy(identity.kind, KIND_USER);
	strcpy(identity.name, "eve@example.org");
	strcpy(permission.org_id, identity.org_id);
	strcpy(assignment.org_id, identity.org_id);
	strcpy(assignment.permission_id, permission.id);
	strcpy(assignment.identity_id, identity.id);
	from.org_id = identity.org_id;
	from.identity_id = identity.id;
	CHECK_OK(db_begin(db));
	CHECK_OK(org_row_insert(db, identity.org_id, "Other", 1));
	CHECK_OK(identity_row_insert(db, &identity));
	CHECK_OK(permission_row_insert(db, &permission));
	CHECK_OK(assignment_row_insert(db, &assignment));
	CHECK_OK(access_token_create(db, &from, &row, NULL));
	CHECK_OK(access_token_text(fx.api->token_keys, db, &row, "eve", &text));
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK_OK(hf_span_to_text(hf_buf_span(&text), who->token, sizeof(who->token)));
	strcpy(ids[0], identity.id);
	strcpy(ids[1], permission.id);
	strcpy(ids[2], assignment.id);
}

static void what_is_anothers_is_not_there(void **state)
{
	struct actor eve = { .key = NULL };
	char theirs[3][HF_ID_MAX], path[256];
	const char *mine = new_permission("mine", "\"Keys:Read\"");

	make_other(&eve, theirs);
	CHECK(get_as(&eve, "/keys") == 200);
	CHECK(items() == 0);
	CHECK(get_as(&eve, "/permissions") == 200);
	CHECK(items() == 1);
	CHECK(get_as(&eve, "/auth/users") == 200);
	CHECK(items() == 1);
	get_as(&eve, at("/permissions/%s", mine));
	expect(404, "permission not found");
	get_as(&eve, at("/auth/service-accounts/%s", fx.first.id));
	expect(404, "service account not found");
	get(at("/auth/users/%s", theirs[0]));
	expect(404, "user not found");
	get(at("/permissions/%s/assignments", theirs[1]));
	expect(404, "permission not found");
	signed_request("PUT", at("/auth/users/%s/deactivate", theirs[0]), "{}");
	expect(404, "user not found");
	signed_request("POST", at("/permissions/%s/assignments", theirs[1]),
	               at(ASSIGN, fx.first.id));
	expect(404, "permission not found");
	signed_request("POST", at("/permissions/%s/assignments", mine), at(ASSIGN, theirs[0]));
	expect(404, "identity not found");
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", theirs[1], theirs[2]);
	signed_delete(path);
	expect(404, "assignment not found");
}

static void an_assignment_of_another_permission_is_not_there(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *one = new_permission("one", "\"Keys:Read\"");
	const char *two = new_permission("two", "\"Keys:Create\"");
	char path[256];

	make_user(&anna, "anna@example.com");
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", two, assign(one, anna.id));
	signed_delete(path);
	expect(404, "assignment not found");
	EVP_PKEY_free(anna.key);
}

static int limited_setup(void **state)
{
	fx_rate_limit = 4;
	fx_login_rate = 3;
	return api_setup(state);
}

static int limited_teardown(void **state)
{
	fx_rate_limit = fx_login_rate = 0;
	return api_teardown(state);
}

static void a_caller_may_ask_so_often(void **state)
{
	int answered = 0, refused = 0;

	for (int i = 0; i < 400 && !refused; i++)
		*(get("/keys") == 200 ? &answered : &refused) += 1;
	CHECK(answered >= 4 && refused == 1);
	CHECK(got.status == 429);
	CHECK(strstr(member("error.message"), "a token may make 4 in a second"));
	usleep(600 * 1000);
	CHECK(get("/keys") == 200);
}

static void bad_tokens_are_tried_so_often(void **state)
{
	int refused = 0;

	CHECK(get("/keys") == 200);
	while (refused < 400 && with(at("a.b.%s", refused ? "x" : "y")) == 401)
		refused++;
	CHECK(refused >= 3 && refused < 400 && got.status == 429);
	CHECK(strstr(member("error.message"), "tokens that are not valid"));
	usleep(300 * 1000);
	CHECK(get("/keys") == 200); /* who is known is not shut out with them */
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
#define LIMITED(fn) cmocka_unit_test_setup_teardown(fn, limited_setup, limited_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_missing_or_malformed_token_is_nobodys),
		API_TEST(a_token_that_was_tampered_with_is_nobodys),
		API_TEST(claims_go_with_their_own_signature),
		API_TEST(an_expired_token_is_nobodys),
		API_TEST(a_token_is_good_for_its_kind_only),
		API_TEST(a_token_of_which_nothing_is_known_is_nobodys),
		API_TEST(what_is_anothers_is_not_there),
		API_TEST(an_assignment_of_another_permission_is_not_there),
		LIMITED(a_caller_may_ask_so_often),
		LIMITED(bad_tokens_are_tried_so_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
