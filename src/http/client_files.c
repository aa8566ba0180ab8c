/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_files.h"

#include "crypto/tls.h"
#include "crypto/tls_material.h"

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
	STACK_OF(X509) * own;   /* our certificate, and what follows it in its file; NULL: none */
	STACK_OF(X509) * chain; /* NULL: none */
	EVP_PKEY *key;
};

HF_DEFINE_CLEANUP(fclose, FILE *)
HF_DEFINE_CLEANUP(BIO_free, BIO *)
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
static hf_status read_identity(const struct http_client_config *config, struct client_files *f,
                               struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(PEM_MAX);

	if (!config->cert_file && !config->key_file)
		return HF_SUCCESS;
	if (!config->cert_file || !config->key_file)
		return hf_fail(err, HF_INVALID,
		               "a client certificate and its key go together: one is missing");
	HF_TRY(read_file(config->cert_file, "the client certificate", &pem, err));
	HF_TRY(parse_certificates(hf_buf_span(&pem), "the client certificate", config->cert_file,
	                          &f->own, err));
	HF_TRY(tls_private_key_read(config->key_file, &f->key, err));
	if (X509_check_private_key(sk_X509_value(f->own, 0), f->key) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID,
		               "the key in %s does not belong to the certificate in %s",
		               config->key_file, config->cert_file);
	}
	return HF_SUCCESS;
}

static hf_status take_identity(const struct http_client_material *material, struct client_files *f,
                               struct hf_err *err)
{
	if (!material->cert.len && !material->key)
		return HF_SUCCESS;
	if (!material->cert.len || !material->key)
		return hf_fail(err, HF_INVALID,
		               "a client certificate and its key go together: one is missing");
	HF_TRY(parse_certificates(material->cert, "the client certificate", "that was given",
	                          &f->own, err));
	HF_TRY(material_key(material->key, &f->key, err));
	if (X509_check_private_key(sk_X509_value(f->own, 0), f->key) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID,
		               "the client's key does not belong to the client's certificate");
	}
	return HF_SUCCESS;
}

hf_status client_files_take(const struct http_client_material *material, struct client_files **ret,
                            struct hf_err *err)
{
	HF_CLEANUP(client_files_free_at) struct client_files *f = calloc(1, sizeof(*f));
	HF_CLEANUP(free_chain) STACK_OF(X509) *parsed = NULL;

	HF_ENSURE(f, HF_NOMEM);
	f->authorities = HF_BUF(PEM_MAX);
	if (material->authorities.len) {
		hf_buf_put(&f->authorities, material->authorities.ptr, material->authorities.len);
		HF_TRY(hf_buf_status(&f->authorities));
		HF_TRY(parse_certificates(material->authorities, "the authority", "that was given",
		                          &parsed, err));
	} else {
		HF_TRY(read_authorities(&(struct http_client_config){ 0 }, 0, f, err));
	}
	HF_TRY(take_identity(material, f, err));
	*ret = hf_take(f);
	return HF_SUCCESS;
}

void client_files_paths(const struct http_client_config *config, const char *to[CLIENT_FILES])
{
	to[0] = authorities_path(config);
	to[1] = config->cert_file;
	to[2] = config->key_file;
	to[3] = config->chain_file;
}

hf_status client_files_read(const struct http_client_config *config, unsigned generation,
                            struct client_files **ret, struct hf_err *err)
{
	HF_CLEANUP(client_files_free_at) struct client_files *f = calloc(1, sizeof(*f));

	HF_ENSURE(f, HF_NOMEM);
	f->authorities = HF_BUF(PEM_MAX);
	HF_TRY(read_authorities(config, generation, f, err));
	HF_TRY(read_chain(config->chain_file, f, err));
	HF_TRY(read_identity(config, f, err));
	*ret = hf_take(f);
	return HF_SUCCESS;
}

void client_files_free(struct client_files *f)
{
	if (!f)
		return;
	hf_buf_done(&f->authorities);
	sk_X509_pop_free(f->own, X509_free);
	sk_X509_pop_free(f->chain, X509_free);
	EVP_PKEY_free(f->key);
	free(f);
}

struct hf_span client_files_authorities(const struct client_files *f)
{
	return hf_buf_span(&f->authorities);
}

size_t client_files_dates(const struct client_files *f, struct tls_date *to)
{
	size_t n = 0;

	for (int i = 0; i < sk_X509_num(f->own) && n < TLS_DATES_MAX; i++)
		tls_date_of(sk_X509_value(f->own, i), i ? TLS_DATE_AUTHORITY : TLS_DATE_OWN,
		            &to[n++]);
	for (int i = 0; i < sk_X509_num(f->chain) && n < TLS_DATES_MAX; i++)
		tls_date_of(sk_X509_value(f->chain, i), TLS_DATE_AUTHORITY, &to[n++]);
	return n;
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

static hf_status send_too(SSL_CTX *ctx, STACK_OF(X509) * some)
{
	for (int i = 0; i < sk_X509_num(some); i++) {
		X509 *one = sk_X509_value(some, i);

		if (!sent_already(ctx, one))
			HF_ENSURE(SSL_CTX_add1_chain_cert(ctx, one) == 1, HF_NOMEM);
	}
	return HF_SUCCESS;
}

hf_status client_files_apply(const struct client_files *f, struct ssl_ctx_st *ctx)
{
	/* An intermediate in the authorities' file is an anchor like a root. */
	X509_STORE_set_flags(SSL_CTX_get_cert_store(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	HF_ENSURE(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, HF_INTERNAL);
	if (!f->own)
		return HF_SUCCESS;
	HF_ENSURE(SSL_CTX_use_certificate(ctx, sk_X509_value(f->own, 0)) == 1 &&
	                  SSL_CTX_use_PrivateKey(ctx, f->key) == 1,
	          HF_INVALID);
	HF_TRY(send_too(ctx, f->own));
	return send_too(ctx, f->chain);
}
