/* SPDX-License-Identifier: Apache-2.0
 * Request bodies that bring new credentials: registration, recovery, one more. See login_bodies.h.
 */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_CREDENTIAL_BODIES_H
#define HF_SERVER_SIGNING_API_PEOPLE_CREDENTIAL_BODIES_H

#include "server/signing_api/people/login_bodies.h"

/* A new credential. */
struct credential_body {
	const char *kind; /* NULL: there is none */
	const char *id, *client_data, *attestation;
	const char *name;                  /* "" when absent */
	const char *encrypted_private_key; /* NULL when absent */
	const char *identifier;            /* of a credential that is added; otherwise "" */
};

struct registration_init_body {
	const char *username, *org_id, *code;
};
HF_MUST hf_status read_registration_init(const struct json_t *body,
                                         struct registration_init_body *ret, struct hf_err *err);

struct delegated_body {
	const char *email, *external_id; /* "" when absent */
};
HF_MUST hf_status read_delegated_registration(const struct json_t *body, struct delegated_body *ret,
                                              struct hf_err *err);

#define NEW_CREDENTIALS_MAX 3 /* first factor, second factor, recovery */

/* Those that are absent have no kind; the first never is. */
struct new_credentials_body {
	struct credential_body credentials[NEW_CREDENTIALS_MAX];
};
/* `end_user`: with "wallets", which has to be empty. */
HF_MUST hf_status read_registration(const struct json_t *body, bool end_user,
                                    struct new_credentials_body *ret, struct hf_err *err);

struct recovery_init_body {
	const char *username, *org_id, *code, *credential_id;
};
HF_MUST hf_status read_recovery_init(const struct json_t *body, struct recovery_init_body *ret,
                                     struct hf_err *err);
HF_MUST hf_status read_delegated_recovery(const struct json_t *body, struct recovery_init_body *ret,
                                          struct hf_err *err);

struct recovery_body {
	struct factor_body recovery;
	const struct json_t *new_credentials; /* what the recovery key has signed */
	struct new_credentials_body credentials;
};
HF_MUST hf_status read_recovery(const struct json_t *body, struct recovery_body *ret,
                                struct hf_err *err);

/* {kind}; {credentialKind, code}. */
HF_MUST hf_status read_credential_init(const struct json_t *body, const char **ret_kind,
                                       struct hf_err *err);
struct credential_code_init_body {
	const char *kind, *code;
};
HF_MUST hf_status read_credential_code_init(const struct json_t *body,
                                            struct credential_code_init_body *ret,
                                            struct hf_err *err);
HF_MUST hf_status read_credential(const struct json_t *body, struct credential_body *ret,
                                  struct hf_err *err);
HF_MUST hf_status read_credential_uuid(const struct json_t *body, const char **ret,
                                       struct hf_err *err);
/* {expiration}: ISO 8601 in UTC, or seconds since 1970. */
HF_MUST hf_status read_credential_code(const struct json_t *body, int64_t *ret_expires_ms,
                                       struct hf_err *err);

#endif
