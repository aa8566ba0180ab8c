/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/identities.h"

#include "base/text.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/rights/grants.h"
#include "server/store/credential_rows.h"
#include "server/store/quorum_rows.h"
#include "server/store/session_rows.h"

#include <stdio.h>
#include <string.h>

static const char *word(enum identity_class which)
{
	return which == IDENTITY_USER ? "user" : "service account";
}

hf_status key_credential_create(struct db *db, const struct key_credential *from,
                                char ret_id[CREDENTIAL_ID_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CREDENTIAL_ID_MAX - 1);
	char uuid[HF_ID_MAX], id[HF_ID_MAX];
	struct credential_row row = {
		.uuid = uuid,
		.org_id = from->org_id,
		.identity_id = from->identity_id,
		.kind = credential_kind_name(CREDENTIAL_KEY),
		.name = from->name,
		.public_key = from->public_key,
		.token_id = from->token_id,
	};
	char public_id[CREDENTIAL_ID_MAX];

	hf_id_new("cr", uuid);
	snprintf(id, sizeof(id), "ci%s", uuid + strlen("cr"));
	hf_buf_base64url(&text, hf_span_text(id));
	HF_TRY(hf_buf_status(&text));
	HF_TRY(hf_span_to_text(hf_buf_span(&text), public_id, sizeof(public_id)));
	row.id = public_id;
	HF_TRY(credential_row_insert(db, &row, from->now_ms));
	memcpy(ret_id, public_id, sizeof(public_id));
	return HF_SUCCESS;
}

static hf_status name_is_taken(enum identity_class which, const char *name, struct hf_err *err)
{
	return hf_fail(err, HF_EXISTS, "a %s named \"%s\" exists already: choose another name",
	               word(which), name);
}

hf_status identity_create(struct db *db, const struct identity_new *from, struct identity_row *ret,
                          char credential_id[CREDENTIAL_ID_MAX], struct hf_err *err)
{
	struct identity_row row = {
		.active = true,
		.registered = from->public_key[0] != '\0',
		.created_ms = from->now_ms,
	};
	bool machine = strcmp(from->kind, KIND_SERVICE_ACCOUNT) == 0;
	struct key_credential key = {
		.org_id = from->org_id,
		.identity_id = row.id,
		.name = from->name,
		.public_key = from->public_key,
		.now_ms = from->now_ms,
	};
	hf_status s;

	hf_id_new("us", row.id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", from->org_id);
	snprintf(row.kind, sizeof(row.kind), "%s", from->kind);
	snprintf(row.name, sizeof(row.name), "%s", from->name);
	snprintf(row.external_id, sizeof(row.external_id), "%s", from->external_id);
	snprintf(row.created_by, sizeof(row.created_by), "%s", from->created_by);
	s = identity_row_insert(db, &row);
	if (s.code == HF_EXISTS)
		return name_is_taken(machine ? IDENTITY_SERVICE_ACCOUNT : IDENTITY_USER, from->name,
		                     err);
	HF_TRY(s);
	credential_id[0] = '\0';
	if (row.registered)
		HF_TRY(key_credential_create(db, &key, credential_id));
	*ret = row;
	return HF_SUCCESS;
}

hf_status identity_get(struct db *db, const char *org_id, enum identity_class which, const char *id,
                       struct identity_row *ret, struct hf_err *err)
{
	struct identity_row row;
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("us", id))
		s = identity_row_get(db, org_id, NULL, id, &row);
	if (hf_ok(s) &&
	    (strcmp(row.kind, KIND_SERVICE_ACCOUNT) == 0) != (which == IDENTITY_SERVICE_ACCOUNT))
		s = HF_FAILURE(HF_NOTFOUND);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "%s not found", word(which));
	HF_TRY(s);
	*ret = row;
	return HF_SUCCESS;
}

hf_status identity_update(struct db *db, const char *org_id, enum identity_class which,
                          const char *id, const char *name, const char *external_id,
                          struct identity_row *ret, struct hf_err *err)
{
	struct identity_row row, other;
	hf_status s;

	HF_TRY(identity_get(db, org_id, which, id, &row, err));
	if (name) {
		s = identity_row_find(db, org_id, row.kind, name, &other);
		if (hf_ok(s) && strcmp(other.id, row.id) != 0)
			return name_is_taken(which, name, err);
		if (!hf_ok(s) && s.code != HF_NOTFOUND)
			return s;
		snprintf(row.name, sizeof(row.name), "%s", name);
	}
	if (external_id)
		snprintf(row.external_id, sizeof(row.external_id), "%s", external_id);
	HF_TRY(identity_row_rename(db, row.id, row.name, row.external_id));
	*ret = row;
	return HF_SUCCESS;
}

static hf_status check_may_go(struct db *db, const struct caller *by,
                              const struct identity_row *row, const char *what, struct hf_err *err)
{
	if (strcmp(by->identity_id, row->id) == 0)
		return hf_fail(err, HF_STATE,
		               "nobody can %s himself: let another administrator do it", what);
	return grants_check_last(db, row->org_id, row->id, err);
}

/* A user of the Crypto API is the same identity. What its quorums need is not taken away here
 * either; and what he has approved, and his sessions, do not come back with him. */
static hf_status leave_crypto_api(struct db *db, const struct identity_row *row, bool asked,
                                  bool rests, struct hf_err *err)
{
	const struct quorum_leaver who = {
		.org_id = row->org_id,
		.identity_id = row->id,
		.asked = asked,
		.rests = rests,
	};
	struct hf_err why = { 0 };
	hf_status s;

	if (strcmp(row->kind, KIND_USER) != 0)
		return HF_SUCCESS;
	HF_TRY(quorum_decisions_forget(db, row->id));
	HF_TRY(session_rows_delete_of(db, row->id));
	s = quorum_reach_without(db, &who, &why);
	if (s.code == HF_STATE)
		return hf_fail(err, HF_STATE, "he approves in the Crypto API: %s", why.text);
	return s;
}

hf_status identity_set_active(struct db *db, const struct caller *by, enum identity_class which,
                              const char *id, bool active, struct identity_row *ret,
                              struct hf_err *err)
{
	struct identity_row row;
	bool asked;

	HF_TRY(identity_get(db, by->org_id, which, id, &row, err));
	HF_TRY(quorum_reach_asks(db, row.org_id, row.id, &asked));
	if (!active)
		HF_TRY(check_may_go(db, by, &row, "deactivate", err));
	HF_TRY(identity_row_set_active(db, row.id, active));
	if (!active)
		HF_TRY(leave_crypto_api(db, &row, asked, true, err));
	row.active = active;
	*ret = row;
	return HF_SUCCESS;
}

hf_status identity_archive(struct db *db, const struct caller *by, enum identity_class which,
                           const char *id, struct identity_row *ret, struct hf_err *err)
{
	struct identity_row row;
	bool asked;

	HF_TRY(identity_get(db, by->org_id, which, id, &row, err));
	HF_TRY(quorum_reach_asks(db, row.org_id, row.id, &asked));
	HF_TRY(check_may_go(db, by, &row, "archive", err));
	HF_TRY(identity_row_archive(db, row.id));
	HF_TRY(leave_crypto_api(db, &row, asked, false, err));
	HF_TRY(assignment_rows_delete_of(db, row.id));
	row.active = false;
	row.archived = true;
	*ret = row;
	return HF_SUCCESS;
}
