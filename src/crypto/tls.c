/* SPDX-License-Identifier: Apache-2.0
 * What a listener holds: the state of its files as they were read last, changed for a newer one
 * while other threads shake hands. */
#include "crypto/tls.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/file_mark.h"
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { FILES = 5 };

struct tls_server {
	char *files[FILES];
	struct tls_server_config config; /* its texts are `files` */
	pthread_mutex_t lock;            /* over `state` */
	struct tls_state *state;
	atomic_uint generation;
	/* tls_server_refresh() only */
	struct file_mark marks[FILES]; /* of the files that were tried last */
	bool doubted;                  /* they were no good; to be tried once more */
	int64_t due_s; /* the next moment at which a CRL becomes outdated; 0: none will */
};

hf_status tls_private_key_read(const char *file, EVP_PKEY **ret, struct hf_err *err)
{
	return pem_private_key(file, NULL, ret, err);
}

void tls_date_of(const X509 *cert, enum tls_date_kind kind, struct tls_date *ret)
{
	*ret = (struct tls_date){ .kind = kind, .until_s = tls_time(X509_get0_notAfter(cert)) };
	hf_ignore(tls_name(X509_get_subject_name(cert), ret->name, sizeof(ret->name)));
}

static hf_status copy_config(struct tls_server *t, const struct tls_server_config *config)
{
	const char *const from[FILES] = { config->cert_file, config->key_file,
		                          config->client_ca_file, config->client_crl_file,
		                          config->pkcs12_file };

	for (size_t i = 0; i < FILES; i++) {
		t->files[i] = from[i] ? hf_strdup(from[i]) : NULL;
		HF_ENSURE(!from[i] || t->files[i], HF_NOMEM);
	}
	t->config = (struct tls_server_config){
		.cert_file = t->files[0],
		.key_file = t->files[1],
		.client_ca_file = t->files[2],
		.client_crl_file = t->files[3],
		.crl_strict = config->crl_strict,
		.pkcs12_file = t->files[4],
		.pkcs12_password = config->pkcs12_password,
		.client_any = config->client_any,
	};
	return HF_SUCCESS;
}

static int64_t next_due(const struct tls_state *s, int64_t now_s)
{
	int64_t due = 0;

	for (size_t i = 0; i < s->n_dates; i++)
		if (s->dates[i].kind == TLS_DATE_CRL && s->dates[i].until_s >= now_s &&
		    (!due || s->dates[i].until_s < due))
			due = s->dates[i].until_s;
	return due;
}

HF_DEFINE_CLEANUP(tls_server_free, struct tls_server *)

hf_status tls_server_new(const struct tls_server_config *config, struct tls_server **ret,
                         struct hf_err *err)
{
	HF_CLEANUP(tls_server_free_at) struct tls_server *t = calloc(1, sizeof(*t));

	HF_ENSURE(t, HF_NOMEM);
	pthread_mutex_init(&t->lock, NULL);
	HF_TRY(copy_config(t, config));
	file_marks((const char *const *)t->files, FILES, t->marks);
	HF_TRY(tls_state_new(&t->config, &t->state, err));
	t->due_s = next_due(t->state, hf_wall_ms() / 1000);
	*ret = hf_take(t);
	return HF_SUCCESS;
}

void tls_server_free(struct tls_server *t)
{
	if (!t)
		return;
	tls_state_free(t->state);
	for (size_t i = 0; i < FILES; i++)
		free(t->files[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The one in use, held: SSL_CTX_free() when done. */
static SSL_CTX *hold_context(struct tls_server *t)
{
	SSL_CTX *ctx;

	pthread_mutex_lock(&t->lock);
	ctx = t->state->ctx;
	SSL_CTX_up_ref(ctx);
	pthread_mutex_unlock(&t->lock);
	return ctx;
}

struct ssl_st *tls_server_accept(struct tls_server *t)
{
	HF_CLEANUP(SSL_CTX_free_at) SSL_CTX *ctx = hold_context(t);

	return SSL_new(ctx);
}

unsigned tls_server_generation(const struct tls_server *t)
{
	return atomic_load(&t->generation);
}

size_t tls_server_dates(struct tls_server *t, struct tls_date *to)
{
	size_t n;

	pthread_mutex_lock(&t->lock);
	n = t->state->n_dates;
	memcpy(to, t->state->dates, n * sizeof(to[0]));
	pthread_mutex_unlock(&t->lock);
	return n;
}

static hf_status read_anew(struct tls_server *t, struct hf_err *err)
{
	HF_CLEANUP(tls_state_free_at) struct tls_state *next = NULL;
	struct tls_state *before = t->state; /* replaced by this thread only */

	HF_TRY(tls_state_new(&t->config, &next, err));
	HF_TRY(tls_crl_succeeds(before->crls, next->crls, t->config.client_crl_file, err));
	t->due_s = next_due(next, hf_wall_ms() / 1000);
	pthread_mutex_lock(&t->lock);
	t->state = next;
	pthread_mutex_unlock(&t->lock);
	next = before; /* freed now; connections hold its context as long as they need it */
	atomic_fetch_add(&t->generation, 1);
	return HF_SUCCESS;
}

/* With crl_strict a CRL that becomes outdated ends connections, though no file has changed. */
static void notice_due(struct tls_server *t)
{
	int64_t now_s = hf_wall_ms() / 1000;

	if (!t->due_s || now_s <= t->due_s)
		return;
	t->due_s = next_due(t->state, now_s);
	if (t->config.crl_strict)
		atomic_fetch_add(&t->generation, 1);
}

hf_status tls_server_refresh(struct tls_server *t, bool anew, bool *ret, struct hf_err *err)
{
	struct file_mark marks[FILES];
	bool same;
	hf_status s;

	*ret = false;
	file_marks((const char *const *)t->files, FILES, marks);
	same = file_marks_same(marks, t->marks, FILES);
	notice_due(t);
	if (same && !t->doubted && !anew)
		return HF_SUCCESS;
	memcpy(t->marks, marks, sizeof(marks));
	s = read_anew(t, err);
	if (hf_ok(s)) {
		t->doubted = false;
		*ret = true;
		return s;
	}
	if (!anew && !(same && t->doubted)) {
		t->doubted = true; /* perhaps being written just now */
		return HF_SUCCESS;
	}
	t->doubted = false;
	return s;
}

hf_status tls_server_check(struct tls_server *t, struct ssl_st *ssl, struct hf_err *err)
{
	HF_CLEANUP(SSL_CTX_free_at) SSL_CTX *ctx = hold_context(t);
	CERT_SCOPED X509 *leaf = SSL_get1_peer_certificate(ssl);
	X509_STORE_CTX *look = X509_STORE_CTX_new();
	hf_status s = HF_SUCCESS;
	char words[768];

	if (!look || !leaf ||
	    X509_STORE_CTX_init(look, SSL_CTX_get_cert_store(ctx), leaf,
	                        SSL_get_peer_cert_chain(ssl)) != 1 ||
	    X509_STORE_CTX_set_default(look, "ssl_client") != 1 ||
	    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(look), SSL_CTX_get0_param(ctx)) != 1) {
		s = hf_fail(err, HF_DENIED, "its certificate cannot be looked at again");
	} else {
		X509_STORE_CTX_set_verify_cb(look, tls_on_verify);
		if (X509_verify_cert(look) != 1) {
			tls_explain_chain(look, words, sizeof(words));
			s = hf_fail(err, HF_DENIED, "%s", words);
		}
	}
	X509_STORE_CTX_free(look);
	ERR_clear_error();
	return s;
}
