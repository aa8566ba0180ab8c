/* SPDX-License-Identifier: Apache-2.0
 * Second factors of the Crypto API's users: their authenticators, and what these are to sign. One
 * query, one function. What they mean is core/access/second_factor.h's. */
#ifndef HF_SERVER_STORE_MFA_ROWS_H
#define HF_SERVER_STORE_MFA_ROWS_H

#include "base/uuid.h"
#include "crypto/credential.h"
#include "db/db.h"
#include "proof/action.h"

#define MFA_NAME_MAX 128
#define MFA_ORIGIN_MAX 256
#define MFA_CHALLENGE_MAX 64

struct mfa_device_row {
	char id[HF_UUID_MAX];
	char identity_id[HF_ID_MAX];
	char name[MFA_NAME_MAX];
	char credential_id[CREDENTIAL_ID_MAX]; /* base64url */
	char public_key[CREDENTIAL_PEM_MAX];
	char origin[MFA_ORIGIN_MAX];
	int64_t counter;
	int64_t created_ms, last_used_ms; /* 0: never */
};

/* HF_EXISTS: he has one of this name, or this one. */
HF_MUST hf_status mfa_device_row_insert(struct db *db, const struct mfa_device_row *row);
/* By its credential id. HF_NOTFOUND: it is none of his. */
HF_MUST hf_status mfa_device_row_find(struct db *db, const char *identity_id,
                                      const char *credential_id, struct mfa_device_row *ret);
typedef hf_status (*mfa_device_row_fn)(void *ctx, const struct mfa_device_row *row);
/* By name. */
HF_MUST hf_status mfa_device_rows_list(struct db *db, const char *identity_id, mfa_device_row_fn fn,
                                       void *ctx);
HF_MUST hf_status mfa_device_rows_count(struct db *db, const char *identity_id, int64_t *ret);
/* HF_NOTFOUND: he has none of this name. HF_EXISTS: he has one of the new name. */
HF_MUST hf_status mfa_device_row_rename(struct db *db, const char *identity_id, const char *name,
                                        const char *to);
HF_MUST hf_status mfa_device_row_delete(struct db *db, const char *identity_id, const char *name);
/* HF_NOTFOUND: it is gone, or has signed as often before. */
HF_MUST hf_status mfa_device_row_used(struct db *db, const char *id, int64_t counter,
                                      int64_t now_ms);
/* All of his, with what they are to sign. */
HF_MUST hf_status mfa_rows_delete_of(struct db *db, const char *identity_id);

struct mfa_challenge_row {
	const char *identity_id, *purpose, *subject, *challenge;
	int64_t expires_ms;
};
/* Instead of the one before. */
HF_MUST hf_status mfa_challenge_row_put(struct db *db, const struct mfa_challenge_row *row);
/* It is there no longer, so that it is good once: fills ret. HF_NOTFOUND: there is none, or it has
 * expired. */
HF_MUST hf_status mfa_challenge_row_take(struct db *db, const struct mfa_challenge_row *which,
                                         int64_t now_ms, char ret[MFA_CHALLENGE_MAX]);
HF_MUST hf_status mfa_challenge_rows_forget(struct db *db, int64_t now_ms);

#endif
