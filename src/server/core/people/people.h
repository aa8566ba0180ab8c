/* SPDX-License-Identifier: Apache-2.0
 * What people do about themselves: their credentials and sessions. Inside the caller's transaction
 * unless said otherwise. */
#ifndef HF_SERVER_CORE_PEOPLE_PEOPLE_H
#define HF_SERVER_CORE_PEOPLE_PEOPLE_H

#include "server/core/people/enrollment.h"
#include "server/core/people/tokens.h"
#include "server/store/identity_rows.h"

/* A user or end user by name; not a service account. HF_NOTFOUND: none who is active. Takes the
 * same steps whether there is one or not. Reads only. */
HF_MUST hf_status person_find(struct db *db, const char *org_id, const char *username,
                              struct identity_row *ret);

struct new_credential {
	const struct enrolled *enrolled;
	const char *kind, *name;           /* the name may be "" */
	const char *encrypted_private_key; /* NULL: none */
};
/* HF_EXISTS, with words: a credential has this id. */
HF_MUST hf_status person_add_credential(struct db *db, const struct identity_row *person,
                                        const struct new_credential *from, int64_t now_ms,
                                        char ret_uuid[HF_ID_MAX], struct hf_err *err);

/* Nothing of what proved who he is does so any longer: credentials, sessions, personal access
 * tokens, codes. */
HF_MUST hf_status person_start_anew(struct db *db, const char *identity_id);

struct session_new {
	const struct identity_row *person;
	const char *credential_id; /* that opened it; "": none */
	int64_t now_ms, lifetime_ms;
};
/* Appends its token. */
HF_MUST hf_status person_open_session(struct token_keys *keys, struct db *db,
                                      const struct session_new *from, struct hf_buf *token);

#endif
