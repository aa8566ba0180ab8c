/* SPDX-License-Identifier: Apache-2.0
 * Authenticators of people: passkeys and security keys (W3C WebAuthn, level 2). Read, checked and
 * verified by libfido2; no device is needed here. The client data, whose bytes an authenticator's
 * signature covers, are checked by proof/client_data.h.
 *
 * Attestation, a maker's word for an authenticator, is not asked for. A self-signed "packed"
 * statement has to verify; one of another format is not looked into and nothing is concluded from
 * it: whoever wants authenticators of certain makes only hands them out himself.
 *
 * Pure functions: any thread. */
#ifndef HF_CRYPTO_WEBAUTHN_H
#define HF_CRYPTO_WEBAUTHN_H

#include "crypto/credential.h"

#define WEBAUTHN_ATTESTATION_MAX 16384
#define WEBAUTHN_AUTH_DATA_MAX 2048
#define WEBAUTHN_ID_MAX 190 /* bytes of a credential's id: CREDENTIAL_ID_MAX as text */

/* What an authenticator has to have done. */
struct webauthn_party {
	const char *rp_id; /* "bank.example" */
	bool verify_user;  /* by PIN, finger or face; that somebody is there is always asked */
};

struct webauthn_credential {
	uint8_t id[WEBAUTHN_ID_MAX];
	size_t id_len;
	char pem[CREDENTIAL_PEM_MAX];
	uint32_t counter;
};

/* An attestation object (WebAuthn, 6.5), made for this client data. Keys: ES256, EdDSA, RS256.
 * HF_INVALID, HF_UNSUPPORTED, HF_UNAUTHENTIC, with words. */
HF_MUST hf_status webauthn_register(const struct webauthn_party *party, struct hf_span client_data,
                                    struct hf_span attestation, struct webauthn_credential *ret,
                                    struct hf_err *err);

/* An assertion (WebAuthn, 7.2): the authenticator's signature over its data and the client data.
 * *ret_counter is its count of signatures, 0 when it does not count. HF_INVALID, HF_UNAUTHENTIC,
 * with words. */
HF_MUST hf_status webauthn_verify(const struct webauthn_party *party,
                                  const struct credential_key *key, struct hf_span client_data,
                                  struct hf_span authenticator_data, struct hf_span signature,
                                  uint32_t *ret_counter, struct hf_err *err);

#endif
