/* SPDX-License-Identifier: Apache-2.0
 * Request bodies about users, service accounts, access tokens, permissions and assignments; as in
 * bodies.h. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_ACCOUNT_BODIES_H
#define HF_SERVER_SIGNING_API_PEOPLE_ACCOUNT_BODIES_H

#include "json/read.h"
#include "server/core/rights/permissions.h"

struct user_body {
	const char *email, *kind;
	const char *public_key, *external_id; /* "" when absent */
	bool sso_required;
};
HF_MUST hf_status read_create_user(const struct json_t *body, struct user_body *ret,
                                   struct hf_err *err);
/* There is one thing to change about a user, and it can only stay as it is. */
HF_MUST hf_status read_update_user(const struct json_t *body, struct hf_err *err);

/* A service account, or a personal access token. */
struct account_body {
	const char *name, *public_key;
	const char *permission_id, *external_id; /* "" when absent */
	int64_t seconds_valid;
};
HF_MUST hf_status read_create_account(const struct json_t *body, struct account_body *ret,
                                      struct hf_err *err);
HF_MUST hf_status read_create_pat(const struct json_t *body, struct account_body *ret,
                                  struct hf_err *err);

struct label_body {
	const char *name, *external_id; /* NULL when absent */
};
HF_MUST hf_status read_label(const struct json_t *body, struct label_body *ret, struct hf_err *err);

struct permission_body {
	const char *name;    /* NULL when absent */
	bool has_operations; /* always, for a new one */
	struct permission_set operations;
};
HF_MUST hf_status read_create_permission(const struct json_t *body, struct permission_body *ret,
                                         struct hf_err *err);
HF_MUST hf_status read_update_permission(const struct json_t *body, struct permission_body *ret,
                                         struct hf_err *err);
HF_MUST hf_status read_archived(const struct json_t *body, bool *ret, struct hf_err *err);
/* *ret points into the document. */
HF_MUST hf_status read_assignment(const struct json_t *body, const char **ret, struct hf_err *err);

#endif
