/* SPDX-License-Identifier: Apache-2.0
 * The ceremony: root, template, request, signing. */
#include "pki/authority.h"
#include "pki/csr.h"

#include "base/clock.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

hf_status pki_key_has_passphrase(const char *key_file, bool *ret, struct hf_err *err)
{
	static const char word[] = "ENCRYPTED";
	HF_CLEANUP(pem_wipe) struct hf_buf text = HF_BUF(PEM_FILE_MAX);

	HF_TRY(pem_read(key_file, &text, err));
	*ret = text.len && memmem(text.ptr, text.len, word, sizeof(word) - 1);
	return HF_SUCCESS;
}

static hf_status write_key(const char *file, EVP_PKEY *key, const struct hf_secret *passphrase,
                           struct hf_err *err)
{
	HF_CLEANUP(pem_wipe) struct hf_buf pem = HF_BUF(PEM_FILE_MAX);

	HF_TRY(pem_put_key(&pem, key, passphrase));
	return pem_create(file, hf_buf_span(&pem), 0600, err);
}

static hf_status write_cert(const char *file, X509 *cert, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_FILE_MAX);

	HF_TRY(pem_put_certificate(&pem, cert));
	return pem_create(file, hf_buf_span(&pem), 0644, err);
}

/* What must not be there yet is looked at first, so that a mistake leaves nothing half made. */
static hf_status ensure_absent(const char *file, struct hf_err *err)
{
	if (access(file, F_OK) == 0)
		return hf_fail(err, HF_EXISTS,
		               "%s is there already: choose another name, or move it away", file);
	return HF_SUCCESS;
}

/* An authority's key with its empty index. */
static hf_status write_authority_key(const struct pki_ca *files, EVP_PKEY *key, struct hf_err *err)
{
	hf_status s;

	HF_TRY(write_key(files->key, key, files->passphrase, err));
	s = authority_start_index(files->key, err);
	if (!hf_ok(s))
		unlink(files->key);
	return s;
}

hf_status pki_init_root(const struct pki_root *r, struct hf_err *err)
{
	const struct issue_what what = {
		.kind = ISSUE_ROOT,
		.organisation = r->organisation,
		.common_name = r->common_name,
		.until_s = r->until_s,
	};
	KEY_SCOPED EVP_PKEY *key = NULL;
	CERT_SCOPED X509 *cert = NULL;

	HF_TRY(ensure_absent(r->files.cert, err));
	HF_TRY(issue_key(r->key_type, &key));
	HF_TRY(issue_certificate(&what, key, NULL, NULL, &cert, err));
	HF_TRY(write_authority_key(&r->files, key, err));
	return write_cert(r->files.cert, cert, err);
}

hf_status pki_template_write(const char *file, const struct csr_template *t, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TEMPLATE_TEXT_MAX);

	HF_TRY(csr_template_check(t, err));
	csr_template_encode(&text, t);
	HF_TRY(hf_buf_status(&text));
	return pem_create(file, hf_buf_span(&text), 0644, err);
}

hf_status pki_template_read(const char *file, struct csr_template *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TEMPLATE_TEXT_MAX);

	HF_TRY(pem_read(file, &text, err));
	return hf_context(err, csr_template_decode(hf_buf_span(&text), ret, err), "%s", file);
}

static hf_status choose_name(const struct pki_request *r, const char **ret, struct hf_err *err)
{
	const char *pattern = r->template->common_name;

	*ret = r->common_name ? r->common_name : pattern;
	if (!r->common_name && strchr(pattern, '*'))
		return hf_fail(err, HF_INVALID,
		               "the template leaves the common name to you (\"%s\"): give --name",
		               pattern);
	if (!csr_template_name_fits(pattern, *ret))
		return hf_fail(err, HF_INVALID,
		               "the template wants the common name \"%s\", and \"%s\" is another",
		               pattern, *ret);
	return HF_SUCCESS;
}

