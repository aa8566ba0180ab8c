/* SPDX-License-Identifier: Apache-2.0
 * What the client reads from files for TLS: the authorities that it trusts, and the chain that it
 * sends. */
#ifndef HF_HTTP_CLIENT_FILES_H
#define HF_HTTP_CLIENT_FILES_H

#include "http/client.h"

struct client_files;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* Reads and checks all files, the key by its agreement with the certificate. `generation` makes the
 * authorities' bytes differ from those of an earlier reading: libcurl then does not take up a
 * connection that was made with those. */
HF_MUST hf_status client_files_read(const struct http_client_config *config, unsigned generation,
                                    struct client_files **ret, struct hf_err *err);
void client_files_free(struct client_files *f);

/* PEM; lives as long as the files. */
struct hf_span client_files_authorities(const struct client_files *f);
/* Adds the chain, and what is common to all our connections, to libcurl's context for a new one. */
HF_MUST hf_status client_files_apply(const struct client_files *f, struct ssl_ctx_st *ctx);

#endif
