/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/print_accounts.h"

#include "server/core/rights/grant_changes.h"
#include "server/signing_api/rights/print_changes.h"
#include "server/store/credential_rows.h"

#include <string.h>

static hf_status print_grant(void *ctx, const struct assignment_row *assignment,
                             const struct permission_row *permission)
{
	struct json_writer *w = ctx;

	json_open_object(w, NULL);
	json_text(w, "permissionName", permission->name);
	json_text(w, "permissionId", permission->id);
	json_text(w, "assignmentId", assignment->id);
	operations_print(w, permission);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status print_grants(struct json_writer *w, struct db *db, const char *holder_id)
{
	json_open_array(w, "permissionAssignments");
	HF_TRY(grant_rows_list(db, holder_id, print_grant, w));
	json_close_array(w);
	return HF_SUCCESS;
}

static hf_status print_identity(struct json_writer *w, struct db *db,
                                const struct identity_row *row)
{
	bool machine = strcmp(row->kind, KIND_SERVICE_ACCOUNT) == 0;
	char uuid[HF_ID_MAX];

	HF_TRY(credential_row_first(db, row->id, uuid));
	json_text(w, "username", row->name);
	json_text(w, "name", row->name);
	json_text(w, "userId", row->id);
	json_text(w, "kind", machine ? KIND_USER : row->kind);
	json_text(w, "credentialUuid", uuid);
	json_text(w, "orgId", row->org_id);
	json_bool(w, "isActive", row->active);
	json_bool(w, "isServiceAccount", machine);
	json_bool(w, "isRegistered", row->registered);
	json_text_if(w, "externalId", row->external_id);
	return print_grants(w, db, row->id);
}

hf_status print_user(struct json_writer *w, struct db *db, const struct identity_row *user)
{
	json_open_object(w, NULL);
	json_bool(w, "isSSORequired", false);
	HF_TRY(print_identity(w, db, user));
	json_close_object(w);
	return HF_SUCCESS;
}

/* `name`: the token's, or its service account's. */
static hf_status print_token(struct json_writer *w, struct db *db, const struct token_row *token,
                             const char *name, const char *public_key, struct hf_span secret)
{
	bool own = strcmp(token->kind, TOKEN_PAT) == 0;

	json_open_object(w, NULL);
	if (secret.len)
		json_span(w, "accessToken", secret);
	json_date(w, "dateCreated", token->created_ms);
	json_text(w, "credId", token->credential_id);
	json_bool(w, "isActive", token->active);
	json_text(w, "kind", token->kind);
	json_text(w, "linkedUserId", token->identity_id);
	json_text(w, "linkedAppId", "");
	json_text(w, "name", name);
	json_text(w, "orgId", token->org_id);
	json_text(w, "publicKey", public_key);
	json_text(w, "tokenId", token->id);
	json_date(w, "dateExpires", token->expires_ms);
	json_text_if(w, "externalId", token->external_id);
	HF_TRY(print_grants(w, db, own ? token->id : token->identity_id));
	json_close_object(w);
	return HF_SUCCESS;
}

struct printing {
	struct json_writer *w;
	struct db *db;
	const char *name;
	struct hf_span secret;
};

static hf_status print_one(void *ctx, const struct token_row *token, const char *public_key)
{
	const struct printing *p = ctx;

	return print_token(p->w, p->db, token, p->name, public_key, p->secret);
}

hf_status print_account(struct json_writer *w, struct db *db, const struct identity_row *account,
                        struct hf_span secret)
{
	struct printing p = { .w = w, .db = db, .name = account->name, .secret = secret };

	json_open_object(w, NULL);
	json_open_object(w, "userInfo");
	HF_TRY(print_identity(w, db, account));
	json_close_object(w);
	json_open_array(w, "accessTokens");
	HF_TRY(token_rows_list(db, account->id, TOKEN_SERVICE_ACCOUNT, print_one, &p));
	json_close_array(w);
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status print_pat(struct json_writer *w, struct db *db, const struct token_row *token,
                    const char *public_key, struct hf_span secret)
{
	return print_token(w, db, token, token->name, public_key, secret);
}

hf_status print_permission(struct json_writer *w, struct db *db, const struct permission_row *p)
{
	json_open_object(w, NULL);
	json_text(w, "id", p->id);
	json_text(w, "name", p->name);
	operations_print(w, p);
	json_text(w, "status", "Active");
	json_bool(w, "isImmutable", p->immutable);
	json_bool(w, "isArchived", p->archived);
	json_date(w, "dateCreated", p->created_ms);
	json_date(w, "dateUpdated", p->updated_ms);
	if (db)
		HF_TRY(print_pending_change(w, db, p->org_id, p->id));
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status print_assignment(struct json_writer *w, struct db *db, const struct assignment_row *a)
{
	json_open_object(w, NULL);
	json_text(w, "id", a->id);
	json_text(w, "permissionId", a->permission_id);
	json_text(w, "identityId", a->identity_id);
	json_bool(w, "isImmutable", a->immutable);
	json_date(w, "dateCreated", a->created_ms);
	json_date(w, "dateUpdated", a->updated_ms);
	if (db)
		HF_TRY(print_pending_change(w, db, a->org_id, a->id));
	json_close_object(w);
	return HF_SUCCESS;
}
