/* SPDX-License-Identifier: Apache-2.0
 * One-time codes: what proves who one is where there is no credential yet, or none any longer. A
 * code has 100 random bits, is good once and for a while, and only its SHA-256 is kept. There is no
 * e-mail here: an administrator prints the code and hands it over. */
#ifndef HF_SERVER_CORE_PEOPLE_CODES_H
#define HF_SERVER_CORE_PEOPLE_CODES_H

#include "server/store/code_rows.h"

#define CODE_REGISTRATION "registration" /* the first credential of a user who was invited */
#define CODE_RECOVERY "recovery"         /* new credentials, together with a recovery key */
#define CODE_LOGIN "login"           /* a look at the private key that is kept here, encrypted */
#define CODE_PASSWORD "password"     /* the password of a user of the Crypto API */
#define CODE_CREDENTIAL "credential" /* one more credential, on another device */
#define CODE_SECOND_FACTOR "second-factor" /* instead of a device, at a login to the Crypto API */

#define CODE_TEXT_MAX 24 /* "k7m2q-9qx4t-w8pz3-h5n6c", with its NUL */
#define CODE_HASH_LEN 32
#define CODE_LIFETIME_DEFAULT_S (24 * 3600)

/* In place of the identity's codes of this kind that were not used. */
HF_MUST hf_status code_make(struct db *db, const char *org_id, const char *identity_id,
                            const char *kind, int64_t now_ms, int64_t expires_ms,
                            char ret[CODE_TEXT_MAX]);
/* One more of them. */
HF_MUST hf_status code_add(struct db *db, const char *org_id, const char *identity_id,
                           const char *kind, int64_t expires_ms, char ret[CODE_TEXT_MAX]);
/* Capitals and missing or other separators are forgiven. HF_INVALID: nothing that we print. */
HF_MUST hf_status code_hash(const char *text, uint8_t ret[CODE_HASH_LEN]);

#endif
