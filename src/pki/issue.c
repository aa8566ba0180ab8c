/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue.h"

#include "base/clock.h"
#include "crypto/pem_file.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { SERIAL_BITS = 127, SECONDS_PER_DAY = 86400, CLOCK_SLACK_S = 300 };

HF_DEFINE_CLEANUP(NAME_CONSTRAINTS_free, NAME_CONSTRAINTS *)
HF_DEFINE_CLEANUP(GENERAL_SUBTREE_free, GENERAL_SUBTREE *)

struct kind {
	const char *constraints, *usage, *extended;
};

/* The intermediate has an extended key usage too: it is inherited, so that an organisation cannot
 * make a certificate for a server, which other organisations' drivers would trust. */
static const struct kind kinds[] = {
	[ISSUE_ROOT] = { "critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL },
	[ISSUE_INTERMEDIATE] = { NULL, "critical,keyCertSign,cRLSign", "clientAuth" },
	[ISSUE_CA] = { "critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL },
	[ISSUE_SERVER] = { "critical,CA:FALSE", "critical,digitalSignature", "serverAuth" },
	[ISSUE_CLIENT] = { "critical,CA:FALSE", "critical,digitalSignature", "clientAuth" },
};

hf_status issue_key(enum pki_key_type type, EVP_PKEY **ret)
{
	EVP_PKEY *key = EVP_EC_gen(type == PKI_P384 ? "P-384" : "P-256");

	HF_ENSURE(key, HF_NOMEM);
	*ret = key;
	return HF_SUCCESS;
}

static hf_status add_name(X509_NAME *to, const char *field, const char *text)
{
	HF_ENSURE(X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8, (const uint8_t *)text, -1,
	                                     -1, 0) == 1,
	          HF_INVALID);
	return HF_SUCCESS;
}

hf_status issue_name(X509_NAME *to, const char *organisation, const char *common_name)
{
	if (organisation)
		HF_TRY(add_name(to, "O", organisation));
	return add_name(to, "CN", common_name);
}

static hf_status add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int added;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	HF_ENSURE(ext, HF_INVALID);
	added = X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	HF_ENSURE(added == 1, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status copy_names(const X509 *from, X509 *to)
{
	int at = X509_get_ext_by_NID(from, NID_subject_alt_name, -1);

	if (at >= 0)
		HF_ENSURE(X509_add_ext(to, X509_get_ext(from, at), -1) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status permit(NAME_CONSTRAINTS *to, GENERAL_NAME *base)
{
	HF_CLEANUP(GENERAL_SUBTREE_free_at) GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();

	if (!tree || !to->permittedSubtrees) {
		GENERAL_NAME_free(base);
		return HF_FAILURE(HF_NOMEM);
	}
	GENERAL_NAME_free(tree->base);
	tree->base = base;
	HF_ENSURE(sk_GENERAL_SUBTREE_push(to->permittedSubtrees, tree) > 0, HF_NOMEM);
	(void)hf_take(tree);
	return HF_SUCCESS;
}

static hf_status permit_directory(NAME_CONSTRAINTS *to, const char *organisation)
{
	GENERAL_NAME *base = GENERAL_NAME_new();
	X509_NAME *name = X509_NAME_new();

	if (!base || !name || !hf_ok(add_name(name, "O", organisation))) {
		GENERAL_NAME_free(base);
		X509_NAME_free(name);
		return HF_FAILURE(HF_INVALID);
	}
	GENERAL_NAME_set0_value(base, GEN_DIRNAME, name);
	return permit(to, base);
}

static hf_status permit_hosts(NAME_CONSTRAINTS *to, int type, const struct template_subtrees *s)
{
	for (size_t i = 0; i < s->n; i++) {
		GENERAL_NAME *base = a2i_GENERAL_NAME(NULL, NULL, NULL, type, s->host[i], 1);

		HF_ENSURE(base, HF_INVALID);
		HF_TRY(permit(to, base));
	}
	return HF_SUCCESS;
}

static hf_status add_name_constraints(X509 *cert, const struct csr_template *t)
{
	HF_CLEANUP(NAME_CONSTRAINTS_free_at) NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();

	HF_ENSURE(nc, HF_NOMEM);
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	HF_TRY(permit_directory(nc, t->organisation));
	HF_TRY(permit_hosts(nc, GEN_DNS, &t->dns));
	HF_TRY(permit_hosts(nc, GEN_URI, &t->uri));
	HF_ENSURE(X509_add1_ext_i2d(cert, NID_name_constraints, nc, 1, X509V3_ADD_DEFAULT) == 1,
	          HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status add_intermediate(const struct csr_template *t, X509 *cert, X509 *issuer)
{
	char constraints[64];

	snprintf(constraints, sizeof(constraints), "critical,CA:TRUE,pathlen:%d", t->path_length);
	HF_TRY(add_extension(cert, issuer, NID_basic_constraints, constraints));
	return add_name_constraints(cert, t);
}

static hf_status add_extensions(const struct issue_what *w, X509 *cert, X509 *issuer,
                                struct hf_err *err)
{
	const struct kind *kind = &kinds[w->kind];
	char url[512];

	if (kind->constraints)
		HF_TRY(add_extension(cert, issuer, NID_basic_constraints, kind->constraints));
	else
		HF_TRY(add_intermediate(w->constraint, cert, issuer));
	HF_TRY(add_extension(cert, issuer, NID_key_usage, kind->usage));
	if (kind->extended)
		HF_TRY(add_extension(cert, issuer, NID_ext_key_usage, kind->extended));
	HF_TRY(add_extension(cert, issuer, NID_subject_key_identifier, "hash"));
	if (issuer != cert)
		HF_TRY(add_extension(cert, issuer, NID_authority_key_identifier, "keyid:always"));
	if (w->names && !hf_ok(add_extension(cert, issuer, NID_subject_alt_name, w->names)))
		return hf_fail(err, HF_INVALID,
		               "the names \"%s\" are not understood: write them as "
		               "DNS:api.example.com,IP:10.0.0.1",
		               w->names);
	if (w->names_of)
		HF_TRY(copy_names(w->names_of, cert));
	if (w->crl_url) {
		int n = snprintf(url, sizeof(url), "URI:%s", w->crl_url);

		HF_ENSURE(n < (int)sizeof(url) && !strpbrk(w->crl_url, ",;\n"), HF_INVALID);
		HF_TRY(add_extension(cert, issuer, NID_crl_distribution_points, url));
	}
	return HF_SUCCESS;
}

static hf_status set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	int ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
	         BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));

	BN_free(n);
	HF_ENSURE(ok, HF_NOMEM);
	return HF_SUCCESS;
}

/* A certificate that outlives its issuer would fail on a day that nobody has in the calendar. */
static hf_status set_times(const struct issue_what *w, X509 *cert, X509 *issuer, struct hf_err *err)
{
	time_t now = (time_t)(hf_wall_ms() / 1000), until = (time_t)w->until_s;
	int late = issuer == cert ? -1 : X509_cmp_time(X509_get0_notAfter(issuer), &until);

	if (issuer != cert && X509_cmp_time(X509_get0_notAfter(issuer), &now) < 0)
		return hf_fail(err, HF_INVALID,
		               "the issuer's own certificate has expired: it has to be renewed "
		               "before it can sign");
	HF_ENSURE(ASN1_TIME_adj(X509_getm_notBefore(cert), now, 0, -CLOCK_SLACK_S), HF_NOMEM);
	if (issuer != cert && late < 0)
		HF_ENSURE(X509_set1_notAfter(cert, X509_get0_notAfter(issuer)) == 1, HF_NOMEM);
	else
		HF_ENSURE(ASN1_TIME_set(X509_getm_notAfter(cert), until), HF_NOMEM);
	return HF_SUCCESS;
}

static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_get_bits(key) > 256 && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC
	               ? EVP_sha384()
	               : EVP_sha256();
}

static hf_status build(const struct issue_what *w, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer,
                       X509 *cert, struct hf_err *err)
{
	HF_TRY(set_serial(cert));
	HF_TRY(set_times(w, cert, issuer, err));
	if (!hf_ok(issue_name(X509_get_subject_name(cert), w->organisation, w->common_name)))
		return hf_fail(err, HF_INVALID,
		               "a name has 1 to 64 characters of UTF-8: \"%s\" cannot stand in a "
		               "certificate",
		               w->common_name);
	HF_ENSURE(X509_set_version(cert, X509_VERSION_3) && X509_set_pubkey(cert, key) &&
	                  X509_set_issuer_name(cert, X509_get_subject_name(issuer)),
	          HF_NOMEM);
	HF_TRY(add_extensions(w, cert, issuer, err));
	HF_ENSURE(X509_sign(cert, signer, digest_for(signer)) > 0, HF_INTERNAL);
	return HF_SUCCESS;
}

hf_status issue_certificate(const struct issue_what *w, EVP_PKEY *key, X509 *issuer,
                            EVP_PKEY *issuer_key, X509 **ret, struct hf_err *err)
{
	CERT_SCOPED X509 *cert = X509_new();
	hf_status s;

	HF_ENSURE(cert, HF_NOMEM);
	if (err)
		err->text[0] = '\0';
	s = build(w, key, issuer ? issuer : cert, issuer ? issuer_key : key, cert, err);
	ERR_clear_error();
	if (!hf_ok(s) && err && !err->text[0])
		return hf_fail(err, s.code, "the certificate for %s cannot be made: %s",
		               w->common_name, hf_code_name(s.code));
	HF_TRY(s);
	*ret = hf_take(cert);
	return HF_SUCCESS;
}

static hf_status write_both(const struct issue_request *r, X509 *cert, EVP_PKEY *key,
                            struct hf_err *err)
{
	HF_CLEANUP(pem_wipe) struct hf_buf key_pem = HF_BUF(PEM_FILE_MAX);
	HF_BUF_SCOPED struct hf_buf cert_pem = HF_BUF(PEM_FILE_MAX);
	hf_status s;

	HF_TRY(pem_put_key(&key_pem, key, NULL));
	HF_TRY(pem_put_certificate(&cert_pem, cert));
	HF_TRY(pem_create(r->key, hf_buf_span(&key_pem), 0600, err));
	s = pem_create(r->cert, hf_buf_span(&cert_pem), 0644, err);
	if (!hf_ok(s))
		unlink(r->key);
	return s;
}

hf_status certificate_issue(const struct issue_request *r, struct hf_err *err)
{
	const struct issue_what what = {
		.kind = r->kind,
		.common_name = r->common_name,
		.names = r->names,
		.until_s = hf_wall_ms() / 1000 + (int64_t)r->days * SECONDS_PER_DAY,
	};
	KEY_SCOPED EVP_PKEY *key = NULL;
	KEY_SCOPED EVP_PKEY *issuer_key = NULL;
	CERT_SCOPED X509 *cert = NULL;
	CERT_SCOPED X509 *issuer = NULL;

	if (r->issuer_cert) {
		HF_TRY(pem_certificate(r->issuer_cert, &issuer, err));
		HF_TRY(pem_private_key(r->issuer_key, NULL, &issuer_key, err));
		if (X509_check_private_key(issuer, issuer_key) != 1)
			return hf_fail(err, HF_INVALID, "%s: not the private key of %s",
			               r->issuer_key, r->issuer_cert);
	}
	HF_TRY(issue_key(PKI_P256, &key));
	HF_TRY(issue_certificate(&what, key, issuer, issuer_key, &cert, err));
	return write_both(r, cert, key, err);
}
