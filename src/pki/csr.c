/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include "pki/issue.h"
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

typedef STACK_OF(X509_EXTENSION) extensions;

static void extensions_free(extensions *e)
{
	sk_X509_EXTENSION_pop_free(e, X509_EXTENSION_free);
}

HF_DEFINE_CLEANUP(extensions_free, extensions *)
#define EXTENSIONS_SCOPED HF_CLEANUP(extensions_free_at)

static hf_status add_extension(extensions *to, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	HF_ENSURE(e, HF_INVALID);
	if (!sk_X509_EXTENSION_push(to, e)) {
		X509_EXTENSION_free(e);
		return HF_FAILURE(HF_NOMEM);
	}
	return HF_SUCCESS;
}

static hf_status wanted_extensions(const struct csr_template *t, extensions *to)
{
	char constraints[64];

	snprintf(constraints, sizeof(constraints), "critical,CA:TRUE,pathlen:%d", t->path_length);
	HF_TRY(add_extension(to, NID_basic_constraints, constraints));
	return add_extension(to, NID_key_usage, "critical,keyCertSign,cRLSign");
}

hf_status csr_make(const struct csr_template *t, const char *common_name, EVP_PKEY *key,
                   X509_REQ **ret, struct hf_err *err)
{
	HF_CLEANUP(X509_REQ_free_at) X509_REQ *r = X509_REQ_new();
	EXTENSIONS_SCOPED extensions *wanted = sk_X509_EXTENSION_new_null();

	HF_ENSURE(r && wanted, HF_NOMEM);
	if (!hf_ok(issue_name(X509_REQ_get_subject_name(r), t->organisation, common_name)))
		return hf_fail(err, HF_INVALID,
		               "a name has 1 to 64 characters of UTF-8: \"%s\" cannot stand in a "
		               "request",
		               common_name);
	HF_TRY(wanted_extensions(t, wanted));
	HF_ENSURE(X509_REQ_set_version(r, X509_REQ_VERSION_1) == 1 &&
	                  X509_REQ_set_pubkey(r, key) == 1 &&
	                  X509_REQ_add_extensions(r, wanted) == 1 &&
	                  X509_REQ_sign(r, key,
	                                t->key_type == PKI_P384 ? EVP_sha384() : EVP_sha256()) > 0,
	          HF_INTERNAL);
	*ret = hf_take(r);
	return HF_SUCCESS;
}

bool csr_key_is(const EVP_PKEY *key, enum pki_key_type type)
{
	char group[64];

	return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, type == PKI_P384 ? "secp384r1" : "prime256v1") == 0;
}

/* The one value of a field; false when there is none, several, or one that does not fit. */
static bool name_value(const X509_NAME *name, int nid, char *to, size_t cap)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *utf8 = NULL;
	bool fits;
	int len;

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	fits = len > 0 && hf_ok(hf_span_to_text(HF_SPAN(utf8, len), to, cap));
	OPENSSL_free(utf8);
	return fits;
}

static void check_subject(const X509_NAME *name, const struct csr_template *t, struct hf_buf *to,
                          char common_name[TEMPLATE_NAME_MAX])
{
	char organisation[TEMPLATE_NAME_MAX] = "", whole[512];

	hf_ignore(tls_name(name, whole, sizeof(whole)));
	if (!name_value(name, NID_organizationName, organisation, sizeof(organisation)) ||
	    strcmp(organisation, t->organisation) != 0)
		hf_buf_printf(to, "  organisation: the template has \"%s\", the subject is %s\n",
		              t->organisation, whole);
	if (!name_value(name, NID_commonName, common_name, TEMPLATE_NAME_MAX) ||
	    !csr_template_name_fits(t->common_name, common_name))
		hf_buf_printf(to, "  common name: the template has \"%s\", the subject is %s\n",
		              t->common_name, whole);
	if (X509_NAME_entry_count(name) != 2)
		hf_buf_printf(to, "  subject: it has to be O and CN and nothing else, and is %s\n",
		              whole);
}

static void check_key(const EVP_PKEY *key, const struct csr_template *t, struct hf_buf *to)
{
	char group[64] = "of no curve";

	if (csr_key_is(key, t->key_type))
		return;
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
	hf_buf_printf(to, "  key: the template has %s, the key is %s (%s, %d bits)\n",
	              pki_key_type_name(t->key_type),
	              key ? EVP_PKEY_get0_type_name(key) : "unknown", group,
	              key ? EVP_PKEY_get_bits(key) : 0);
}

static const X509_EXTENSION *find_same(const extensions *among, const X509_EXTENSION *e)
{
	int at = X509v3_get_ext_by_OBJ(among, X509_EXTENSION_get_object((X509_EXTENSION *)e), -1);

	return at < 0 ? NULL : X509v3_get_ext(among, at);
}

/* A request may ask for what it will get, or for nothing; never for something else. */
static void check_extension(X509_EXTENSION *e, const extensions *wanted, struct hf_buf *to)
{
	const X509_EXTENSION *same = find_same(wanted, e);
	char name[80];

	OBJ_obj2txt(name, sizeof(name), X509_EXTENSION_get_object(e), 0);
	if (!same)
		hf_buf_printf(to, "  %s: the template has no such extension, the request has\n",
		              name);
	else if (ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(e),
	                               X509_EXTENSION_get_data((X509_EXTENSION *)same)) != 0)
		hf_buf_printf(to, "  %s: the request asks for another value than the template's\n",
		              name);
}

static hf_status check_extensions(X509_REQ *r, const struct csr_template *t, struct hf_buf *to)
{
	EXTENSIONS_SCOPED extensions *asked = X509_REQ_get_extensions(r);
	EXTENSIONS_SCOPED extensions *wanted = sk_X509_EXTENSION_new_null();

	HF_ENSURE(wanted, HF_NOMEM);
	HF_TRY(wanted_extensions(t, wanted));
	for (int i = 0; asked && i < sk_X509_EXTENSION_num(asked); i++)
		check_extension(sk_X509_EXTENSION_value(asked, i), wanted, to);
	return HF_SUCCESS;
}

hf_status csr_differences(X509_REQ *r, const struct csr_template *t, struct hf_buf *to,
                          char common_name[TEMPLATE_NAME_MAX])
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(r);

	common_name[0] = '\0';
	check_subject(X509_REQ_get_subject_name(r), t, to, common_name);
	check_key(key, t, to);
	if (!key || X509_REQ_verify(r, key) != 1)
		hf_buf_text(to, "  signature: the request is not signed by its own key; it was "
		                "altered on its way, or made from another's\n");
	HF_TRY(check_extensions(r, t, to));
	ERR_clear_error();
	return hf_buf_status(to);
}

hf_status csr_certificate_differences(X509 *cert, const struct csr_template *t, struct hf_buf *to)
{
	char common_name[TEMPLATE_NAME_MAX] = "";

	check_subject(X509_get_subject_name(cert), t, to, common_name);
	check_key(X509_get0_pubkey(cert), t, to);
	if (X509_check_ca(cert) != 1)
		hf_buf_text(to, "  use: it is not an authority's certificate\n");
	else if (X509_get_pathlen(cert) != t->path_length)
		hf_buf_printf(to, "  path length: the template has %d, the certificate has %ld\n",
		              t->path_length, X509_get_pathlen(cert));
	ERR_clear_error();
	return hf_buf_status(to);
}
