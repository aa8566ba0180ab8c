/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tls_material.h"

#include "crypto/pem_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define CERTIFICATES_MAX 32

static hf_status no_certificate(struct hf_err *err)
{
	ERR_clear_error();
	return hf_fail(err, HF_INVALID,
	               "this is no X.509 certificate: give it in DER, encoded as base64");
}

hf_status material_certificates(struct hf_span from, struct hf_buf *pem, struct hf_err *err)
{
	const uint8_t *at = from.ptr;
	BIO_SCOPED BIO *bio = BIO_new_mem_buf(from.ptr, (int)from.len);
	unsigned n = 0;

	HF_ENSURE(bio, HF_NOMEM);
	if (from.len && from.ptr[0] == 0x30) { /* a SEQUENCE: DER */
		CERT_SCOPED X509 *cert = d2i_X509(NULL, &at, (long)from.len);

		if (!cert || at != from.ptr + from.len)
			return no_certificate(err);
		return pem_put_certificate(pem, cert);
	}
	for (;; n++) {
		CERT_SCOPED X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		HF_ENSURE(n < CERTIFICATES_MAX, HF_TOOBIG);
		HF_TRY(pem_put_certificate(pem, cert));
	}
	ERR_clear_error();
	return n ? HF_SUCCESS : no_certificate(err);
}

static int no_passphrase(char *to, int cap, int writing, void *ctx)
{
	return -1;
}

hf_status material_key(const struct hf_secret *from, struct evp_pkey_st **ret, struct hf_err *err)
{
	const uint8_t *at = from->ptr;
	BIO_SCOPED BIO *bio = BIO_new_mem_buf(from->ptr, (int)from->len);
	EVP_PKEY *key;

	HF_ENSURE(bio, HF_NOMEM);
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key)
		key = d2i_AutoPrivateKey(NULL, &at, (long)from->len);
	ERR_clear_error();
	if (!key)
		return hf_fail(err, HF_INVALID,
		               "the client's key cannot be read: give it as PKCS#8, in DER or PEM, "
		               "without a passphrase");
	*ret = key;
	return HF_SUCCESS;
}

hf_status material_fits(struct hf_span cert_pem, const struct hf_secret *key, struct hf_err *err)
{
	BIO_SCOPED BIO *bio = BIO_new_mem_buf(cert_pem.ptr, (int)cert_pem.len);
	CERT_SCOPED X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	KEY_SCOPED EVP_PKEY *pkey = NULL;

	HF_ENSURE(bio, HF_NOMEM);
	if (!cert)
		return no_certificate(err);
	HF_TRY(material_key(key, &pkey, err));
	if (X509_check_private_key(cert, pkey) == 1)
		return HF_SUCCESS;
	ERR_clear_error();
	return hf_fail(err, HF_INVALID,
	               "the client's key does not belong to the client's certificate");
}
