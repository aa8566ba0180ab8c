/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/people.h"

#include "server/core/people/codes.h"
#include "server/store/code_rows.h"
#include "server/store/credential_rows.h"
#include "server/store/token_rows.h"

#include <stdio.h>
#include <string.h>

hf_status person_find(struct db *db, const char *org_id, const char *username,
                      struct identity_row *ret)
{
	struct identity_row user = { 0 }, end_user = { 0 };
	hf_status s = identity_row_find(db, org_id, KIND_USER, username, &user);
	hf_status t = identity_row_find(db, org_id, KIND_END_USER, username, &end_user);

	if (!hf_ok(s) && s.code != HF_NOTFOUND)
		return s;
	if (!hf_ok(t) && t.code != HF_NOTFOUND)
		return t;
	HF_ENSURE(hf_ok(s) ? user.active : hf_ok(t) && end_user.active, HF_NOTFOUND);
	*ret = hf_ok(s) ? user : end_user;
	return HF_SUCCESS;
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

hf_status person_add_credential(struct db *db, const struct identity_row *person,
                                const struct new_credential *from, int64_t now_ms,
                                char ret_uuid[HF_ID_MAX], struct hf_err *err)
{
	const struct enrolled *e = from->enrolled;
	char uuid[HF_ID_MAX];
	const struct credential_row row = {
		.id = e->id,
		.uuid = uuid,
		.org_id = person->org_id,
		.identity_id = person->id,
		.kind = from->kind,
		.name = from->name[0] ? from->name : from->kind,
		.public_key = e->public_key,
		.relying_party = text_or_null(e->relying_party),
		.origin = text_or_null(e->origin),
		.encrypted_private_key = from->encrypted_private_key,
		.counter = e->counter,
		.recovery = e->recovery,
	};
	hf_status s;

	hf_id_new("cr", uuid);
	s = credential_row_insert(db, &row, now_ms);
	if (s.code == HF_EXISTS)
		return hf_fail(err, s.code,
		               "a credential with this credId exists: use another one");
	HF_TRY(s);
	memcpy(ret_uuid, uuid, HF_ID_MAX);
	return HF_SUCCESS;
}

/* Codes, too: whoever had his session may have made one for another device. */
hf_status person_start_anew(struct db *db, const char *identity_id)
{
	static const char *const kinds[] = { CODE_CREDENTIAL, CODE_LOGIN, CODE_RECOVERY,
		                             CODE_REGISTRATION };

	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		HF_TRY(code_rows_withdraw(db, identity_id, kinds[i]));
	HF_TRY(credential_rows_deactivate(db, identity_id));
	return token_rows_end(db, identity_id);
}

hf_status person_open_session(struct token_keys *keys, struct db *db,
                              const struct session_new *from, struct hf_buf *token)
{
	const struct identity_row *person = from->person;
	struct token_row row = {
		.kind = TOKEN_LOGIN,
		.active = true,
		.created_ms = from->now_ms,
		.expires_ms = from->now_ms + from->lifetime_ms,
	};
	const struct token_claims claims = {
		.org_id = person->org_id,
		.identity_id = person->id,
		.token_id = row.id,
		.name = person->name,
		.kind = TOKEN_LOGIN,
		.issued_ms = row.created_ms,
		.expires_ms = row.expires_ms,
	};
	const struct jws_key *key;

	hf_id_new("to", row.id);
	memcpy(row.org_id, person->org_id, sizeof(row.org_id));
	memcpy(row.identity_id, person->id, sizeof(row.identity_id));
	snprintf(row.credential_id, sizeof(row.credential_id), "%s", from->credential_id);
	HF_TRY(token_row_insert(db, &row));
	HF_TRY(token_keys_current(keys, db, from->now_ms, &key));
	return token_issue(key, &claims, token);
}
