/* SPDX-License-Identifier: Apache-2.0
 * Who is at the other end, out of the chain that the handshake has verified. */
#include "crypto/tls.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

hf_status tls_name(const X509_NAME *name, char *to, size_t cap)
{
	HF_CLEANUP(BIO_free_all_at) BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	size_t len, fits;

	HF_ENSURE(bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0, HF_NOMEM);
	len = (size_t)BIO_get_mem_data(bio, &text);
	fits = len < cap ? len : cap - 1;
	if (fits)
		memcpy(to, text, fits);
	to[fits] = 0;
	HF_ENSURE(fits == len, HF_INVALID);
	return HF_SUCCESS;
}

int64_t tls_time(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int64_t first_end(const certificates *chain)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end = tls_time(X509_get0_notAfter(sk_X509_value(chain, i)));

		first = end < first ? end : first;
	}
	return first;
}

static hf_status common_name(const X509_NAME *subject, char *to, size_t cap)
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	hf_status s;
	int len;

	to[0] = 0;
	if (at < 0)
		return HF_SUCCESS;
	len = ASN1_STRING_to_UTF8(&utf8,
	                          X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (len < 0) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	s = hf_span_to_text(HF_SPAN(utf8, len), to, cap);
	OPENSSL_free(utf8);
	HF_ENSURE(hf_ok(s), HF_INVALID);
	return HF_SUCCESS;
}

static hf_status key_id(const X509 *cert, char to[65])
{
	uint8_t digest[SHA256_LEN];
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	hf_status s;

	HF_ENSURE(len > 0, HF_NOMEM);
	s = sha256(HF_SPAN(der, len), digest);
	OPENSSL_free(der);
	HF_TRY(s);
	hf_hex(digest, sizeof(digest), to);
	return HF_SUCCESS;
}

static hf_status fingerprint(const X509 *cert, char to[65])
{
	uint8_t digest[SHA256_LEN];
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	hf_status s;

	HF_ENSURE(len > 0, HF_NOMEM);
	s = sha256(HF_SPAN(der, len), digest);
	OPENSSL_free(der);
	HF_TRY(s);
	hf_hex(digest, sizeof(digest), to);
	return HF_SUCCESS;
}

hf_status tls_peer_read(struct ssl_st *ssl, struct tls_peer *ret)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	struct tls_peer peer;
	const X509 *leaf, *issuer;

	HF_ENSURE(chain && sk_X509_num(chain) > 0 && SSL_get_verify_result(ssl) == X509_V_OK,
	          HF_NOTFOUND);
	leaf = sk_X509_value(chain, 0);
	/* a certificate that is an authority of the clients itself is its own organisation's */
	issuer = sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf;
	HF_TRY(tls_name(X509_get_subject_name(leaf), peer.subject, sizeof(peer.subject)));
	HF_TRY(common_name(X509_get_subject_name(leaf), peer.common_name,
	                   sizeof(peer.common_name)));
	HF_TRY(tls_name(X509_get_issuer_name(leaf), peer.issuer, sizeof(peer.issuer)));
	HF_TRY(key_id(issuer, peer.issuer_key_id));
	HF_TRY(fingerprint(leaf, peer.fingerprint));
	peer.until_s = first_end(chain);
	*ret = peer;
	return HF_SUCCESS;
}

static hf_status put_certificate(const X509 *cert, struct hf_buf *to)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	HF_ENSURE(len > 0, HF_NOMEM);
	hf_buf_field(to, HF_SPAN(der, len));
	OPENSSL_free(der);
	return hf_buf_status(to);
}

hf_status tls_peer_shown(struct ssl_st *ssl, struct hf_buf *to)
{
	const X509 *own = SSL_get0_peer_certificate(ssl);
	STACK_OF(X509) *along = SSL_get_peer_cert_chain(ssl); /* at a server without its own */

	HF_ENSURE(own, HF_NOTFOUND);
	HF_TRY(put_certificate(own, to));
	for (int i = 0; i < sk_X509_num(along); i++)
		HF_TRY(put_certificate(sk_X509_value(along, i), to));
	return HF_SUCCESS;
}

hf_status tls_issuer_key_id(const char *pem_file, char ret[65], struct hf_err *err)
{
	CERT_SCOPED X509 *cert = NULL;

	HF_TRY(pem_certificate(pem_file, &cert, err));
	return key_id(cert, ret);
}
