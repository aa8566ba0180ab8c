/* SPDX-License-Identifier: Apache-2.0
 * A connection as callers give it (HmgConfig of the Crypto API): read, judged, and put in the one
 * form in which it is stored.
 *
 * A PIN travels to whoever is at the other end, so the other end always has to prove who it is:
 * TLS that is optional, or switched off, is refused. */
#ifndef HF_SERVER_CORE_GROUPS_LINK_CONFIG_H
#define HF_SERVER_CORE_GROUPS_LINK_CONFIG_H

#include "base/secret.h"
#include "server/store/link_rows.h"

#define LINK_PORT 4442 /* where the address names none */
#define LINK_AUTHORITIES_MAX 16

struct json_t;

struct link_config {
	char kind[LINK_KIND_MAX]; /* "SAFENET" */
	char url[LINK_URL_MAX];   /* host:port */
	uint64_t slot;
	int order;
	bool order_given;
	struct hf_secret pin, client_key; /* empty: not given */
	struct hf_buf tls;                /* TlsConfig, canonical, without the client's key */
};

/* The caller owns *ret: link_config_done(), after a failure too. HF_INVALID with words; HF_TOOBIG;
 * HF_UNSUPPORTED: a kind of key service that is not reached through a gateway. */
HF_MUST hf_status link_config_read(const struct json_t *hmg, struct link_config *ret,
                                   struct hf_err *err);
void link_config_done(struct link_config *c);
/* "Safenet": as the API spells it; "Pkcs11": one of ours too. */
const char *link_kind_shown(const char *kind);
/* The same, in the words of the official clients: they cannot read a group with a kind that they do
 * not know, so one of ours is shown as the first of theirs. */
const char *link_kind_official(const char *kind);

/* What a client of this connection needs for TLS, from the stored form. */
struct link_tls {
	struct hf_buf authorities, cert; /* PEM; empty: the system's; none */
	bool any_host;
};
/* The caller owns *ret: link_tls_done(), after a failure too. */
HF_MUST hf_status link_tls_read(const char *tls, struct link_tls *ret, struct hf_err *err);
void link_tls_done(struct link_tls *t);

/* Whoever answers at `a` would be believed at `b`, and the other way round: only then does a stored
 * PIN go there. */
HF_MUST hf_status link_same_place(const char *url_a, const char *tls_a, const char *url_b,
                                  const char *tls_b, bool *ret);
/* The same certificate of the client: a stored key belongs to it. */
HF_MUST hf_status link_same_identity(const char *tls_a, const char *tls_b, bool *ret);

/* Sealing of what is stored: under the server's storage key, for this link and this purpose only.
 * An empty secret gives, and comes from, no bytes. */
enum link_secret { LINK_PIN, LINK_CLIENT_KEY };
#define LINK_SEALED_MAX (HF_SECRET_MAX + 64)
HF_MUST hf_status link_seal(const struct hf_secret *key, const char *link_id,
                            enum link_secret which, const struct hf_secret *plain,
                            struct hf_buf *to);
/* HF_CORRUPT with words: the database holds another server's, or another link's. The caller owns
 * *ret. */
HF_MUST hf_status link_unseal(const struct hf_secret *key, const char *link_id,
                              enum link_secret which, struct hf_span sealed, struct hf_secret *ret,
                              struct hf_err *err);

#endif
