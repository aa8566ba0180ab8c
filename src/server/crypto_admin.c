/* SPDX-License-Identifier: Apache-2.0
 * What is done for people of the Crypto API beside the running server, in its database: the first
 * administrator, and a second factor that is lost. */
#include "base/clock.h"
#include "server/core/access/passwords.h"
#include "server/core/access/principal.h"
#include "server/core/access/second_factor.h"
#include "server/core/audit/audit.h"
#include "server/server.h"
#include "server/store/member_rows.h"
#include "server/store/migrations.h"
#include "server/store/quorum_rows.h"
#include "server/store/session_rows.h"

#include <stdio.h>
#include <string.h>

static hf_status find_org(struct db *db, char ret[HF_ID_MAX], struct hf_err *err)
{
	hf_status s = orgs_only(db, ret);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_STATE,
		               "there is no organisation yet: make one by holdfast server init");
	if (s.code == HF_STATE)
		return hf_fail(err, HF_STATE,
		               "the database has several organisations: make the user by an "
		               "administrator of his");
	return s;
}

/* The user of the Signing API who has this address is the same person. */
static hf_status find_identity(struct db *db, const char *org_id, const char *email, int64_t now_ms,
                               char ret[HF_ID_MAX], struct hf_err *err)
{
	struct identity_row row;
	hf_status s = identity_row_find(db, org_id, KIND_USER, email, &row);

	if (s.code == HF_NOTFOUND) {
		row = (struct identity_row){ .kind = KIND_USER,
			                     .active = true,
			                     .created_ms = now_ms };
		hf_id_new("us", row.id);
		snprintf(row.org_id, sizeof(row.org_id), "%s", org_id);
		snprintf(row.name, sizeof(row.name), "%s", email);
		s = identity_row_insert(db, &row);
	}
	HF_TRY(s);
	if (!row.active)
		return hf_fail(err, HF_STATE, "%s is deactivated", email);
	memcpy(ret, row.id, sizeof(row.id));
	return HF_SUCCESS;
}

static hf_status promote(struct db *db, const char *org_id, const char *id, int64_t now_ms)
{
	struct member_row member;
	hf_status s = member_row_get(db, org_id, id, &member);

	if (s.code == HF_NOTFOUND) {
		member = (struct member_row){ .roles = ACCOUNT_ADMINISTRATOR,
			                      .enabled = true,
			                      .created_ms = now_ms };
		snprintf(member.id, sizeof(member.id), "%s", id);
		snprintf(member.org_id, sizeof(member.org_id), "%s", org_id);
		return member_row_insert(db, &member);
	}
	HF_TRY(s);
	member.roles |= ACCOUNT_ADMINISTRATOR;
	member.enabled = true;
	return member_row_update(db, &member);
}

static hf_status make(struct db *db, const struct server_crypto_admin *from, const char *hash,
                      char ret_id[64], struct hf_err *err)
{
	int64_t now = hf_wall_ms();
	struct password_row password = { .changed_ms = now };
	char org_id[HF_ID_MAX];
	struct audit_entry entry = {
		.name = "command line",
		.operation = "Server:CryptoAdmin",
		.outcome = "Accepted",
		.now_ms = now,
	};

	HF_TRY(find_org(db, org_id, err));
	HF_TRY(find_identity(db, org_id, from->email, now, ret_id, err));
	HF_TRY(promote(db, org_id, ret_id, now));
	snprintf(password.hash, sizeof(password.hash), "%s", hash);
	HF_TRY(password_row_put(db, ret_id, &password));
	HF_TRY(session_rows_delete_of(db, ret_id));
	entry.org_id = org_id;
	entry.subject_id = ret_id;
	return audit_add(db, &entry);
}

static hf_status check_email(const char *email, struct hf_err *err)
{
	const char *at = strchr(email, '@');

	if (!at || at == email || !at[1] || strpbrk(email, ": \t\r\n") ||
	    strlen(email) >= IDENTITY_NAME_MAX)
		return hf_fail(err, HF_INVALID, "--email: \"%.200s\" is no e-mail address", email);
	return HF_SUCCESS;
}

/* Of the transaction in which `s` came out. */
static hf_status end(struct db *db, hf_status s, struct hf_err *err)
{
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	if (hf_ok(s))
		return s;
	db_rollback(db);
	if (err && !err->text[0])
		return hf_fail(err, s.code, "cannot write to the database: %s", db_error(db));
	return s;
}

hf_status server_make_crypto_admin(const struct server_crypto_admin *from, char ret_id[64],
                                   struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	char hash[PASSWORD_HASHED_MAX];

	HF_TRY(check_email(from->email, err));
	HF_TRY(password_check_new(from->password, from->email, err));
	HF_TRY(password_hash(hf_span_text(from->password), hash));
	HF_TRY(db_open(&from->db, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(db_begin(db));
	return end(db, make(db, from, hash, ret_id, err), err);
}

static hf_status clear(struct db *db, const char *email, struct hf_err *err)
{
	struct audit_entry entry = {
		.name = "command line",
		.operation = "Server:ClearSecondFactor",
		.outcome = "Accepted",
		.now_ms = hf_wall_ms(),
	};
	struct member_row user;
	hf_status s = member_row_find(db, email, &user);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "%.200s is no user of the Crypto API", email);
	if (s.code == HF_STATE)
		return hf_fail(err, HF_STATE, "several accounts have a user %.200s", email);
	HF_TRY(s);
	if (!user.has_factor)
		return hf_fail(err, HF_STATE, "%.200s has no second factor", email);
	HF_TRY(factor_clear(db, user.id));
	HF_TRY(session_rows_delete_of(db, user.id));
	HF_TRY(quorum_decisions_forget(db, user.id));
	entry.org_id = user.org_id;
	entry.subject_id = user.id;
	return audit_add(db, &entry);
}

hf_status server_clear_second_factor(const struct db_config *config, const char *email,
                                     struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	HF_TRY(db_open(config, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(db_begin(db));
	return end(db, clear(db, email, err), err);
}
