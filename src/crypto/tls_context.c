/* SPDX-License-Identifier: Apache-2.0
 * The server's side of TLS out of its files: certificate, key, authorities of the clients, CRLs. */
#include "crypto/pkcs12_file.h"
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CHAIN_DEPTH_MAX 6

static hf_status use_chain(struct tls_state *s, const char *file, const certificates *chain,
                           struct hf_err *err)
{
	if (SSL_CTX_use_certificate(s->ctx, sk_X509_value(chain, 0)) != 1)
		return hf_fail(
		        err, HF_INVALID,
		        "%s holds no certificate that can be used: %s. It has to be the server's "
		        "certificate first, then its chain",
		        file, openssl_reason());
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *one = sk_X509_value(chain, i);

		tls_state_date(s, TLS_DATE_OWN, X509_get_subject_name(one),
		               X509_get0_notAfter(one));
		if (i > 0)
			HF_ENSURE(SSL_CTX_add1_chain_cert(s->ctx, one) == 1, HF_NOMEM);
	}
	return HF_SUCCESS;
}

/* The server's own certificate and key, from either kind of file. */
static hf_status use_identity(struct tls_state *s, const struct tls_server_config *config,
                              struct hf_err *err)
{
	const char *cert_file = config->pkcs12_file ? config->pkcs12_file : config->cert_file;
	const char *key_file = config->pkcs12_file ? config->pkcs12_file : config->key_file;
	CERTS_SCOPED certificates *chain = NULL;
	KEY_SCOPED EVP_PKEY *key = NULL;

	if (config->pkcs12_file)
		HF_TRY(pkcs12_read(config->pkcs12_file, config->pkcs12_password, &key, &chain,
		                   err));
	else
		HF_TRY(hf_context(err, pem_certificates(cert_file, &chain, err),
		                  "the server's certificate"));
	HF_TRY(use_chain(s, cert_file, chain, err));
	if (!key)
		HF_TRY(pem_private_key(key_file, NULL, &key, err));
	if (SSL_CTX_use_PrivateKey(s->ctx, key) != 1)
		return hf_fail(err, HF_INVALID,
		               "the private key %s does not belong to the certificate %s (%s)",
		               key_file, cert_file, openssl_reason());
	return HF_SUCCESS;
}

static hf_status add_authorities(struct tls_state *s, const certificates *all)
{
	X509_STORE *store = SSL_CTX_get_cert_store(s->ctx);

	for (int i = 0; i < sk_X509_num(all); i++) {
		X509 *one = sk_X509_value(all, i);

		HF_ENSURE(X509_STORE_add_cert(store, one) == 1, HF_NOMEM);
		HF_ENSURE(SSL_CTX_add_client_CA(s->ctx, one) == 1, HF_NOMEM);
		tls_state_date(s, TLS_DATE_AUTHORITY, X509_get_subject_name(one),
		               X509_get0_notAfter(one));
	}
	return HF_SUCCESS;
}

static hf_status ask_clients(struct tls_state *s, const struct tls_server_config *config,
                             struct hf_err *err)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(s->ctx);
	CERTS_SCOPED certificates *authorities = NULL;

	HF_TRY(hf_context(err, pem_certificates(config->client_ca_file, &authorities, err),
	                  "the authorities of the clients"));
	HF_TRY(add_authorities(s, authorities));
	/* an organisation's intermediate may be given itself, without its root */
	HF_ENSURE(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1, HF_NOMEM);
	/* an extended key usage, where there is one, has to name clientAuth */
	HF_ENSURE(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) == 1, HF_NOMEM);
	if (config->client_crl_file)
		HF_TRY(hf_context(err, tls_crl_use(config, authorities, s, err),
		                  "the CRLs of the clients' authorities"));
	SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	                   tls_on_verify);
	SSL_CTX_set_verify_depth(s->ctx, CHAIN_DEPTH_MAX);
	/* every connection shows its certificate anew: nothing to resume */
	SSL_CTX_set_options(s->ctx, SSL_OP_NO_TICKET);
	HF_ENSURE(SSL_CTX_set_num_tickets(s->ctx, 0) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

/* Who these are is for others to judge: no chain is built. */
static int accept_any(X509_STORE_CTX *store, void *arg)
{
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static hf_status ask_anybody(SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
	SSL_CTX_set_max_cert_list(ctx, TLS_SHOWN_MAX);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET); /* each connection shows its certificate */
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

hf_status tls_state_new(const struct tls_server_config *config, struct tls_state **ret,
                        struct hf_err *err)
{
	HF_CLEANUP(tls_state_free_at) struct tls_state *s = calloc(1, sizeof(*s));

	ERR_clear_error(); /* what others left would pass for a reason */
	HF_ENSURE(s, HF_NOMEM);
	s->ctx = SSL_CTX_new(TLS_server_method());
	HF_ENSURE(s->ctx, HF_NOMEM);
	HF_TRY(set_protocol(s->ctx));
	HF_TRY(use_identity(s, config, err));
	if (config->client_ca_file)
		HF_TRY(ask_clients(s, config, err));
	else if (config->client_any)
		HF_TRY(ask_anybody(s->ctx));
	*ret = hf_take(s);
	return HF_SUCCESS;
}

static void free_crls(revocations *crls)
{
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
}

void tls_state_free(struct tls_state *s)
{
	if (!s)
		return;
	SSL_CTX_free(s->ctx);
	free_crls(s->crls);
	free(s);
}

void tls_state_date(struct tls_state *s, enum tls_date_kind kind, const X509_NAME *name,
                    const ASN1_TIME *until)
{
	struct tls_date *d = &s->dates[s->n_dates];

	if (s->n_dates == TLS_DATES_MAX)
		return;
	d->kind = kind;
	d->until_s = tls_time(until);
	hf_ignore(tls_name(name, d->name, sizeof(d->name)));
	s->n_dates++;
}
