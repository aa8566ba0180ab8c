/* SPDX-License-Identifier: Apache-2.0
 * What proves an app: one of a secret (its API key), a pinned certificate, a certificate of an
 * authority that it trusts, or a JWT that somebody it trusts has signed; or, by {"all": […]}, a
 * certificate and one of the other two, both with every request.
 *
 * Stored as the API's JSON (AppCredential), sealed. The secret's, or the pinned certificate's
 * SHA-256 stands beside it, so that the frequent check opens nothing. Any thread. */
#ifndef HF_SERVER_CORE_ACCESS_APP_CREDENTIALS_H
#define HF_SERVER_CORE_ACCESS_APP_CREDENTIALS_H

#include "json/read.h"
#include "server/store/app_rows.h"

/* Stored: append only. */
enum app_credential_kind {
	APP_SECRET = 1,
	APP_CERTIFICATE = 2,
	APP_TRUSTED_CA = 3,
	APP_SIGNED_JWT = 4,
};
const char *app_credential_name(int kind); /* "Secret": the API's auth_type */

#define APP_SECRET_BYTES 64 /* of a secret that we make, before base64url */
#define APP_SECRET_BYTES_MIN 32
#define APP_SECRET_BYTES_MAX 256

/* From the API's `credential` (NULL: a secret), and for how many bytes of it (0: the default).
 * Sets in *row what goes with it, and appends the JSON that is stored, which may hold a secret.
 * HF_INVALID, HF_UNSUPPORTED with words. */
HF_MUST hf_status app_credential_make(const struct json_t *request, int64_t secret_size,
                                      int64_t now_ms, struct app_row *row, struct hf_buf *json,
                                      struct hf_err *err);
#define APP_BOTH_TEXT                                                                              \
	"credential: \"all\" has two: one of certificate and trustedca, and one of secret and "    \
	"signedjwt"
/* Another secret in the place of the one in `stored`; a certificate beside it stays. HF_STATE: it
 * has none. */
HF_MUST hf_status app_secret_renew(struct hf_span stored, int64_t secret_size, int64_t now_ms,
                                   struct app_row *row, struct hf_buf *json, struct hf_err *err);
/* "trustedca", say, of a stored credential, or of one of its two; NULL: it has none. */
const struct json_t *app_credential_part(const struct json_t *credential, const char *name);
HF_MUST hf_status app_credential_seal(const struct hf_secret *key, const char *app_id,
                                      struct hf_span json, struct hf_buf *to);
/* The caller owns *ret. HF_CORRUPT. */
HF_MUST hf_status app_credential_open(const struct hf_secret *key, const char *app_id,
                                      struct hf_span sealed, struct hf_secret *ret);

/* HF_UNAUTHENTIC. Constant time in the secret. */
HF_MUST hf_status app_secret_check(const struct app_row *app, struct hf_span secret);
/* The one before, within its time. */
HF_MUST hf_status app_previous_check(const struct app_row *app, struct hf_span secret,
                                     int64_t now_ms);
/* The first of the certificates that were shown (crypto/tls.h: tls_peer_shown()) is the pinned one,
 * and within its dates. HF_UNAUTHENTIC with words. */
HF_MUST hf_status app_certificate_check(const struct app_row *app, struct hf_span shown,
                                        int64_t now_ms, struct hf_err *err);

/* SHA-256 of the client's own certificate. HF_NOTFOUND: it showed none. */
HF_MUST hf_status shown_leaf_hash(struct hf_span shown, uint8_t ret[SHA256_LEN]);
/* Its notAfter. HF_NOTFOUND as above. */
HF_MUST hf_status shown_leaf_until(struct hf_span shown, int64_t *ret_ms, struct hf_err *err);
/* It is valid now: a session does not outlive the certificate that it is bound to. */
HF_MUST hf_status shown_leaf_dates(struct hf_span shown, int64_t now_ms, struct hf_err *err);

#endif
