/* SPDX-License-Identifier: Apache-2.0
 * One request of the client under way: a libcurl handle, used again for the next, and what belongs
 * to it. */
#ifndef HF_HTTP_CLIENT_TRANSFER_H
#define HF_HTTP_CLIENT_TRANSFER_H

#include "http/client.h"
#include "http/client_files.h"

#include <curl/curl.h>
#include <sys/queue.h>

/* What all transfers of a client share; constant while one is under way, but for `files`. */
struct client_common {
	char *base_url;
	char *where;                                       /* "host:port", for error texts */
	char *ca_file, *cert_file, *key_file, *chain_file; /* or NULL */
	bool tls, in_memory, pinned, any_host, no_link_local;
	int connect_timeout_ms;
	size_t max_reply;
	struct client_files *files; /* NULL without TLS */
};

struct transfer {
	TAILQ_ENTRY(transfer) entry;
	const struct client_common *common;
	CURL *easy;
	struct curl_slist *headers;
	struct hf_buf url, body, reply;
	int timeout_ms;
	bool refused; /* the address: no_link_local */
	http_done done;
	void *ctx;
	char said[CURL_ERROR_SIZE]; /* by libcurl, about a failure */
};

TAILQ_HEAD(transfer_list, transfer);

HF_MUST hf_status transfer_new(const struct client_common *common, struct transfer **ret);
void transfer_free(struct transfer *t);
/* Makes it ready to be given to libcurl. */
HF_MUST hf_status transfer_prepare(struct transfer *t, const struct http_client_request *request);
/* Calls done() with what came of it. `error` is room for text that lives as long as the reply. */
void transfer_finish(struct transfer *t, CURLcode result);

/* Why it failed, for people: names the host and the cause. */
void transfer_explain(struct transfer *t, CURLcode result, char *to, size_t cap);

#endif
