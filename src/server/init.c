/* SPDX-License-Identifier: Apache-2.0
 * The beginning of an installation: organisation, key store, first service account and its token.
 */
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "crypto/tls.h"
#include "server/server.h"
#include "server/signing_api/api.h"
#include "server/store/credential_rows.h"
#include "server/store/migrations.h"
#include "server/store/migrations/people.h"
#include "server/store/permission_rows.h"
#include "server/store/store_rows.h"
#include "server/store/token_key_rows.h"
#include "server/store/token_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_LEN 32
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct setup {
	const struct server_init *init;
	struct hf_buf pem;      /* the credential's public key */
	char issuer_key_id[65]; /* "": any driver */
	struct core_secrets secrets;
	int64_t now_ms;
	char token_id[HF_ID_MAX];
	struct server_init_result result;
};

static hf_status read_public_key(const char *path, struct hf_buf *to, struct hf_err *err)
{
	struct credential_key *key;
	HF_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *room = hf_buf_grow(to, CREDENTIAL_PEM_MAX + 1);
	ssize_t n;

	HF_ENSURE(room, HF_NOMEM);
	n = fd < 0 ? -1 : read(fd, room, CREDENTIAL_PEM_MAX + 1);
	if (n < 0)
		return hf_fail(err, HF_IO, "cannot read the public key file %s: %s", path,
		               strerror(errno));
	to->len = (size_t)n;
	HF_TRY(hf_context(err, credential_key_parse(hf_buf_span(to), &key, err), "%s", path));
	credential_key_free(key);
	hf_buf_u8(to, 0);
	return hf_buf_status(to);
}

/* An existing file is used as it is: core_secrets_load() has its say about it. */
static hf_status make_secret_file(const char *path, struct hf_err *err)
{
	HF_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint8_t secret[SECRET_LEN];
	bool written;

	if (fd < 0 && errno == EEXIST)
		return HF_SUCCESS;
	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot make the secret file %s: %s", path,
		               strerror(errno));
	hf_random(secret, sizeof(secret));
	written = write(fd, secret, sizeof(secret)) == (ssize_t)sizeof(secret) && fsync(fd) == 0;
	hf_wipe(secret, sizeof(secret));
	if (!written) {
		unlink(path);
		return hf_fail(err, HF_IO, "cannot write the secret file %s: %s", path,
		               strerror(errno));
	}
	return HF_SUCCESS;
}

static void make_ids(struct setup *s)
{
	char id[HF_ID_MAX];
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(sizeof(s->result.credential_id) - 1);

	s->now_ms = hf_wall_ms();
	hf_id_new("or", s->result.org_id);
	hf_id_new("store", s->result.store_id);
	hf_id_new("us", s->result.identity_id);
	hf_id_new("to", s->token_id);
	hf_id_new("ci", id); /* clients see a credential's id as base64url text of one */
	hf_buf_base64url(&text, hf_span_text(id));
	hf_ignore(hf_span_to_text(hf_buf_span(&text), s->result.credential_id,
	                          sizeof(s->result.credential_id)));
}

static hf_status insert_store(const struct setup *s, struct db *db)
{
	struct store_row store = { .kind = STORE_KIND_HSM, .primary = true };

	snprintf(store.id, sizeof(store.id), "%s", s->result.store_id);
	snprintf(store.name, sizeof(store.name), "%s", s->init->store_name);
	return store_row_insert(db, &store, s->result.org_id,
	                        s->issuer_key_id[0] ? s->issuer_key_id : NULL, s->now_ms);
}

static hf_status insert_account(const struct setup *s, struct db *db)
{
	struct identity_row identity = {
		.kind = KIND_SERVICE_ACCOUNT,
		.active = true,
		.registered = true,
		.created_ms = s->now_ms,
	};
	char uuid[HF_ID_MAX];
	const struct credential_row credential = {
		.id = s->result.credential_id,
		.uuid = uuid,
		.org_id = s->result.org_id,
		.identity_id = s->result.identity_id,
		.kind = "Key",
		.name = s->init->account_name,
		.public_key = (const char *)s->pem.ptr,
	};
	struct token_row token = {
		.kind = TOKEN_SERVICE_ACCOUNT,
		.active = true,
		.created_ms = s->now_ms,
		.expires_ms = s->now_ms + s->init->token_days * DAY_MS,
	};

	hf_id_new("cr", uuid);
	snprintf(identity.id, sizeof(identity.id), "%s", s->result.identity_id);
	snprintf(identity.org_id, sizeof(identity.org_id), "%s", s->result.org_id);
	snprintf(identity.name, sizeof(identity.name), "%s", s->init->account_name);
	snprintf(token.id, sizeof(token.id), "%s", s->token_id);
	snprintf(token.org_id, sizeof(token.org_id), "%s", s->result.org_id);
	snprintf(token.identity_id, sizeof(token.identity_id), "%s", s->result.identity_id);
	snprintf(token.credential_id, sizeof(token.credential_id), "%s", s->result.credential_id);
	HF_TRY(identity_row_insert(db, &identity));
	HF_TRY(credential_row_insert(db, &credential, s->now_ms));
	return token_row_insert(db, &token);
}

