/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_files.h"

#include "crypto/tls.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#define PEM_MAX (4u << 20)

struct client_files {
	struct hf_buf authorities;
	STACK_OF(X509) * chain; /* NULL: none */
};

HF_DEFINE_CLEANUP(fclose, FILE *)
HF_DEFINE_CLEANUP(BIO_free, BIO *)
HF_DEFINE_CLEANUP(SSL_CTX_free, SSL_CTX *)
HF_DEFINE_CLEANUP(client_files_free, struct client_files *)

static hf_status read_file(const char *path, const char *what, struct hf_buf *b, struct hf_err *err)
{
	HF_CLEANUP(fclose_at) FILE *f = fopen(path, "re");
	uint8_t piece[4096];
	size_t n;

	if (!f)
		return hf_fail(err, HF_IO, "cannot read %s %s: %s", what, path,
		               strerrordesc_np(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		hf_buf_put(b, piece, n);
	if (ferror(f))
		return hf_fail(err, HF_IO, "cannot read %s %s: %s", what, path,
		               strerrordesc_np(errno));
	if (!hf_ok(hf_buf_status(b)))
		return hf_fail(err, HF_TOOBIG, "%s %s is too long for a PEM file", what, path);
	return HF_SUCCESS;
}

static void free_chain(STACK_OF(X509) * *chain)
{
	sk_X509_pop_free(*chain, X509_free);
}

static hf_status parse_certificates(struct hf_span pem, const char *what, const char *path,
                                    STACK_OF(X509) * *ret, struct hf_err *err)
{
	HF_CLEANUP(BIO_free_at) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	HF_CLEANUP(free_chain) STACK_OF(X509) *all = sk_X509_new_null();
	X509 *one;

	HF_ENSURE(bio && all, HF_NOMEM);
	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (!sk_X509_push(all, one)) {
			X509_free(one);
			return HF_FAILURE(HF_NOMEM);
		}
	}
	ERR_clear_error();
	if (sk_X509_num(all) == 0)
		return hf_fail(err, HF_INVALID,
		               "%s %s has no certificate in it: it must be PEM, "
		               "\"-----BEGIN CERTIFICATE-----\"",
		               what, path);
	*ret = hf_take(all);
	return HF_SUCCESS;
}

/* NULL: the system's, which libcurl knows where to find. */
static const char *authorities_path(const struct http_client_config *config)
{
	return config->ca_file ? config->ca_file : curl_version_info(CURLVERSION_NOW)->cainfo;
}

static hf_status read_authorities(const struct http_client_config *config, unsigned generation,
                                  struct client_files *f, struct hf_err *err)
{
	const char *path = authorities_path(config);
	HF_CLEANUP(free_chain) STACK_OF(X509) *parsed = NULL;

	if (!path)
		return hf_fail(err, HF_INVALID,
		               "name the server's authority: this system has none");
	/* Text outside of the PEM blocks means nothing to readers of PEM. */
	hf_buf_printf(&f->authorities, "reading %u\n", generation);
	HF_TRY(read_file(path, "the authorities' file", &f->authorities, err));
	return parse_certificates(hf_buf_span(&f->authorities), "the authorities' file", path,
	                          &parsed, err);
}

static hf_status read_chain(const char *path, struct client_files *f, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_MAX);

	if (!path)
		return HF_SUCCESS;
	HF_TRY(read_file(path, "the chain file", &pem, err));
	return parse_certificates(hf_buf_span(&pem), "the chain file", path, &f->chain, err);
}

/* libcurl would find out only when it connects, and say less. */
static hf_status check_identity(const struct http_client_config *config, struct hf_err *err)
{
	HF_CLEANUP(SSL_CTX_free_at) SSL_CTX *ctx = NULL;

	if (!config->cert_file && !config->key_file)
		return HF_SUCCESS;
	if (!config->cert_file || !config->key_file)
		return hf_fail(err, HF_INVALID,
		               "a client certificate and its key go together: one is missing");
	HF_TRY(tls_private_file_check(config->key_file, err));
	ctx = SSL_CTX_new(TLS_client_method());
	HF_ENSURE(ctx, HF_NOMEM);
	hf_status s = HF_SUCCESS;
	if (SSL_CTX_use_certificate_chain_file(ctx, config->cert_file) != 1)
		s = hf_fail(err, HF_INVALID, "cannot read a certificate from %s: it must be PEM",
		            config->cert_file);
	else if (SSL_CTX_use_PrivateKey_file(ctx, config->key_file, SSL_FILETYPE_PEM) != 1)
		s = hf_fail(err, HF_INVALID,
		            "cannot use the key in %s: it must be PEM, unencrypted, and belong to "
		            "the certificate in %s",
		            config->key_file, config->cert_file);
	ERR_clear_error();
	return s;
}

hf_status client_files_read(const struct http_client_config *config, unsigned generation,
                            struct client_files **ret, struct hf_err *err)
{
	HF_CLEANUP(client_files_free_at) struct client_files *f = calloc(1, sizeof(*f));

	HF_ENSURE(f, HF_NOMEM);
	f->authorities = HF_BUF(PEM_MAX);
	HF_TRY(read_authorities(config, generation, f, err));
	HF_TRY(read_chain(config->chain_file, f, err));
	HF_TRY(check_identity(config, err));
	*ret = hf_take(f);
	return HF_SUCCESS;
}

void client_files_free(struct client_files *f)
{
	if (!f)
		return;
	hf_buf_done(&f->authorities);
	sk_X509_pop_free(f->chain, X509_free);
	free(f);
}

struct hf_span client_files_authorities(const struct client_files *f)
{
	return hf_buf_span(&f->authorities);
}

static bool sent_already(SSL_CTX *ctx, X509 *one)
{
	STACK_OF(X509) *chain = NULL;
	X509 *leaf = SSL_CTX_get0_certificate(ctx);

	if (leaf && X509_cmp(leaf, one) == 0)
		return true;
	SSL_CTX_get0_chain_certs(ctx, &chain);
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), one) == 0)
			return true;
	return false;
}

hf_status client_files_apply(const struct client_files *f, struct ssl_ctx_st *ctx)
{
	/* An intermediate in the authorities' file is an anchor like a root. */
	X509_STORE_set_flags(SSL_CTX_get_cert_store(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	HF_ENSURE(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, HF_INTERNAL);
	if (!SSL_CTX_get0_certificate(ctx))
		return HF_SUCCESS;
	for (int i = 0; i < sk_X509_num(f->chain); i++) {
		X509 *one = sk_X509_value(f->chain, i);

		if (!sent_already(ctx, one))
			HF_ENSURE(SSL_CTX_add1_chain_cert(ctx, one) == 1, HF_NOMEM);
	}
	return HF_SUCCESS;
}
