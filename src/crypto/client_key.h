/* SPDX-License-Identifier: Apache-2.0
 * A caller's own credential key, with which our command line signs user actions as any client does.
 * Never a key that Holdfast keeps for others: those are in the HSM. Not thread-safe. */
#ifndef HF_CRYPTO_CLIENT_KEY_H
#define HF_CRYPTO_CLIENT_KEY_H

#include "base/buf.h"
#include "base/scope.h"

struct client_key;

/* A new P-256 key; its public half is written to `public_path` as PEM (SubjectPublicKeyInfo). HF_IO
 * with words. */
HF_MUST hf_status client_key_new(const char *public_path, struct client_key **ret,
                                 struct hf_err *err);
void client_key_free(struct client_key *k);
HF_DEFINE_CLEANUP(client_key_free, struct client_key *)

/* Appends the signature of `message`: ECDSA with SHA-256, in DER. */
HF_MUST hf_status client_key_sign(struct client_key *k, struct hf_span message, struct hf_buf *to);

#endif
