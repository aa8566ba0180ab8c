/* SPDX-License-Identifier: Apache-2.0
 * A key for checkpoints in memory: what stands for the HSM in unit tests. */
#ifndef HF_TESTS_SOFT_AUDIT_KEY_H
#define HF_TESTS_SOFT_AUDIT_KEY_H

#include "check.h"

#include "crypto/spki.h"
#include "proof/checkpoint.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

struct soft_audit_key {
	EVP_PKEY *key;
	struct checkpoint_key public;
};

static inline void soft_audit_key_make(struct soft_audit_key *k, enum key_type type)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(4096);
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	k->key = type == KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	                             : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	CHECK(PEM_write_bio_PUBKEY(out, k->key) == 1);
	len = BIO_get_mem_data(out, &text);
	CHECK_OK(spki_pem_parse(HF_SPAN(text, len), &k->public.type, &k->public.public_key));
	/* and ours says the same as OpenSSL's */
	CHECK_OK(spki_pem(k->public.type,
	                  HF_SPAN(k->public.public_key.bytes, k->public.public_key.len), &pem));
	CHECK(hf_span_equal(hf_buf_span(&pem), HF_SPAN(text, len)));
	CHECK(k->public.type == type);
	BIO_free(out);
}

static inline void soft_audit_key_sign(const struct soft_audit_key *k, struct hf_span text,
                                       uint8_t raw[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[128];
	size_t len = sizeof(sig);

	CHECK(EVP_DigestSignInit(ctx, NULL, k->public.type == KEY_ED25519 ? NULL : EVP_sha256(),
	                         NULL, k->key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &len, text.ptr, text.len) == 1);
	EVP_MD_CTX_free(ctx);
	if (k->public.type == KEY_ED25519)
		memcpy(raw, sig, 64);
	else
		CHECK_OK(ecdsa_from_der(HF_SPAN(sig, len), raw));
}

/* Appends the whole note. */
static inline void soft_audit_note(const struct soft_audit_key *k, const struct checkpoint *c,
                                   struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHECKPOINT_TEXT_MAX);
	uint8_t raw[64];

	checkpoint_text(&text, c);
	soft_audit_key_sign(k, hf_buf_span(&text), raw);
	CHECK_OK(checkpoint_note(to, hf_buf_span(&text), &k->public, HF_SPAN(raw, 64)));
}

#endif
