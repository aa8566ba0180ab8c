/* SPDX-License-Identifier: Apache-2.0
 * Second factors over the API: factor_login.c (shown after the password), factor_config.c (locked
 * and unlocked, recovery codes), factor_devices.c (added, renamed, removed), factor_print.c. */
#ifndef HF_SERVER_CRYPTO_API_PEOPLE_FACTOR_H
#define HF_SERVER_CRYPTO_API_PEOPLE_FACTOR_H

#include "server/core/access/second_factor.h"
#include "server/crypto_api/call.h"

#define FACTOR_NO_U2F_TEXT "U2F is not supported: register the authenticator as a FIDO2 device"

/* `protocol` of the query: fido2, or nothing; and the server takes authenticators. HF_UNSUPPORTED
 * with words. */
HF_MUST hf_status factor_protocol(const struct crypto_call *c, struct hf_err *err);

/* What a browser wants for navigator.credentials.get() and create() (WebAuthn, 5.5 and 5.4), for
 * the caller, as JSON. `key`: NULL where it is no member. */
HF_MUST hf_status factor_print_request(struct json_writer *w, const char *key,
                                       const struct crypto_call *c, struct db *db,
                                       const char *challenge);
HF_MUST hf_status factor_print_creation(struct json_writer *w, const struct crypto_call *c,
                                        struct db *db, const char *challenge);
/* [MfaDevice]; *ret_any: he has one. */
HF_MUST hf_status factor_print_devices(struct json_writer *w, const char *key, struct db *db,
                                       const char *identity_id, bool *ret_any);
/* What an AuthResponse has besides, when a second factor is due. */
HF_MUST hf_status factor_print_due(struct json_writer *w, const struct crypto_call *c,
                                   struct db *db, const char *challenge);

/* The caller's session, which has to be unlocked. HF_DENIED, HF_STATE with words. */
struct session_row;
HF_MUST hf_status factor_unlocked(struct crypto_call *c, struct db *db, struct session_row *ret);

/* Changes the caller's own devices, as the lists of a UserRequest say. His other sessions end. */
struct user_edit;
HF_MUST hf_status factor_devices_change(struct crypto_call *c, struct db *db,
                                        const struct user_edit *e, const char *identity_id);

#endif
