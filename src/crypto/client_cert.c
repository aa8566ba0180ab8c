/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/client_cert.h"

#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DEPTH_MAX 6
#define AUTH_LEVEL 2 /* 112 bits */

HF_DEFINE_CLEANUP(GENERAL_NAMES_free, GENERAL_NAMES *)
HF_DEFINE_CLEANUP(X509_STORE_free, X509_STORE *)
HF_DEFINE_CLEANUP(X509_STORE_CTX_free, X509_STORE_CTX *)

static X509 *parse(struct hf_span der)
{
	const unsigned char *at = der.ptr;
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	ERR_clear_error();
	if (cert && at == der.ptr + der.len)
		return cert;
	X509_free(cert);
	return NULL;
}

hf_status client_cert_until(struct hf_span der, int64_t *ret_until_s, struct hf_err *err)
{
	CERT_SCOPED X509 *cert = parse(der);

	if (!cert || der.len > CLIENT_CERT_MAX)
		return hf_fail(err, HF_INVALID,
		               "expected one certificate, DER, of at most %d bytes",
		               CLIENT_CERT_MAX);
	*ret_until_s = tls_time(X509_get0_notAfter(cert));
	return HF_SUCCESS;
}

hf_status client_cert_within_dates(struct hf_span der, int64_t now_ms, struct hf_err *err)
{
	CERT_SCOPED X509 *cert = parse(der);
	time_t now = (time_t)(now_ms / 1000);

	HF_ENSURE(cert, HF_UNAUTHENTIC);
	if (X509_cmp_time(X509_get0_notBefore(cert), &now) >= 0 ||
	    X509_cmp_time(X509_get0_notAfter(cert), &now) <= 0)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this certificate has expired, or is not valid yet");
	return HF_SUCCESS;
}

static hf_status add_authorities(X509_STORE *store, const struct hf_span *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CERT_SCOPED X509 *cert = parse(all[i]);

		HF_ENSURE(cert, HF_CORRUPT);
		HF_ENSURE(X509_STORE_add_cert(store, cert) == 1, HF_NOMEM);
	}
	return HF_SUCCESS;
}

static hf_status read_shown(struct hf_span shown, X509 **ret_own, certificates *along)
{
	struct hf_reader r = hf_reader(shown);

	while (r.left) {
		CERT_SCOPED X509 *cert = parse(hf_read_field(&r, CLIENT_CERT_MAX));

		HF_ENSURE(cert && !r.failed, HF_UNAUTHENTIC);
		if (!*ret_own)
			*ret_own = hf_take(cert);
		else if (sk_X509_push(along, cert) > 0)
			cert = NULL;
		else
			return HF_FAILURE(HF_NOMEM);
	}
	HF_ENSURE(*ret_own, HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

static hf_status set_terms(X509_STORE_CTX *ctx, int64_t now_ms)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	HF_ENSURE(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) == 1, HF_INTERNAL);
	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
	/* an authority may be given itself, without its root */
	HF_ENSURE(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1, HF_INTERNAL);
	return HF_SUCCESS;
}

hf_status client_cert_chain(const struct hf_span *authorities, size_t n, struct hf_span shown,
                            int64_t now_ms, struct hf_err *err)
{
	HF_CLEANUP(X509_STORE_free_at) X509_STORE *store = X509_STORE_new();
	HF_CLEANUP(X509_STORE_CTX_free_at) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	CERTS_SCOPED certificates *along = sk_X509_new_null();
	CERT_SCOPED X509 *own = NULL;
	int reason;

	HF_ENSURE(store && ctx && along, HF_NOMEM);
	HF_TRY(add_authorities(store, authorities, n));
	HF_TRY(read_shown(shown, &own, along));
	HF_ENSURE(X509_STORE_CTX_init(ctx, store, own, along) == 1, HF_NOMEM);
	HF_TRY(set_terms(ctx, now_ms));
	if (X509_verify_cert(ctx) == 1)
		return HF_SUCCESS;
	reason = X509_STORE_CTX_get_error(ctx);
	ERR_clear_error();
	return hf_fail(err, HF_UNAUTHENTIC,
	               "this certificate is not accepted by this app's authorities: %s",
	               X509_verify_cert_error_string(reason));
}

static GENERAL_NAMES *alternative_names(struct hf_span der)
{
	CERT_SCOPED X509 *cert = parse(der);

	return cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
}

static bool is_dns(const ASN1_IA5STRING *s, const char *name)
{
	size_t len = strlen(name);

	return (size_t)ASN1_STRING_length(s) == len &&
	       strncasecmp((const char *)ASN1_STRING_get0_data(s), name, len) == 0;
}

bool client_cert_has_dns(struct hf_span der, const char *name)
{
	HF_CLEANUP(GENERAL_NAMES_free_at) GENERAL_NAMES *all = alternative_names(der);

	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);

		if (one->type == GEN_DNS && is_dns(one->d.dNSName, name))
			return true;
	}
	return false;
}

bool client_cert_has_ip(struct hf_span der, struct hf_span address)
{
	HF_CLEANUP(GENERAL_NAMES_free_at) GENERAL_NAMES *all = alternative_names(der);

	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
		const ASN1_OCTET_STRING *ip = one->type == GEN_IPADD ? one->d.iPAddress : NULL;

		if (ip && hf_span_equal(address,
		                        HF_SPAN(ASN1_STRING_get0_data(ip), ASN1_STRING_length(ip))))
			return true;
	}
	return false;
}

bool name_part_known(const char *type)
{
	int nid = OBJ_txt2nid(type);

	ERR_clear_error();
	return nid != NID_undef;
}

static bool is_part(const X509_NAME_ENTRY *e, const struct name_part *part)
{
	unsigned char *utf8 = NULL;
	bool same;
	int len;

	if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(e)) != OBJ_txt2nid(part->type))
		return false;
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
	ERR_clear_error();
	if (len < 0)
		return false;
	same = hf_span_equal(HF_SPAN(utf8, len), part->value);
	OPENSSL_free(utf8);
	return same;
}

static bool is_name(const X509_NAME *name, const struct name_part *parts, size_t n)
{
	if ((size_t)X509_NAME_entry_count(name) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_part(X509_NAME_get_entry(name, (int)i), &parts[i]))
			return false;
	return true;
}

bool client_cert_has_name(struct hf_span der, const struct name_part *parts, size_t n)
{
	HF_CLEANUP(GENERAL_NAMES_free_at) GENERAL_NAMES *all = alternative_names(der);
	CERT_SCOPED X509 *cert = parse(der);

	if (cert && is_name(X509_get_subject_name(cert), parts, n))
		return true;
	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);

		if (one->type == GEN_DIRNAME && is_name(one->d.directoryName, parts, n))
			return true;
	}
	return false;
}
