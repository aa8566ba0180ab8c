/* SPDX-License-Identifier: Apache-2.0
 * What a caller's credential signs to allow one request, and how anybody checks it afterwards.
 *
 * A *commitment* names one request: method, path, payload, who asks, with which credentials, when.
 * Its *challenge*, which the credential signs inside the client data, is
 *   base64url(hex(SHA-256(field(ACTION_LABEL) || commitment)))
 *   commitment = u8 1, field id, org, identity, method, path, SHA-256 of the canonical payload,
 *                u64 milliseconds, u8 n, n times field credential id
 * A *proof* holds a commitment and the credential's signature; it is kept with what the request
 * made, and needs no trust in the server that made it: the credential's public key is enough.
 *   version 2 = u8 2, field commitment, u64 expiry, field credential id, kind, client data,
 *               authenticator data, signature
 *   version 1 = field commitment, u64 expiry, field credential id, client data, signature
 * (the first byte of version 1 is 0, that of a length). In the encoding of base/buf.h, where a
 * field is a u32 length and its bytes. docs/proofs.md says what it is good for.
 *
 * Pure functions: any thread. */
#ifndef HF_PROOF_ACTION_H
#define HF_PROOF_ACTION_H

#include "base/id.h"
#include "crypto/credential.h"
#include "proof/client_data.h"
#include "proof/payload.h"

#define ACTION_LABEL "holdfast user action 1"
#define ACTION_METHOD_MAX 8
#define ACTION_PATH_MAX 512
#define ACTION_CREDENTIALS_MAX 32
#define ACTION_COMMITMENT_MAX 4096
#define ACTION_PROOF_MAX 6144
#define CREDENTIAL_ID_MAX 256
#define AUTHENTICATOR_DATA_MAX 512

/* Spans point into the bytes it was read from, or to what the caller encodes. */
struct action_commitment {
	struct hf_span encoded; /* when decoded: all of it */
	char id[HF_ID_MAX];     /* "ua-…" */
	struct hf_span org, identity, method, path;
	struct payload_hash payload;
	int64_t issued_ms;
	struct hf_span credentials[ACTION_CREDENTIALS_MAX]; /* those that may sign */
	size_t n_credentials;
};

/* Appends. Decoding accepts exactly what encoding makes: HF_INVALID. */
void action_commitment_encode(struct hf_buf *to, const struct action_commitment *c);
HF_MUST hf_status action_commitment_decode(struct hf_span from, struct action_commitment *ret);
/* Appends the challenge. */
HF_MUST hf_status action_challenge(struct hf_span commitment, struct hf_buf *to);

struct action_proof {
	struct action_commitment commitment;
	int64_t expires_ms; /* the request could be made with it until then */
	char credential_id[CREDENTIAL_ID_MAX];
	enum credential_kind kind;
	struct hf_span client_data;        /* what was signed, and names the challenge */
	struct hf_span authenticator_data; /* of an authenticator (Fido2); otherwise empty */
	struct hf_span signature;
};

/* Encodes version 2, with commitment.encoded. Decoding takes both versions; those of version 1 are
 * of kind Key. HF_INVALID. */
void action_proof_encode(struct hf_buf *to, const struct action_proof *p);
HF_MUST hf_status action_proof_decode(struct hf_span from, struct action_proof *ret);

/* A credential, as whoever checks knows it. */
struct action_verifier {
	const char *id;
	enum credential_kind kind;
	const struct credential_key *key;
	const struct relying_party *party; /* kind Fido2: whose site it has to have answered for */
};

/* That the credential was asked and signed: it stands in the commitment and is of the kind that the
 * proof says, the client data names the commitment's challenge, and the signature over it is the
 * credential's. Says nothing about time, nor about the request. HF_INVALID: the client data is
 * malformed or for something else; HF_UNAUTHENTIC: not this credential's; both with words. */
HF_MUST hf_status action_proof_check(const struct action_proof *p, const struct action_verifier *by,
                                     struct hf_err *err);

#endif
