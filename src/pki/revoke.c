/* SPDX-License-Identifier: Apache-2.0
 * Revoking, and the CRLs that say so (RFC 5280, 5). */
#include "pki/authority.h"

#include "base/clock.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { CLOCK_SLACK_S = 300 };

HF_DEFINE_CLEANUP(X509_REVOKED_free, X509_REVOKED *)

/* One that is not in the index (made by other means) is entered, if this authority's key has signed
 * it. */
static hf_status find_certificate(struct authority *a, const struct pki_revoke *r,
                                  struct ca_entry **ret, struct hf_err *err)
{
	CERT_SCOPED X509 *cert = NULL;
	struct ca_entry entry;

	HF_TRY(pem_certificate(r->cert, &cert, err));
	if (X509_check_issued(a->cert, cert) != X509_V_OK ||
	    X509_verify(cert, X509_get0_pubkey(a->cert)) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID,
		               "%s was not issued by %s: only its own authority revokes it",
		               r->cert, r->ca.cert);
	}
	HF_TRY(authority_entry(cert, &entry));
	if (!ca_index_find(&a->index, entry.serial))
		HF_TRY(ca_index_add(&a->index, &entry));
	*ret = ca_index_find(&a->index, entry.serial);
	return HF_SUCCESS;
}

/* As people copy it: colons, either case, leading zeros. */
static hf_status find_serial(struct authority *a, const struct pki_revoke *r, struct ca_entry **ret,
                             struct hf_err *err)
{
	char serial[CA_SERIAL_MAX];
	size_t n = 0;

	for (const char *p = r->serial; *p && n + 1 < sizeof(serial); p++)
		if (*p != ':' && !(n == 0 && *p == '0'))
			serial[n++] = (char)toupper((unsigned char)*p);
	serial[n] = '\0';
	*ret = ca_index_find(&a->index, serial);
	if (!*ret)
		return hf_fail(
		        err, HF_NOTFOUND,
		        "%s has issued no certificate of the serial number %s: they stand in "
		        "%s",
		        r->ca.cert, r->serial, a->index_file);
	return HF_SUCCESS;
}

static void mark(struct ca_entry *e, enum ca_reason reason, int64_t now_s)
{
	e->revoked = true;
	e->revoked_s = now_s;
	e->reason = reason;
}

static void look_at_others(struct authority *a, const struct pki_revoke *r, int64_t now_s,
                           struct pki_revoked *done)
{
	for (size_t i = 0; i < a->index.n; i++) {
		struct ca_entry *e = &a->index.entries[i];

		if (e->revoked || e->until_s < now_s ||
		    strcmp(e->subject, done->entry.subject) != 0)
			continue;
		if (r->all)
			mark(e, r->reason, now_s);
		done->others += r->all;
		done->still_valid += !r->all;
	}
}

hf_status pki_revoke(const struct pki_revoke *r, struct pki_revoked *ret, struct hf_err *err)
{
	HF_CLEANUP(authority_close) struct authority a = { .lock = -1 };
	struct pki_revoked done = { 0 };
	struct ca_entry *entry = NULL;
	int64_t now_s = hf_wall_ms() / 1000;
	char when[CA_TIME_MAX];

	HF_TRY(authority_open(&r->ca, &a, err));
	if (r->cert)
		HF_TRY(find_certificate(&a, r, &entry, err));
	else
		HF_TRY(find_serial(&a, r, &entry, err));
	if (entry->revoked && !r->all) {
		ca_time_text(entry->revoked_s, when);
		return hf_fail(err, HF_EXISTS, "%s, serial number %s, is revoked since %s (%s)",
		               entry->subject, entry->serial, when, ca_reason_name(entry->reason));
	}
	if (!entry->revoked)
		mark(entry, r->reason, now_s);
	done.entry = *entry;
	look_at_others(&a, r, now_s, &done);
	HF_TRY(authority_save(&a, err));
	*ret = done;
	return HF_SUCCESS;
}

