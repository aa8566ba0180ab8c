/* SPDX-License-Identifier: Apache-2.0
 * Users, service accounts, access tokens, permissions and assignments as JSON, in the official
 * API's shapes. Some of it is read from the database on the way. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_PRINT_ACCOUNTS_H
#define HF_SERVER_SIGNING_API_PEOPLE_PRINT_ACCOUNTS_H

#include "json/write.h"
#include "server/core/policies/changes.h"
#include "server/core/rights/grants.h"
#include "server/store/token_rows.h"

HF_MUST hf_status print_user(struct json_writer *w, struct db *db, const struct identity_row *user);

/* `secret`: the token itself, for the one time that it is shown; otherwise empty. */
HF_MUST hf_status print_account(struct json_writer *w, struct db *db,
                                const struct identity_row *account, struct hf_span secret);
HF_MUST hf_status print_pat(struct json_writer *w, struct db *db, const struct token_row *token,
                            const char *public_key, struct hf_span secret);

/* With what is pending for it, if `db` is given. */
HF_MUST hf_status print_permission(struct json_writer *w, struct db *db,
                                   const struct permission_row *p);
HF_MUST hf_status print_assignment(struct json_writer *w, struct db *db,
                                   const struct assignment_row *a);

#endif
