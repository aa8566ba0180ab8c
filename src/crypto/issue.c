/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/issue.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

HF_DEFINE_CLEANUP(X509_free, X509 *)
HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)

enum { SERIAL_BITS = 127, SECONDS_PER_DAY = 86400, CLOCK_SLACK_S = 300 };

static hf_status read_issuer(const struct issue_request *r, X509 **cert, EVP_PKEY **key,
                             struct hf_err *err)
{
	FILE *f = fopen(r->issuer_cert, "re");

	if (f) {
		*cert = PEM_read_X509(f, NULL, NULL, NULL);
		fclose(f);
	}
	if (!*cert)
		return hf_fail(err, HF_INVALID, "%s: not a PEM certificate", r->issuer_cert);
	f = fopen(r->issuer_key, "re");
	if (f) {
		*key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		fclose(f);
	}
	if (!*key || X509_check_private_key(*cert, *key) != 1)
		return hf_fail(err, HF_INVALID, "%s: not the private key of %s", r->issuer_key,
		               r->issuer_cert);
	return HF_SUCCESS;
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

static hf_status add_extensions(const struct issue_request *r, X509 *cert, X509 *issuer)
{
	static const struct {
		const char *constraints, *usage, *extended;
	} by_kind[] = {
		[ISSUE_CA] = { "critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL },
		[ISSUE_SERVER] = { "critical,CA:FALSE", "critical,digitalSignature", "serverAuth" },
		[ISSUE_CLIENT] = { "critical,CA:FALSE", "critical,digitalSignature", "clientAuth" },
	};

	HF_TRY(add_extension(cert, issuer, NID_basic_constraints, by_kind[r->kind].constraints));
	HF_TRY(add_extension(cert, issuer, NID_key_usage, by_kind[r->kind].usage));
	if (by_kind[r->kind].extended)
		HF_TRY(add_extension(cert, issuer, NID_ext_key_usage, by_kind[r->kind].extended));
	HF_TRY(add_extension(cert, issuer, NID_subject_key_identifier, "hash"));
	if (issuer != cert)
		HF_TRY(add_extension(cert, issuer, NID_authority_key_identifier, "keyid:always"));
	if (r->names)
		HF_TRY(add_extension(cert, issuer, NID_subject_alt_name, r->names));
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

static hf_status build(const struct issue_request *r, X509 *issuer, EVP_PKEY *signer, EVP_PKEY *key,
                       X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);

	HF_TRY(set_serial(cert));
	HF_ENSURE(X509_set_version(cert, X509_VERSION_3) &&
	                  X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SLACK_S) &&
	                  X509_gmtime_adj(X509_getm_notAfter(cert),
	                                  (long)r->days * SECONDS_PER_DAY) &&
	                  X509_set_pubkey(cert, key) &&
	                  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	                                             (const unsigned char *)r->common_name, -1, -1,
	                                             0) &&
	                  X509_set_issuer_name(cert, X509_get_subject_name(issuer)),
	          HF_INVALID);
	HF_TRY(add_extensions(r, cert, issuer));
	HF_ENSURE(X509_sign(cert, signer, EVP_sha256()) > 0, HF_INTERNAL);
	return HF_SUCCESS;
}

static hf_status create(const char *path, mode_t mode, FILE **ret, struct hf_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *f;

	if (fd < 0 && errno == EEXIST)
		return hf_fail(err, HF_EXISTS,
		               "%s is there already: choose another name, or move it away", path);
	if (fd < 0)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = f;
	return HF_SUCCESS;
}

static hf_status write_both(const struct issue_request *r, X509 *cert, EVP_PKEY *key,
                            struct hf_err *err)
{
	FILE *f;
	int written;

	HF_TRY(create(r->key, 0600, &f, err));
	written = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	if (fclose(f) != 0 || written != 1) {
		unlink(r->key);
		return hf_fail(err, HF_IO, "%s: cannot be written", r->key);
	}
	if (!hf_ok(create(r->cert, 0644, &f, err))) {
		unlink(r->key);
		return HF_FAILURE(err ? err->code : HF_IO);
	}
	written = PEM_write_X509(f, cert);
	if (fclose(f) != 0 || written != 1) {
		unlink(r->key);
		unlink(r->cert);
		return hf_fail(err, HF_IO, "%s: cannot be written", r->cert);
	}
	return HF_SUCCESS;
}

hf_status certificate_issue(const struct issue_request *r, struct hf_err *err)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = EVP_EC_gen("P-256");
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *issuer_key = NULL;
	HF_CLEANUP(X509_free_at) X509 *cert = X509_new();
	HF_CLEANUP(X509_free_at) X509 *issuer = NULL;

	HF_ENSURE(key && cert, HF_NOMEM);
	if (r->issuer_cert)
		HF_TRY(read_issuer(r, &issuer, &issuer_key, err));
	HF_TRY(hf_context(
	        err, build(r, issuer ? issuer : cert, issuer_key ? issuer_key : key, key, cert),
	        "certificate for %s", r->common_name));
	return write_both(r, cert, key, err);
}