static hf_status set_serial(X509_REVOKED *to, const char *hex)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = NULL;
	bool ok = BN_hex2bn(&number, hex) > 0 && (serial = BN_to_ASN1_INTEGER(number, NULL)) &&
	          X509_REVOKED_set_serialNumber(to, serial) == 1;

	ASN1_INTEGER_free(serial);
	BN_free(number);
	HF_ENSURE(ok, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status set_reason(X509_REVOKED *to, enum ca_reason reason)
{
	ASN1_ENUMERATED *value;
	bool ok;

	if (reason == CA_UNSPECIFIED) /* then the extension should be absent (5.3.1) */
		return HF_SUCCESS;
	value = ASN1_ENUMERATED_new();
	ok = value && ASN1_ENUMERATED_set(value, (long)reason) == 1 &&
	     X509_REVOKED_add1_ext_i2d(to, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) == 1;
	ASN1_ENUMERATED_free(value);
	HF_ENSURE(ok, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status add_revoked(X509_CRL *crl, const struct ca_entry *e)
{
	HF_CLEANUP(X509_REVOKED_free_at) X509_REVOKED *one = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)e->revoked_s);
	bool dated = one && when && X509_REVOKED_set_revocationDate(one, when) == 1;

	ASN1_TIME_free(when);
	HF_ENSURE(dated, HF_NOMEM);
	HF_TRY(set_serial(one, e->serial));
	HF_TRY(set_reason(one, e->reason));
	HF_ENSURE(X509_CRL_add0_revoked(crl, one) == 1, HF_NOMEM);
	(void)hf_take(one);
	return HF_SUCCESS;
}

static hf_status set_times(X509_CRL *crl, int64_t now, int64_t until)
{
	ASN1_TIME *last = ASN1_TIME_set(NULL, (time_t)now),
	          *next = ASN1_TIME_set(NULL, (time_t)until);
	bool ok = last && next && X509_CRL_set1_lastUpdate(crl, last) == 1 &&
	          X509_CRL_set1_nextUpdate(crl, next) == 1;

	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	HF_ENSURE(ok, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status add_crl_extensions(X509_CRL *crl, X509 *issuer, int64_t number)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_EXTENSION *key_id;
	X509V3_CTX ctx;
	bool ok = n && ASN1_INTEGER_set_int64(n, number) == 1 &&
	          X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, X509V3_ADD_DEFAULT) == 1;

	ASN1_INTEGER_free(n);
	HF_ENSURE(ok, HF_NOMEM);
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	key_id = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	ok = key_id && X509_CRL_add_ext(crl, key_id, -1) == 1;
	X509_EXTENSION_free(key_id);
	HF_ENSURE(ok, HF_INVALID);
	return HF_SUCCESS;
}

/* Certificates that have expired stay in it: who has a wrong clock shall refuse them too. */
static hf_status build(const struct authority *a, struct pki_crl_made *made, X509_CRL **ret)
{
	HF_CLEANUP(X509_CRL_free_at) X509_CRL *crl = X509_CRL_new();
	const EVP_MD *digest = EVP_PKEY_get_bits(a->key) > 256 ? EVP_sha384() : EVP_sha256();

	HF_ENSURE(crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	                  X509_CRL_set_issuer_name(crl, X509_get_subject_name(a->cert)) == 1,
	          HF_NOMEM);
	HF_TRY(set_times(crl, hf_wall_ms() / 1000 - CLOCK_SLACK_S, made->until_s));
	for (size_t i = 0; i < a->index.n; i++)
		if (a->index.entries[i].revoked) {
			HF_TRY(add_revoked(crl, &a->index.entries[i]));
			made->revoked++;
		}
	HF_TRY(add_crl_extensions(crl, a->cert, made->number));
	HF_ENSURE(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, a->key, digest) > 0, HF_INTERNAL);
	*ret = hf_take(crl);
	return HF_SUCCESS;
}

/* The number is used up before the CRL is out: two CRLs never share one. */
hf_status pki_crl(const struct pki_crl *c, struct pki_crl_made *ret, struct hf_err *err)
{
	HF_CLEANUP(authority_close) struct authority a = { .lock = -1 };
	HF_CLEANUP(X509_CRL_free_at) X509_CRL *crl = NULL;
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_FILE_MAX);
	struct pki_crl_made made = { .until_s = hf_wall_ms() / 1000 + c->days * 86400 };

	HF_TRY(authority_open(&c->ca, &a, err));
	if (!(X509_get_key_usage(a.cert) & KU_CRL_SIGN))
		return hf_fail(err, HF_INVALID, "%s may not sign CRLs", c->ca.cert);
	made.number = ++a.index.crl_number;
	HF_TRY(build(&a, &made, &crl));
	HF_TRY(pem_put_crl(&pem, crl));
	HF_TRY(authority_save(&a, err));
	HF_TRY(pem_replace(c->out, hf_buf_span(&pem), 0644, err));
	*ret = made;
	return HF_SUCCESS;
}