hf_status pki_request(const struct pki_request *r, struct hf_err *err)
{
	const struct pki_ca files = { .key = r->key, .passphrase = r->passphrase };
	HF_CLEANUP(X509_REQ_free_at) X509_REQ *request = NULL;
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_FILE_MAX);
	KEY_SCOPED EVP_PKEY *key = NULL;
	const char *name;

	HF_TRY(choose_name(r, &name, err));
	HF_TRY(ensure_absent(r->csr, err));
	HF_TRY(issue_key(r->template->key_type, &key));
	HF_TRY(csr_make(r->template, name, key, &request, err));
	HF_TRY(pem_put_request(&pem, request));
	HF_TRY(write_authority_key(&files, key, err));
	return pem_create(r->csr, hf_buf_span(&pem), 0644, err);
}

static hf_status check_request(const struct pki_sign *s, X509_REQ *request,
                               char common_name[TEMPLATE_NAME_MAX], struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf differences = HF_BUF(1u << 20);

	HF_TRY(csr_differences(request, s->template, &differences, common_name));
	if (differences.len == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED,
	               "%s is not what the template asks for:\n%.*sNothing was signed. Have it "
	               "made anew by: holdfast pki request --template …",
	               s->csr, (int)differences.len, differences.ptr);
}

hf_status pki_sign(const struct pki_sign *s, struct hf_err *err)
{
	HF_CLEANUP(authority_close) struct authority ca = { .lock = -1 };
	HF_CLEANUP(X509_REQ_free_at) X509_REQ *request = NULL;
	CERT_SCOPED X509 *cert = NULL;
	char common_name[TEMPLATE_NAME_MAX];
	const struct issue_what what = {
		.kind = ISSUE_INTERMEDIATE,
		.organisation = s->template->organisation,
		.common_name = common_name,
		.constraint = s->template,
		.crl_url = s->crl_url,
		.until_s = hf_wall_ms() / 1000 + (int64_t)s->template->days * 86400,
	};

	HF_TRY(pem_request(s->csr, &request, err));
	HF_TRY(check_request(s, request, common_name, err));
	HF_TRY(ensure_absent(s->cert, err));
	HF_TRY(authority_open(&s->ca, &ca, err));
	HF_TRY(authority_issue(&ca, &what, X509_REQ_get0_pubkey(request), &cert, err));
	return write_cert(s->cert, cert, err);
}

hf_status pki_accept(const struct pki_accept *a, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf differences = HF_BUF(1u << 20);
	CERT_SCOPED X509 *cert = NULL;
	CERT_SCOPED X509 *root = NULL;
	KEY_SCOPED EVP_PKEY *key = NULL;

	HF_TRY(pem_certificate(a->cert, &cert, err));
	HF_TRY(pem_certificate(a->root, &root, err));
	HF_TRY(pem_private_key(a->key, a->passphrase, &key, err));
	if (X509_check_private_key(cert, key) != 1)
		hf_buf_printf(&differences,
		              "  key: %s is for another key than %s; send the request that was "
		              "made with this key\n",
		              a->cert, a->key);
	if (X509_check_issued(root, cert) != X509_V_OK ||
	    X509_verify(cert, X509_get0_pubkey(root)) != 1)
		hf_buf_printf(&differences,
		              "  issuer: %s was not signed by %s; ask the operator for the root "
		              "that signed it\n",
		              a->cert, a->root);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		hf_buf_text(&differences, "  validity: it has expired\n");
	if (a->template)
		HF_TRY(csr_certificate_differences(cert, a->template, &differences));
	ERR_clear_error();
	HF_TRY(hf_buf_status(&differences));
	if (differences.len)
		return hf_fail(err, HF_DENIED, "%s is not what was asked for:\n%.*s", a->cert,
		               (int)differences.len - 1, differences.ptr);
	return HF_SUCCESS;
}
