/* SPDX-License-Identifier: Apache-2.0
 * People's credentials: taking a new one, whose key has to sign the challenge, and checking what
 * one of them signed. Kinds are the API's: Key, PasswordProtectedKey and RecoveryKey are key pairs
 * that sign the client data themselves (RecoveryKey for recovery only); Fido2 is an
 * authenticator's.
 *
 * A key pair's attestation data is JSON, {"publicKey":"<PEM>","signature":"<hex>"}, where it has
 * signed {"clientDataHash":"<hex of SHA-256>","publicKey":"<PEM>"}. Pure functions: any thread. */
#ifndef HF_SERVER_CORE_PEOPLE_ENROLLMENT_H
#define HF_SERVER_CORE_PEOPLE_ENROLLMENT_H

#include "crypto/credential.h"
#include "proof/action.h"
#include "proof/client_data.h"

#define KIND_RECOVERY_KEY "RecoveryKey"
#define CREDENTIAL_NAME_MAX 256
#define ATTESTATION_DATA_MAX 16384
#define ENCRYPTED_KEY_MAX 16384
#define RECOVERY_CLIENT_DATA_MAX 65536

/* What a client says of a new credential. */
struct enrollment {
	const char *kind;
	const char *id; /* as the client names it */
	struct hf_span client_data, attestation;
};

struct enrolled {
	char id[CREDENTIAL_ID_MAX];
	char public_key[CREDENTIAL_PEM_MAX];
	char origin[256];          /* Fido2 */
	const char *relying_party; /* Fido2: the party's; otherwise "" */
	uint32_t counter;
	bool recovery;
};

/* HF_INVALID, HF_UNSUPPORTED, HF_UNAUTHENTIC with words. */
HF_MUST hf_status enrollment_check(const struct relying_party *party, const struct enrollment *e,
                                   struct hf_span challenge, struct enrolled *ret,
                                   struct hf_err *err);

/* What a credential is said to have signed. */
struct assertion {
	struct hf_span client_data, signature;
	struct hf_span authenticator_data; /* Fido2; otherwise empty */
};

/* That the credential of this kind and key has signed the challenge. *ret_counter: an
 * authenticator's count, otherwise 0. */
HF_MUST hf_status assertion_check(const struct relying_party *party, enum credential_kind kind,
                                  const struct credential_key *key, const struct assertion *a,
                                  struct hf_span challenge, uint32_t *ret_counter,
                                  struct hf_err *err);

#endif
