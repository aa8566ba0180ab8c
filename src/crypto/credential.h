/* SPDX-License-Identifier: Apache-2.0
 * A caller's credential: the public key that checks the signatures of user actions and logins.
 *
 * What the official client's signers produce: Ed25519, 64 raw bytes over the message; ECDSA on
 * P-256, P-384, P-521 or secp256k1 in DER over SHA-256 of it; RSA PKCS#1 v1.5 over SHA-256. The key
 * decides which. */
#ifndef HF_CRYPTO_CREDENTIAL_H
#define HF_CRYPTO_CREDENTIAL_H

#include "base/buf.h"

/* How the client keeps and uses the private key. Stored and sent by name: append only. */
enum credential_kind {
	CREDENTIAL_KEY = 1, /* a key pair of the client's own */
	CREDENTIAL_FIDO2 = 2,
	CREDENTIAL_PASSWORD_PROTECTED_KEY = 3, /* a key pair that the server keeps encrypted */
};
#define CREDENTIAL_KIND_MAX 32
const char *credential_kind_name(enum credential_kind kind); /* "Key"; never NULL */
/* HF_INVALID: no such kind. */
HF_MUST hf_status credential_kind_parse(const char *name, enum credential_kind *ret);

#define CREDENTIAL_PEM_MAX 4096
#define CREDENTIAL_SIGNATURE_MAX 512

struct credential_key; /* immutable: any thread */

/* Exactly one "PUBLIC KEY" in PEM, with nothing but white space around it. HF_TOOBIG; HF_INVALID
 * for what is no such thing; HF_UNSUPPORTED for a kind or size of key that is not taken; all with
 * words. The caller owns *ret, and keeps it where it can: parsing takes longer than a verification.
 */
HF_MUST hf_status credential_key_parse(struct hf_span pem, struct credential_key **ret,
                                       struct hf_err *err);
void credential_key_free(struct credential_key *key);

/* HF_OK only for a valid signature over the exact bytes of `message`; HF_UNAUTHENTIC otherwise. DER
 * is taken in its one canonical encoding only. */
HF_MUST hf_status credential_verify(const struct credential_key *key, struct hf_span message,
                                    struct hf_span signature);

#endif
