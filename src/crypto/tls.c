/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tls.h"

#include "crypto/tls_impl.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#define CHAIN_DEPTH_MAX 6

struct tls_server {
	SSL_CTX *ctx;
};

HF_DEFINE_CLEANUP(SSL_CTX_free, SSL_CTX *)

/* The reason of the last OpenSSL failure, clearing the queue. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "unknown reason";
}

hf_status tls_open_pem(const char *file, BIO **ret, struct hf_err *err)
{
	BIO *bio = BIO_new_file(file, "re");

	if (!bio) {
		hf_status failed = hf_fail(err, HF_IO, "cannot read %s: %m", file);

		ERR_clear_error();
		return failed;
	}
	*ret = bio;
	return HF_SUCCESS;
}

/* A key with a passphrase is refused rather than asked for on the terminal of a service. */
static int no_passphrase(char *to, int size, int writing, void *arg)
{
	return -1;
}

/* Checks the mode of the very file that is read. */
static hf_status open_private(const char *file, int *ret, struct hf_err *err)
{
	HF_FD int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return hf_fail(err, HF_IO, "cannot read %s: %m", file);
	if (!S_ISREG(st.st_mode))
		return hf_fail(err, HF_INVALID, "%s is not a regular file", file);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hf_fail(
		        err, HF_DENIED,
		        "the private key %s is open to other users (mode %03o): chmod 600 it, "
		        "and replace the key if others may have read it",
		        file, (unsigned)(st.st_mode & 0777));
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}

hf_status tls_private_file_check(const char *file, struct hf_err *err)
{
	HF_FD int fd = -1;

	return open_private(file, &fd, err);
}

static hf_status use_key(SSL_CTX *ctx, const struct tls_server_config *config, struct hf_err *err)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	HF_CLEANUP(BIO_free_all_at) BIO *bio = NULL;
	HF_FD int fd = -1;

	HF_TRY(open_private(config->key_file, &fd, err));
	/* read from the descriptor: a FILE would leave the key's bytes in its buffer */
	bio = BIO_new_fd(fd, BIO_NOCLOSE);
	HF_ENSURE(bio, HF_NOMEM);
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key)
		return hf_fail(err, HF_INVALID,
		               "%s holds no private key that can be used: %s. It has to be PEM "
		               "without a passphrase",
		               config->key_file, reason());
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		return hf_fail(err, HF_INVALID,
		               "the private key %s does not belong to the certificate %s (%s)",
		               config->key_file, config->cert_file, reason());
	return HF_SUCCESS;
}

static hf_status use_certificate(SSL_CTX *ctx, const char *file, struct hf_err *err)
{
	HF_CLEANUP(BIO_free_all_at) BIO *readable = NULL;

	HF_TRY(tls_open_pem(file, &readable, err));
	if (SSL_CTX_use_certificate_chain_file(ctx, file) != 1)
		return hf_fail(
		        err, HF_INVALID,
		        "%s holds no certificate that can be used: %s. It has to be PEM, the "
		        "server's certificate first, then its chain",
		        file, reason());
	return HF_SUCCESS;
}

static hf_status add_authority(SSL_CTX *ctx, X509 *cert)
{
	HF_ENSURE(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1, HF_NOMEM);
	HF_ENSURE(SSL_CTX_add_client_CA(ctx, cert) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status add_authorities(SSL_CTX *ctx, const char *file, struct hf_err *err)
{
	HF_CLEANUP(BIO_free_all_at) BIO *bio = NULL;
	unsigned n = 0;

	HF_TRY(tls_open_pem(file, &bio, err));
	for (;; n++) {
		HF_CLEANUP(X509_free_at) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		HF_TRY(add_authority(ctx, cert));
	}
	/* the end of the file shows as "no start line"; anything else is a damaged certificate */
	if (n == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return hf_fail(
		        err, HF_INVALID,
		        "%s: %s after %u certificates; it has to be PEM with the authorities "
		        "of the clients",
		        file, reason(), n);
	ERR_clear_error();
	return HF_SUCCESS;
}

static hf_status ask_clients(SSL_CTX *ctx, const char *ca_file, struct hf_err *err)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	HF_TRY(add_authorities(ctx, ca_file, err));
	/* an organisation's intermediate may be given itself, without its root */
	HF_ENSURE(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1, HF_NOMEM);
	/* an extended key usage, where there is one, has to name clientAuth */
	HF_ENSURE(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) == 1, HF_NOMEM);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_on_verify);
	SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
	/* every connection shows its certificate anew: nothing to resume */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	HF_ENSURE(SSL_CTX_set_num_tickets(ctx, 0) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status set_protocol(SSL_CTX *ctx)
{
	static const unsigned char context[] = "holdfast";

	HF_ENSURE(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, HF_INTERNAL);
	HF_ENSURE(SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1, HF_INTERNAL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* idle connections give back 34 kB */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	HF_ENSURE(SSL_CTX_set_session_id_context(ctx, context, sizeof(context) - 1) == 1,
	          HF_INTERNAL);
	return HF_SUCCESS;
}

hf_status tls_server_new(const struct tls_server_config *config, struct tls_server **ret,
                         struct hf_err *err)
{
	HF_CLEANUP(SSL_CTX_free_at) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct tls_server *server;

	ERR_clear_error(); /* what others left would pass for a reason */
	HF_ENSURE(ctx, HF_NOMEM);
	HF_TRY(set_protocol(ctx));
	HF_TRY(use_certificate(ctx, config->cert_file, err));
	HF_TRY(use_key(ctx, config, err));
	if (config->client_ca_file)
		HF_TRY(ask_clients(ctx, config->client_ca_file, err));
	server = malloc(sizeof(*server));
	HF_ENSURE(server, HF_NOMEM);
	server->ctx = hf_take(ctx);
	*ret = server;
	return HF_SUCCESS;
}

void tls_server_free(struct tls_server *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

struct ssl_ctx_st *tls_server_ctx(struct tls_server *t)
{
	return t->ctx;
}
