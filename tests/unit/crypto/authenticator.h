/* SPDX-License-Identifier: Apache-2.0
 * An authenticator in software, for tests: makes attestation objects and assertions as a passkey
 * does, and wrong ones on demand. */
#ifndef HF_TESTS_AUTHENTICATOR_H
#define HF_TESTS_AUTHENTICATOR_H

#include "base/buf.h"

#include <openssl/types.h>

enum { AUTHENTICATOR_ES256 = -7, AUTHENTICATOR_EDDSA = -8, AUTHENTICATOR_RS256 = -257 };

struct authenticator {
	EVP_PKEY *key;
	int algorithm;
	uint8_t id[300];
	size_t id_len;
	uint8_t flags; /* user present 1, verified 4 */
	uint32_t counter;
};

void authenticator_make(struct authenticator *a, int algorithm);
void authenticator_done(struct authenticator *a);

/* Appends a COSE key, authenticator data, an attestation object. Format "none", or "packed" with
 * the key's own signature, or another, whose statement is empty. */
void authenticator_cose(const struct authenticator *a, struct hf_buf *to);
void authenticator_data(const struct authenticator *a, const char *rp_id, bool registration,
                        struct hf_buf *to);
void authenticator_attest(const struct authenticator *a, const char *rp_id, const char *format,
                          struct hf_span client_data, struct hf_buf *to);
/* Appends the signature over `data` and the client data. */
void authenticator_sign(const struct authenticator *a, struct hf_span data,
                        struct hf_span client_data, struct hf_buf *to);

#endif
