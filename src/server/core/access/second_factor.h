/* SPDX-License-Identifier: Apache-2.0
 * The second factor of a user of the Crypto API, beside his password: an authenticator (WebAuthn),
 * or one of the recovery codes that he has written down.
 *
 * Whoever has a device has a second factor, and nothing but a device or a code opens a session of
 * his from then on; a new password does not, whoever sets it. What a device signs is a challenge of
 * ours, for one purpose and one subject, stored until it is answered once or its time is over.
 *
 * Inside the caller's transaction where a database is given; failures come with words. */
#ifndef HF_SERVER_CORE_ACCESS_SECOND_FACTOR_H
#define HF_SERVER_CORE_ACCESS_SECOND_FACTOR_H

#include "json/read.h"
#include "proof/client_data.h"
#include "server/core/people/codes.h"
#include "server/store/mfa_rows.h"

#define FACTOR_LOGIN "login"       /* subject: the session that waits for it */
#define FACTOR_REGISTER "register" /* subject: the session that adds a device */
#define FACTOR_APPROVE "approve"   /* subject: the request for approval */

#define FACTOR_CHALLENGE_MS (5 * 60 * 1000)
#define FACTOR_UNLOCKED_MS (10 * 60 * 1000) /* a session may change second factors so long */
#define FACTOR_DEVICES_MAX 10
#define FACTOR_CODES 10

/* Instead of the one before for the same. Text: base64url. */
HF_MUST hf_status factor_challenge(struct db *db, const char *identity_id, const char *purpose,
                                   const char *subject, int64_t now_ms,
                                   char ret[MFA_CHALLENGE_MAX]);
/* Once. HF_NOTFOUND: there is none, or its time is over. */
HF_MUST hf_status factor_challenge_take(struct db *db, const char *identity_id, const char *purpose,
                                        const char *subject, int64_t now_ms,
                                        char ret[MFA_CHALLENGE_MAX]);

/* What a browser makes of an authenticator's answer: a PublicKeyCredential (WebAuthn, 5.1), as
 * JSON, with its bytes in base64url. Members that are not looked at are passed over, since browsers
 * add some. */
struct factor_proof {
	char credential_id[CREDENTIAL_ID_MAX];
	struct hf_buf client_data;
	struct hf_buf data; /* authenticatorData, or attestationObject of a new device */
	struct hf_buf signature;
};
/* HF_INVALID. The caller owns *ret: factor_proof_done(), after a failure too. */
HF_MUST hf_status factor_proof_read(const struct json_t *credential, bool new_device,
                                    struct factor_proof *ret, struct hf_err *err);
void factor_proof_done(struct factor_proof *p);

/* Has this device signed the challenge? HF_INVALID, HF_UNAUTHENTIC, HF_UNSUPPORTED: the server
 * takes no authenticators. No database. */
HF_MUST hf_status factor_check(const struct relying_party *party,
                               const struct mfa_device_row *device,
                               const struct factor_proof *proof, const char *challenge,
                               int64_t *ret_counter, struct hf_err *err);
/* HF_DENIED: it has counted so far before, so that there may be two of it; or it is gone. */
HF_MUST hf_status factor_used(struct db *db, const char *device_id, int64_t counter, int64_t now_ms,
                              struct hf_err *err);

/* One more device, whose attestation answers the challenge. HF_STATE: too many; HF_EXISTS. */
struct factor_device {
	const char *identity_id, *name;
	const struct factor_proof *proof;
	const char *challenge;
};
HF_MUST hf_status factor_device_add(struct db *db, const struct relying_party *party,
                                    const struct factor_device *device, int64_t now_ms,
                                    struct hf_err *err);

/* New ones; those before are good no longer. Shown once, and only their SHA-256 is kept. */
HF_MUST hf_status factor_codes_make(struct db *db, const char *org_id, const char *identity_id,
                                    char ret[FACTOR_CODES][CODE_TEXT_MAX]);
/* Once. HF_DENIED. */
HF_MUST hf_status factor_code_use(struct db *db, const char *identity_id, const char *code,
                                  int64_t now_ms, struct hf_err *err);
/* He has no second factor any longer: neither device nor code. */
HF_MUST hf_status factor_clear(struct db *db, const char *identity_id);

#endif
