/* SPDX-License-Identifier: Apache-2.0
 * Request bodies by which people show who they are, as bodies.h: texts point into the document.
 * Fields that are base64url are still text; each is decoded where it is used. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_LOGIN_BODIES_H
#define HF_SERVER_SIGNING_API_PEOPLE_LOGIN_BODIES_H

#include "json/read.h"

/* What a credential has signed. */
struct factor_body {
	const char *kind; /* NULL: there is none */
	const char *credential_id, *client_data, *signature;
	const char *authenticator_data; /* "" when absent */
};

struct login_init_body {
	const char *username; /* "" when absent: the credential will tell */
	const char *org_id;
	const char *code; /* "" when absent */
};
HF_MUST hf_status read_login_init(const struct json_t *body, struct login_init_body *ret,
                                  struct hf_err *err);

struct login_body {
	const char *identifier;
	struct factor_body first, second;
};
/* Of POST /auth/login, and of POST /auth/action. */
HF_MUST hf_status read_login(const struct json_t *body, struct login_body *ret, struct hf_err *err);

HF_MUST hf_status read_logout(const struct json_t *body, bool *ret_all, struct hf_err *err);
/* {username}, of delegated logins. */
HF_MUST hf_status read_username(const struct json_t *body, const char **ret, struct hf_err *err);

#endif
