/* SPDX-License-Identifier: Apache-2.0
 * Proofs as clients make them: keys, commitments, client data and signatures, each part of which a
 * test can have otherwise. */
#ifndef HF_TESTS_PROOF_FIXTURE_H
#define HF_TESTS_PROOF_FIXTURE_H

#include "check.h"

#include "proof/evidence.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1790000000000)
#define ORG "or-1"

/* One request as somebody signs it. */
struct signing {
	const char *org, *identity, *credential; /* NULL: ORG, "us-alice", "alice" */
	const char *method, *path, *body;        /* NULL: POST */
	const char *type;                        /* of the client data; NULL: key.get */
	const char *challenge;                   /* NULL: that of the commitment */
	const char *listed;        /* the credential in the commitment; NULL: the one that signs */
	enum credential_kind kind; /* 0: Key */
	int64_t issued_ms;         /* 0: NOW */
	EVP_PKEY *key;
};

static inline EVP_PKEY *new_key(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* Text with \n as JSON has it. The caller frees nothing: two at a time. */
static inline const char *pem_json(EVP_PKEY *key)
{
	static char texts[8][1024];
	static unsigned next;
	char *to = texts[next++ % 8], *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	long len;
	size_t at = 0;

	CHECK(PEM_write_bio_PUBKEY(bio, key) == 1);
	len = BIO_get_mem_data(bio, &pem);
	for (long i = 0; i < len; i++) {
		if (pem[i] == '\n')
			to[at++] = '\\';
		to[at++] = pem[i] == '\n' ? 'n' : pem[i];
	}
	to[at] = 0;
	BIO_free(bio);
	return to;
}

static inline void sign_bytes(EVP_PKEY *key, struct hf_span what, uint8_t *to, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, to, len, what.ptr, what.len) == 1);
	EVP_MD_CTX_free(ctx);
}

static inline const char *or_else(const char *text, const char *other)
{
	return text ? text : other;
}

static inline void make_commitment(const struct signing *s, struct hf_buf *to)
{
	struct action_commitment c = {
		.org = hf_span_text(or_else(s->org, ORG)),
		.identity = hf_span_text(or_else(s->identity, "us-alice")),
		.method = hf_span_text(or_else(s->method, "POST")),
		.path = hf_span_text(s->path),
		.issued_ms = s->issued_ms ? s->issued_ms : NOW,
		.credentials = { hf_span_text(
		        or_else(s->listed, or_else(s->credential, "alice"))) },
		.n_credentials = 1,
	};

	hf_id_new("ua", c.id);
	CHECK_OK(payload_hash_text(hf_span_text(s->body), &c.payload, NULL));
	action_commitment_encode(to, &c);
	CHECK_OK(hf_buf_status(to));
}

/* Appends the proof; `commitment` (NULL: not wanted) too. */
static inline void make_proof(const struct signing *s, struct hf_buf *to, struct hf_buf *commitment)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(ACTION_COMMITMENT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(CLIENT_DATA_MAX);
	struct action_proof p = { .expires_ms = NOW + 1,
		                  .kind = s->kind ? s->kind : CREDENTIAL_KEY };
	uint8_t signature[CREDENTIAL_SIGNATURE_MAX];
	size_t len = sizeof(signature);

	make_commitment(s, &encoded);
	CHECK_OK(action_challenge(hf_buf_span(&encoded), &challenge));
	hf_buf_printf(&data, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"x\"}",
	              or_else(s->type, "key.get"),
	              s->challenge ? (int)strlen(s->challenge) : (int)challenge.len,
	              s->challenge ? s->challenge : (const char *)challenge.ptr);
	sign_bytes(s->key, hf_buf_span(&data), signature, &len);
	CHECK_OK(action_commitment_decode(hf_buf_span(&encoded), &p.commitment));
	snprintf(p.credential_id, sizeof(p.credential_id), "%s", or_else(s->credential, "alice"));
	p.client_data = hf_buf_span(&data);
	p.signature = HF_SPAN(signature, len);
	action_proof_encode(to, &p);
	CHECK_OK(hf_buf_status(to));
	if (commitment)
		hf_buf_put(commitment, encoded.ptr, encoded.len);
}

#endif
