/* SPDX-License-Identifier: Apache-2.0
 * Leaves: made, renewed, bundled with their chain. */
#include "pki/authority.h"
#include "pki/csr.h"

#include "base/clock.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static hf_status subject_text(const X509 *cert, int nid, char to[TEMPLATE_NAME_MAX])
{
	const X509_NAME *name = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *utf8 = NULL;
	hf_status s;
	int len;

	HF_ENSURE(at >= 0, HF_NOTFOUND);
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	s = len > 0 ? hf_span_to_text(HF_SPAN(utf8, len), to, TEMPLATE_NAME_MAX)
	            : HF_FAILURE(HF_INVALID);
	OPENSSL_free(utf8);
	return s;
}

static hf_status ensure_absent(const char *file, struct hf_err *err)
{
	if (access(file, F_OK) == 0)
		return hf_fail(err, HF_EXISTS,
		               "%s is there already: choose another name, move it away, or renew "
		               "it by: holdfast pki renew",
		               file);
	return HF_SUCCESS;
}

static hf_status write_new(const struct pki_leaf *l, X509 *cert, EVP_PKEY *key, struct hf_err *err)
{
	HF_CLEANUP(pem_wipe) struct hf_buf key_pem = HF_BUF(PEM_FILE_MAX);
	HF_BUF_SCOPED struct hf_buf cert_pem = HF_BUF(PEM_FILE_MAX);
	hf_status s;

	HF_TRY(pem_put_key(&key_pem, key, NULL));
	HF_TRY(pem_put_certificate(&cert_pem, cert));
	HF_TRY(pem_create(l->key, hf_buf_span(&key_pem), 0600, err));
	s = pem_create(l->cert, hf_buf_span(&cert_pem), 0644, err);
	if (!hf_ok(s))
		unlink(l->key);
	return s;
}

hf_status pki_leaf(const struct pki_leaf *l, struct hf_err *err)
{
	HF_CLEANUP(authority_close) struct authority ca = { .lock = -1 };
	KEY_SCOPED EVP_PKEY *key = NULL;
	CERT_SCOPED X509 *cert = NULL;
	char organisation[TEMPLATE_NAME_MAX] = "";
	struct issue_what what = {
		.kind = l->server ? ISSUE_SERVER : ISSUE_CLIENT,
		.organisation = l->organisation,
		.common_name = l->common_name,
		.names = l->names,
		.until_s = l->until_s,
	};

	HF_TRY(ensure_absent(l->cert, err));
	HF_TRY(ensure_absent(l->key, err));
	HF_TRY(authority_open(&l->ca, &ca, err));
	if (!what.organisation && hf_ok(subject_text(ca.cert, NID_organizationName, organisation)))
		what.organisation = organisation;
	HF_TRY(issue_key(l->key_type, &key));
	HF_TRY(authority_issue(&ca, &what, key, &cert, err));
	return write_new(l, cert, key, err);
}

/* Was it issued by this very authority? Only then are its names taken over. */
static hf_status check_ours(const struct authority *ca, const struct pki_renew *r, X509 *old,
                            struct hf_err *err)
{
	if (X509_check_issued(ca->cert, old) == X509_V_OK &&
	    X509_verify(old, X509_get0_pubkey(ca->cert)) == 1)
		return HF_SUCCESS;
	ERR_clear_error();
	return hf_fail(err, HF_INVALID, "%s was not issued by %s: only its own authority renews it",
	               r->cert, r->ca.cert);
}

static hf_status renewed(struct authority *ca, const struct pki_renew *r, X509 *old, EVP_PKEY *key,
                         X509 **ret, struct hf_err *err)
{
	bool server = (X509_get_extended_key_usage(old) & XKU_SSL_SERVER) != 0;
	char common_name[TEMPLATE_NAME_MAX], organisation[TEMPLATE_NAME_MAX] = "";
	struct issue_what what = {
		.kind = server ? ISSUE_SERVER : ISSUE_CLIENT,
		.common_name = common_name,
		.names_of = old,
		.until_s = r->until_s,
	};
	char serial[CA_SERIAL_MAX];
	struct ca_entry entry, *known;

	HF_TRY(authority_entry(old, &entry));
	snprintf(serial, sizeof(serial), "%s", entry.serial);
	known = ca_index_find(&ca->index, serial);
	if (known && known->revoked)
		return hf_fail(err, HF_DENIED,
		               "%s is revoked (%s): what is revoked is not renewed. Issue a new "
		               "one by: holdfast pki leaf",
		               r->cert, ca_reason_name(known->reason));
	if (X509_check_ca(old) != 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "%s is an authority's certificate: have its request signed again "
		               "by: holdfast pki sign",
		               r->cert);
	HF_TRY(hf_context(err, subject_text(old, NID_commonName, common_name), "%s", r->cert));
	if (hf_ok(subject_text(old, NID_organizationName, organisation)))
		what.organisation = organisation;
	return authority_issue(ca, &what, key, ret, err);
}

