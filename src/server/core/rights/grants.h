/* SPDX-License-Identifier: Apache-2.0
 * Permissions as an organisation makes them, lists of operations with a name, and their assignment
 * to users, service accounts and personal access tokens. Inside the caller's transaction; failures
 * come with words.
 *
 * Nobody gives away what he has not himself: whoever assigns a permission, or adds operations to
 * one, holds each of them. What is asked for by people who may is then for policies to judge
 * (changes.h). Somebody with full access always remains. */
#ifndef HF_SERVER_CORE_RIGHTS_GRANTS_H
#define HF_SERVER_CORE_RIGHTS_GRANTS_H

#include "server/core/policies/changes.h"
#include "server/core/rights/permissions.h"
#include "server/store/permission_rows.h"

/* What somebody's permissions allow, added to the set. `holder_id`: an identity's, or a personal
 * access token's. */
HF_MUST hf_status grants_load(struct db *db, const char *holder_id, struct permission_set *to);
/* HF_STATE: without this identity nobody would have full access any more. */
HF_MUST hf_status grants_check_last(struct db *db, const char *org_id, const char *identity_id,
                                    struct hf_err *err);

/* Who asks, and his proof. */
struct requester {
	const struct caller *caller;
	struct hf_span proof;
	int64_t now_ms;
};

/* HF_NOTFOUND. */
HF_MUST hf_status permission_get(struct db *db, const char *org_id, const char *id,
                                 struct permission_row *ret, struct hf_err *err);
/* A new one, which nobody has yet. HF_EXISTS: the name is taken, or was. */
HF_MUST hf_status permission_create(struct db *db, const struct requester *by, const char *name,
                                    const struct permission_set *operations,
                                    struct permission_row *ret, struct hf_err *err);

struct permission_edit {
	const char *name;                        /* NULL: as it is */
	const struct permission_set *operations; /* NULL: as they are */
	const bool *archived;                    /* NULL: as it is */
};
/* *ret is the permission as it was asked for, which it is when the outcome is CHANGE_APPLIED. */
HF_MUST hf_status permission_edit(struct db *db, const struct requester *by, const char *id,
                                  const struct permission_edit *edit, struct permission_row *ret,
                                  struct change_outcome *ret_outcome, struct hf_err *err);

HF_MUST hf_status assignment_create(struct db *db, const struct requester *by,
                                    const char *permission_id, const char *identity_id,
                                    struct assignment_row *ret, struct change_outcome *ret_outcome,
                                    struct hf_err *err);
/* HF_STATE: immutable; the last with full access; one's own, unless `force`. */
HF_MUST hf_status assignment_revoke(struct db *db, const struct requester *by,
                                    const char *permission_id, const char *id, bool force,
                                    struct assignment_row *ret, struct change_outcome *ret_outcome,
                                    struct hf_err *err);

/* What a new service account or personal access token is to have: this permission, or, with
 * `permission_id` "", every one that its maker has. */
#define GRANTS_MAX 64
struct grants {
	char ids[GRANTS_MAX][HF_ID_MAX];
	size_t n;
};
HF_MUST hf_status grants_choose(struct db *db, const struct caller *by, const char *permission_id,
                                struct grants *ret, struct hf_err *err);
/* To a new service account: as assignment_create() for each; those that a policy holds are not
 * there yet. */
HF_MUST hf_status grants_request(struct db *db, const struct requester *by,
                                 const struct grants *grants, const char *identity_id,
                                 struct hf_err *err);
/* To a personal access token, which can do no more with them than its user can. */
HF_MUST hf_status grants_to_token(struct db *db, const struct grants *grants, const char *org_id,
                                  const char *token_id, int64_t now_ms);

#endif
