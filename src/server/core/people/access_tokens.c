/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/access_tokens.h"

#include "server/core/people/identities.h"
#include "server/store/permission_rows.h"

#include <stdio.h>
#include <string.h>

static hf_status name_is_taken(const char *name, struct hf_err *err)
{
	return hf_fail(err, HF_EXISTS,
	               "you have a personal access token named \"%s\" already: choose another name",
	               name);
}

hf_status access_token_create(struct db *db, const struct access_token_new *from,
                              struct token_row *ret, struct hf_err *err)
{
	struct token_row row = {
		.active = true,
		.created_ms = from->now_ms,
		.expires_ms = from->now_ms + 1000 * from->seconds_valid,
	};
	const struct key_credential key = {
		.org_id = from->org_id,
		.identity_id = from->identity_id,
		.token_id = row.id,
		.name = from->name,
		.public_key = from->public_key,
		.now_ms = from->now_ms,
	};
	hf_status s;

	hf_id_new("to", row.id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", from->org_id);
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", from->identity_id);
	snprintf(row.kind, sizeof(row.kind), "%s", from->kind);
	snprintf(row.name, sizeof(row.name), "%s", from->name);
	snprintf(row.external_id, sizeof(row.external_id), "%s", from->external_id);
	if (strcmp(from->kind, TOKEN_PAT) == 0)
		HF_TRY(key_credential_create(db, &key, row.credential_id));
	else
		snprintf(row.credential_id, sizeof(row.credential_id), "%s", from->credential_id);
	s = token_row_insert(db, &row);
	if (s.code == HF_EXISTS)
		return name_is_taken(from->name, err);
	HF_TRY(s);
	*ret = row;
	return HF_SUCCESS;
}

hf_status access_token_text(struct token_keys *keys, struct db *db, const struct token_row *token,
                            const char *name, struct hf_buf *to)
{
	const struct token_claims claims = {
		.org_id = token->org_id,
		.identity_id = token->identity_id,
		.token_id = token->id,
		.name = name,
		.kind = token->kind,
		.issued_ms = token->created_ms,
		.expires_ms = token->expires_ms,
	};
	const struct jws_key *key;

	HF_TRY(token_keys_current(keys, db, token->created_ms, &key));
	return token_issue(key, &claims, to);
}

static hf_status keep(void *ctx, const struct token_row *row, const char *public_key)
{
	*(struct token_row *)ctx = *row;
	return HF_SUCCESS;
}

struct name_search {
	const char *name, *not_id;
	bool found;
};

static hf_status look_for_name(void *ctx, const struct token_row *row, const char *public_key)
{
	struct name_search *s = ctx;

	if (strcmp(row->name, s->name) == 0 && strcmp(row->id, s->not_id) != 0)
		s->found = true;
	return HF_SUCCESS;
}

static hf_status rename_pat(struct db *db, struct token_row *row, const char *name,
                            const char *external_id, struct hf_err *err)
{
	struct name_search search = { .name = name, .not_id = row->id };

	if (name) {
		HF_TRY(token_rows_list(db, row->identity_id, TOKEN_PAT, look_for_name, &search));
		if (search.found)
			return name_is_taken(name, err);
		snprintf(row->name, sizeof(row->name), "%s", name);
	}
	if (external_id)
		snprintf(row->external_id, sizeof(row->external_id), "%s", external_id);
	return token_row_rename(db, row->id, row->name, row->external_id);
}

hf_status pat_change(struct db *db, const char *identity_id, const char *id, enum pat_change change,
                     const char *name, const char *external_id, struct hf_err *err)
{
	struct token_row row;
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("to", id))
		s = token_row_show(db, identity_id, TOKEN_PAT, id, keep, &row);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "personal access token not found");
	HF_TRY(s);
	switch (change) {
	case PAT_UPDATE:
		return rename_pat(db, &row, name, external_id, err);
	case PAT_ACTIVATE:
		return token_row_set_active(db, row.id, true);
	case PAT_DEACTIVATE:
		return token_row_set_active(db, row.id, false);
	case PAT_ARCHIVE:
		HF_TRY(assignment_rows_delete_of(db, row.id));
		return token_row_archive(db, row.id);
	}
	return HF_FAILURE(HF_INTERNAL);
}