/* Everything is allowed to the first account; whatever comes later has what it is given. */
static hf_status insert_full_access(const struct setup *s, struct db *db)
{
	struct permission_row permission = {
		.name = ADMIN_PERMISSION,
		.operations = EVERY_OPERATION,
		.immutable = true,
		.created_ms = s->now_ms,
		.updated_ms = s->now_ms,
	};
	struct assignment_row assignment = { .created_ms = s->now_ms, .updated_ms = s->now_ms };

	hf_id_new("pm", permission.id);
	hf_id_new("as", assignment.id);
	memcpy(assignment.permission_id, permission.id, sizeof(assignment.permission_id));
	snprintf(permission.org_id, sizeof(permission.org_id), "%s", s->result.org_id);
	snprintf(assignment.org_id, sizeof(assignment.org_id), "%s", s->result.org_id);
	snprintf(assignment.identity_id, sizeof(assignment.identity_id), "%s",
	         s->result.identity_id);
	HF_TRY(permission_row_insert(db, &permission));
	return assignment_row_insert(db, &assignment);
}

static hf_status insert_all(const struct setup *s, struct db *db)
{
	HF_TRY(org_row_insert(db, s->result.org_id, s->init->org_name, s->now_ms));
	HF_TRY(token_key_row_insert(db, 1, s->now_ms));
	HF_TRY(insert_store(s, db));
	HF_TRY(insert_account(s, db));
	return insert_full_access(s, db);
}

static hf_status check_new(struct db *db, struct hf_err *err)
{
	bool any;

	if (!hf_ok(orgs_any(db, &any)))
		return hf_fail(err, HF_IO, "cannot read the database: %s", db_error(db));
	if (any)
		return hf_fail(err, HF_EXISTS,
		               "the database has an organisation already: init is for a new one. "
		               "Another server of it needs no init, but a copy of the secret file");
	return HF_SUCCESS;
}

static hf_status insert_into_new(const struct setup *s, struct db *db, struct hf_err *err)
{
	HF_TRY(check_new(db, err));
	HF_TRY(core_secrets_check(&s->secrets, db, err));
	return insert_all(s, db);
}

static hf_status write_rows(const struct setup *s, struct db *db, struct hf_err *err)
{
	struct hf_err why = { 0 };
	hf_status status = db_begin(db);

	if (hf_ok(status))
		status = insert_into_new(s, db, &why);
	if (hf_ok(status))
		status = db_commit(db, DB_DURABLE);
	if (hf_ok(status))
		return status;
	db_rollback(db);
	if (why.text[0])
		return hf_fail(err, why.code, "%s", why.text);
	return hf_fail(err, status.code, "cannot write to the database: %s", db_error(db));
}

static hf_status issue_token(struct setup *s)
{
	HF_SECRET struct hf_secret seed = { 0 };
	struct jws_key *key;
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(sizeof(s->result.token) - 1);
	const struct token_claims claims = {
		.org_id = s->result.org_id,
		.identity_id = s->result.identity_id,
		.token_id = s->token_id,
		.name = s->init->account_name,
		.kind = KIND_SERVICE_ACCOUNT,
		.issued_ms = s->now_ms,
		.expires_ms = s->now_ms + s->init->token_days * DAY_MS,
	};
	hf_status status;

	HF_TRY(core_token_seed(&s->secrets, 1, &seed));
	HF_TRY(jws_key_new(&seed, "token-1", &key));
	status = token_issue(key, &claims, &token);
	jws_key_free(key);
	HF_TRY(status);
	status = hf_span_to_text(hf_buf_span(&token), s->result.token, sizeof(s->result.token));
	hf_wipe(token.ptr, token.len);
	return status;
}

/* What may fail for reasons of the caller's comes before anything is made. */
static hf_status set_up(struct setup *s, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	if (s->init->token_days < 1 || s->init->token_days > 730)
		return hf_fail(err, HF_INVALID, "a token is valid for 1 to 730 days");
	HF_TRY(read_public_key(s->init->public_key_file, &s->pem, err));
	if (s->init->driver_ca)
		HF_TRY(tls_issuer_key_id(s->init->driver_ca, s->issuer_key_id, err));
	HF_TRY(db_open(&s->init->db, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(check_new(db, err));
	HF_TRY(make_secret_file(s->init->secret_file, err));
	HF_TRY(core_secrets_load(s->init->secret_file, &s->secrets, err));
	make_ids(s);
	HF_TRY(issue_token(s));
	return write_rows(s, db, err);
}

hf_status server_init(const struct server_init *init, struct server_init_result *ret,
                      struct hf_err *err)
{
	struct setup s = { .init = init, .pem = HF_BUF(CREDENTIAL_PEM_MAX + 2) };
	hf_status status = set_up(&s, err);

	if (hf_ok(status))
		*ret = s.result;
	hf_wipe(&s.result, sizeof(s.result));
	core_secrets_done(&s.secrets);
	hf_buf_done(&s.pem);
	return status;
}

static hf_status set_issuer(struct db *db, const char *store_id, const char *issuer_key_id)
{
	hf_status s;

	HF_TRY(db_begin(db));
	s = store_row_set_issuer(db, store_id, issuer_key_id);
	if (hf_ok(s))
		return db_commit(db, DB_DURABLE);
	db_rollback(db);
	return s;
}

hf_status server_set_driver_ca(const struct db_config *config, const char *store_id,
                               const char *driver_ca, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	char issuer_key_id[65];
	hf_status s;

	HF_TRY(tls_issuer_key_id(driver_ca, issuer_key_id, err));
	HF_TRY(db_open(config, &db, err));
	HF_TRY(server_migrate(db, err));
	s = set_issuer(db, store_id, issuer_key_id);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, s.code,
		               "there is no key store %s: `server init` has told its id", store_id);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot change the key store: %s", db_error(db));
	return s;
}
