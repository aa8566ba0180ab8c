/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest_alg.h"

#include "crypto/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <strings.h>

static const struct {
	const char *name;
	size_t len;
	const char *openssl; /* NULL: not there on every machine; ours is taken */
} algs[DIGEST_ALG_MAX + 1] = {
	[DIGEST_SHA1] = { "SHA1", 20, "SHA1" },
	[DIGEST_SHA224] = { "SHA224", 28, "SHA2-224" },
	[DIGEST_SHA256] = { "SHA256", 32, "SHA2-256" },
	[DIGEST_SHA384] = { "SHA384", 48, "SHA2-384" },
	[DIGEST_SHA512] = { "SHA512", 64, "SHA2-512" },
	[DIGEST_SHA3_224] = { "SHA3_224", 28, "SHA3-224" },
	[DIGEST_SHA3_256] = { "SHA3_256", 32, "SHA3-256" },
	[DIGEST_SHA3_384] = { "SHA3_384", 48, "SHA3-384" },
	[DIGEST_SHA3_512] = { "SHA3_512", 64, "SHA3-512" },
	[DIGEST_RIPEMD160] = { "RIPEMD160", 20, NULL },
	[DIGEST_BLAKE2B_256] = { "BLAKE2B256", 32, NULL },
	[DIGEST_BLAKE2B_384] = { "BLAKE2B384", 48, NULL },
	[DIGEST_BLAKE2B_512] = { "BLAKE2B512", 64, NULL },
	[DIGEST_BLAKE2S_256] = { "BLAKE2S256", 32, "BLAKE2S-256" },
};

/* Fetched once: fetching for each call costs more than a small hash. */
static EVP_MD *fetched[DIGEST_ALG_MAX + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	for (int i = 1; i <= DIGEST_ALG_MAX; i++)
		if (algs[i].openssl)
			fetched[i] = EVP_MD_fetch(NULL, algs[i].openssl, NULL);
	ERR_clear_error();
}

size_t digest_alg_len(int alg)
{
	return alg > DIGEST_NONE && alg <= DIGEST_ALG_MAX ? algs[alg].len : 0;
}

const char *digest_alg_name(int alg)
{
	return digest_alg_len(alg) ? algs[alg].name : NULL;
}

hf_status digest_alg_parse(const char *name, enum digest_alg *ret)
{
	for (int i = 1; i <= DIGEST_ALG_MAX; i++)
		if (strcasecmp(name, algs[i].name) == 0) {
			*ret = (enum digest_alg)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

static hf_status hash(enum digest_alg alg, struct hf_span in, uint8_t *to)
{
	if (alg == DIGEST_RIPEMD160)
		return ripemd160(in, to);
	if (!algs[alg].openssl)
		return blake2b(in, to, algs[alg].len);
	HF_ENSURE(fetched[alg], HF_UNSUPPORTED);
	if (EVP_Digest(in.ptr, in.len, to, NULL, fetched[alg], NULL) != 1) {
		ERR_clear_error();
		return HF_FAILURE(HF_NOMEM);
	}
	return HF_SUCCESS;
}

hf_status digest_alg_hash(enum digest_alg alg, struct hf_span in, uint8_t ret[DIGEST_LEN_MAX],
                          size_t *ret_len)
{
	size_t len = digest_alg_len((int)alg);

	HF_ENSURE(len, HF_INVALID);
	pthread_once(&once, fetch);
	HF_TRY(hash(alg, in, ret));
	*ret_len = len;
	return HF_SUCCESS;
}
