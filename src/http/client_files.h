/* SPDX-License-Identifier: Apache-2.0
 * What the client reads from files for TLS: the authorities that it trusts, and the chain that it
 * sends. */
#ifndef HF_HTTP_CLIENT_FILES_H
#define HF_HTTP_CLIENT_FILES_H

#include "crypto/tls.h"
#include "http/client.h"

struct client_files;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* Reads and checks all files, the key by its agreement with the certificate; nothing is read again
 * for a connection, so that files which change meanwhile do no harm. `generation` makes the
 * authorities' bytes differ from those of an earlier reading: libcurl then does not take up a
 * connection that was made with those. */
HF_MUST hf_status client_files_read(const struct http_client_config *config, unsigned generation,
                                    struct client_files **ret, struct hf_err *err);
/* The same of material in memory, checked likewise. */
HF_MUST hf_status client_files_take(const struct http_client_material *material,
                                    struct client_files **ret, struct hf_err *err);
void client_files_free(struct client_files *f);

/* The paths that client_files_read() reads; NULL where there is none. */
#define CLIENT_FILES 4
void client_files_paths(const struct http_client_config *config, const char *to[CLIENT_FILES]);

/* Until when our own certificate and its chain are good: how many were written to `to`, which has
 * room for TLS_DATES_MAX. */
size_t client_files_dates(const struct client_files *f, struct tls_date *to);

/* PEM; lives as long as the files. */
struct hf_span client_files_authorities(const struct client_files *f);
/* Adds certificate, key and chain, and what is common to all our connections, to libcurl's context
 * for a new one. */
HF_MUST hf_status client_files_apply(const struct client_files *f, struct ssl_ctx_st *ctx);

#endif