/* The key first: whoever reads in between finds that they do not fit, and keeps what it has. A
 * crash in between is mended by renewing again, which needs the old certificate only. */
static hf_status replace(const struct pki_renew *r, X509 *cert, certificates *rest, EVP_PKEY *key,
                         struct hf_err *err)
{
	HF_CLEANUP(pem_wipe) struct hf_buf key_pem = HF_BUF(PEM_FILE_MAX);
	HF_BUF_SCOPED struct hf_buf cert_pem = HF_BUF(PEM_FILE_MAX);

	HF_TRY(pem_put_certificate(&cert_pem, cert));
	for (int i = 1; i < sk_X509_num(rest); i++)
		HF_TRY(pem_put_certificate(&cert_pem, sk_X509_value(rest, i)));
	if (!r->keep_key) {
		HF_TRY(pem_put_key(&key_pem, key, NULL));
		HF_TRY(pem_replace(r->key, hf_buf_span(&key_pem), 0600, err));
	}
	return pem_replace(r->cert, hf_buf_span(&cert_pem), 0644, err);
}

static hf_status next_key(const struct pki_renew *r, X509 *old, EVP_PKEY **ret, struct hf_err *err)
{
	bool p384 = csr_key_is(X509_get0_pubkey(old), PKI_P384);

	if (r->keep_key)
		return pem_private_key(r->key, NULL, ret, err);
	return issue_key(p384 ? PKI_P384 : PKI_P256, ret);
}

hf_status pki_renew(const struct pki_renew *r, struct hf_err *err)
{
	HF_CLEANUP(authority_close) struct authority ca = { .lock = -1 };
	CERTS_SCOPED certificates *old = NULL;
	KEY_SCOPED EVP_PKEY *key = NULL;
	CERT_SCOPED X509 *cert = NULL;

	HF_TRY(pem_certificates(r->cert, &old, err));
	HF_TRY(authority_open(&r->ca, &ca, err));
	HF_TRY(check_ours(&ca, r, sk_X509_value(old, 0), err));
	HF_TRY(next_key(r, sk_X509_value(old, 0), &key, err));
	HF_TRY(renewed(&ca, r, sk_X509_value(old, 0), key, &cert, err));
	return replace(r, cert, old, key, err);
}

static hf_status collect(const char *const *files, size_t n, certificates *to, struct hf_err *err)
{
	for (size_t i = 0; i < n; i++) {
		CERTS_SCOPED certificates *some = NULL;
		X509 *one;

		HF_TRY(pem_certificates(files[i], &some, err));
		while ((one = sk_X509_shift(some))) {
			if (sk_X509_push(to, one))
				continue;
			X509_free(one);
			return HF_FAILURE(HF_NOMEM);
		}
	}
	return HF_SUCCESS;
}

static bool issued_by(X509 *cert, X509 *issuer)
{
	bool yes = X509_cmp(cert, issuer) != 0 && X509_check_issued(issuer, cert) == X509_V_OK &&
	           X509_verify(cert, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return yes;
}

static int issuer_of(const certificates *all, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(all); i++)
		if (issued_by(cert, sk_X509_value(all, i)))
			return i;
	return -1;
}

/* The one that has issued none of the others. */
static X509 *bottom(const certificates *all)
{
	for (int i = 0; i < sk_X509_num(all); i++) {
		bool issuer = false;

		for (int j = 0; j < sk_X509_num(all) && !issuer; j++)
			issuer = issued_by(sk_X509_value(all, j), sk_X509_value(all, i));
		if (!issuer)
			return sk_X509_value(all, i);
	}
	return NULL;
}

hf_status pki_bundle(const char *const *files, size_t n, const char *out, struct hf_err *err)
{
	CERTS_SCOPED certificates *all = sk_X509_new_null();
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_FILE_MAX);
	int used = 0, next;

	HF_ENSURE(all, HF_NOMEM);
	HF_TRY(collect(files, n, all, err));
	for (X509 *at = bottom(all); at; used++) {
		HF_TRY(pem_put_certificate(&pem, at));
		next = issuer_of(all, at);
		at = next < 0 ? NULL : sk_X509_value(all, next);
	}
	if (used != sk_X509_num(all))
		return hf_fail(err, HF_INVALID,
		               "these %d certificates are no chain: %d of them follow from one "
		               "another. See who issued which by: holdfast pki inspect",
		               sk_X509_num(all), used);
	return pem_create(out, hf_buf_span(&pem), 0644, err);
}
