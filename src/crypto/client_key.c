/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/client_key.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

enum { DER_MAX = 80 };

struct client_key {
	EVP_PKEY *key;
	EVP_MD_CTX *ctx; /* set up once, copied for each signature's digest */
};

static hf_status write_public(EVP_PKEY *key, const char *path, struct hf_err *err)
{
	FILE *f = fopen(path, "we");
	int written;

	if (!f)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	written = PEM_write_PUBKEY(f, key);
	if (fclose(f) != 0 || written != 1)
		return hf_fail(err, HF_IO, "%s: cannot be written", path);
	return HF_SUCCESS;
}

hf_status client_key_new(const char *public_path, struct client_key **ret, struct hf_err *err)
{
	HF_CLEANUP(client_key_free_at) struct client_key *k = calloc(1, sizeof(*k));

	HF_ENSURE(k, HF_NOMEM);
	k->key = EVP_EC_gen("P-256");
	k->ctx = EVP_MD_CTX_new();
	HF_ENSURE(k->key && k->ctx, HF_NOMEM);
	HF_TRY(write_public(k->key, public_path, err));
	*ret = hf_take(k);
	return HF_SUCCESS;
}

void client_key_free(struct client_key *k)
{
	if (!k)
		return;
	EVP_MD_CTX_free(k->ctx);
	EVP_PKEY_free(k->key);
	free(k);
}

hf_status client_key_sign(struct client_key *k, struct hf_span message, struct hf_buf *to)
{
	uint8_t der[DER_MAX];
	size_t len = sizeof(der);

	HF_ENSURE(EVP_DigestSignInit(k->ctx, NULL, EVP_sha256(), NULL, k->key) == 1 &&
	                  EVP_DigestSign(k->ctx, der, &len, message.ptr, message.len) == 1,
	          HF_INTERNAL);
	hf_buf_put(to, der, len);
	return hf_buf_status(to);
}
