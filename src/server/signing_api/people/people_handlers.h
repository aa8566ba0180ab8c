/* SPDX-License-Identifier: Apache-2.0
 * The operations by which people prove who they are, by resource; and what they share. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_HANDLERS_H
#define HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_HANDLERS_H

#include "server/signing_api/call.h"
#include "server/store/identity_rows.h"

/* login.c */
extern const struct operation api_login_init;
extern const struct operation api_login;
extern const struct operation api_login_delegated;
extern const struct operation api_logout;
extern const struct operation api_jwks;
/* registration.c */
extern const struct operation api_registration_init;
extern const struct operation api_register;
extern const struct operation api_register_end_user;
extern const struct operation api_registration_delegated;
/* credentials.c */
extern const struct operation api_list_credentials;
extern const struct operation api_credential_init;
extern const struct operation api_create_credential;
extern const struct operation api_activate_credential;
extern const struct operation api_deactivate_credential;
/* credential_codes.c */
extern const struct operation api_create_credential_code;
extern const struct operation api_credential_code_init;
extern const struct operation api_credential_code_verify;
/* recovery.c */
extern const struct operation api_recovery_init;
extern const struct operation api_recovery_delegated;
extern const struct operation api_recover;
/* apps.c */
extern const struct operation api_list_apps;
extern const struct operation api_get_app;

/* HF_DENIED to everybody else. */
HF_MUST hf_status check_service_account(const struct call *c, struct hf_err *err);
/* One of the caller's organisation, who is active. */
HF_MUST hf_status find_end_user(struct call *c, struct db *db, const char *username,
                                struct identity_row *ret);
/* An operation's after(), when the caller's own credentials or sessions have changed. */
void answer_changed_caller(struct call *c);

#endif
