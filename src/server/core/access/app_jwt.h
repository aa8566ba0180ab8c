/* SPDX-License-Identifier: Apache-2.0
 * Apps that prove themselves by a JWT (RFC 7519) which somebody they trust has signed: `sub` is the
 * app's id, `iss` one of its valid_issuers, `exp` is there and not over, `nbf` is not in the
 * future, and the signature is by one of the keys that it names, stored or fetched (jwks.h). Who
 * may be meant by `aud` is the app's id, when the token has one at all. And apps that are proved by
 * the authority of their certificate. */
#ifndef HF_SERVER_CORE_ACCESS_APP_JWT_H
#define HF_SERVER_CORE_ACCESS_APP_JWT_H

#include "base/uuid.h"
#include "json/read.h"
#include "server/core/access/jwks.h"

#define JWT_SKEW_MS 60000 /* of the signer's clock */

/* `signedjwt` of a credential. HF_INVALID, HF_UNSUPPORTED with words. */
HF_MUST hf_status app_jwt_check_trust(const struct json_t *trust, struct hf_err *err);

/* Whose it claims to be: nothing is checked. HF_INVALID: it is no JWT, or `sub` is no UUID. */
HF_MUST hf_status app_jwt_subject(const char *token, char ret[HF_UUID_MAX]);

struct app_jwt;
/* `credential`: the stored JSON; copied. HF_UNAUTHENTIC with words: its claims are not for this
 * app. The caller owns *ret. */
HF_MUST hf_status app_jwt_new(struct hf_span credential, const char *app_id, const char *token,
                              struct app_jwt **ret, struct hf_err *err);
void app_jwt_free(struct app_jwt *j);
/* Which keys: fills wait->url and cache_s; or none are to be fetched. */
void app_jwt_wants(const struct app_jwt *j, struct jwks_wait *wait);
/* Dates and signature, with the fetched keys or, `set` NULL, the stored ones. HF_UNAUTHENTIC with
 * words. *ret_expires_ms: until when it is good. */
HF_MUST hf_status app_jwt_check(const struct app_jwt *j, const struct jwks_set *set, int64_t now_ms,
                                int64_t *ret_expires_ms, struct hf_err *err);

/* `trustedca`: HF_UNAUTHENTIC with words. */
HF_MUST hf_status app_authority_check(struct hf_span credential, struct hf_span shown,
                                      int64_t now_ms, struct hf_err *err);

#endif
