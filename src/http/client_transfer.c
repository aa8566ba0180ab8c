/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_transfer.h"

#include "os/address.h"

#include <string.h>

#define URL_MAX 16384
#define BODY_MAX (64u << 20)

static size_t on_reply(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;

	hf_buf_put(&t->reply, data, n);
	/* Anything but n ends the transfer. */
	return hf_ok(hf_buf_status(&t->reply)) ? n : 0;
}

static CURLcode on_context(CURL *easy, void *ctx, void *arg)
{
	const struct client_common *common = arg;

	return hf_ok(client_files_apply(common->files, ctx)) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static bool set_tls(CURL *h, const struct client_common *c)
{
	bool ok = true;

	ok &= curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, c->any_host ? 0L : 2L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_CAPATH, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, c) == CURLE_OK;
	return ok;
}

/* Judged here, after the name was looked up: a name may mean another address at each look. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	if (t->common->no_link_local && address_is_link_local(&a->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* What stays the same for every request that this handle is used for. */
static bool set_constants(struct transfer *t)
{
	const struct client_common *c = t->common;
	CURL *h = t->easy;
	bool ok = true;

	ok &= curl_easy_setopt(h, CURLOPT_PRIVATE, t) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, t->said) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, c->tls ? "https" : "http") == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_PROXY, "") ==
	      CURLE_OK; /* whatever the environment says */
	ok &= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms) ==
	      CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_USERAGENT, "holdfast/" HF_VERSION) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_reply) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_WRITEDATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
	return ok && (!c->tls || set_tls(h, c));
}

HF_DEFINE_CLEANUP(transfer_free, struct transfer *)

hf_status transfer_new(const struct client_common *common, struct transfer **ret)
{
	HF_CLEANUP(transfer_free_at) struct transfer *t = calloc(1, sizeof(*t));

	HF_ENSURE(t, HF_NOMEM);
	t->common = common;
	t->url = HF_BUF(URL_MAX);
	t->body = HF_BUF(BODY_MAX);
	t->reply = HF_BUF(common->max_reply);
	t->easy = curl_easy_init();
	HF_ENSURE(t->easy, HF_NOMEM);
	HF_ENSURE(set_constants(t), HF_INTERNAL);
	*ret = hf_take(t);
	return HF_SUCCESS;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	hf_buf_done(&t->url);
	hf_buf_done(&t->body);
	hf_buf_done(&t->reply);
	free(t);
}

static hf_status add_header(struct transfer *t, const char *line)
{
	struct curl_slist *longer;

	HF_ENSURE(!strpbrk(line, "\r\n"), HF_INVALID);
	longer = curl_slist_append(t->headers, line);
	HF_ENSURE(longer, HF_NOMEM);
	t->headers = longer;
	return HF_SUCCESS;
}

static hf_status set_headers(struct transfer *t, const struct http_client_request *request)
{
	char type[160];
	int n = snprintf(type, sizeof(type), "Content-Type:%s%s", request->content_type ? " " : "",
	                 request->content_type ? request->content_type : "");

	HF_ENSURE(n < (int)sizeof(type), HF_TOOBIG);
	curl_slist_free_all(hf_take(t->headers));
	HF_TRY(add_header(t, type));
	HF_TRY(add_header(t, "Expect:"));
	for (const char *const *h = request->headers; h && *h; h++)
		HF_TRY(add_header(t, *h));
	HF_ENSURE(curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status set_method(struct transfer *t, const char *method)
{
	bool has_body = t->body.len || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
	bool ok = true;

	if (has_body) {
		ok &= curl_easy_setopt(t->easy, CURLOPT_POST, 1L) == CURLE_OK;
		ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS,
		                       t->body.len ? (char *)t->body.ptr : "") == CURLE_OK;
		ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		                       (curl_off_t)t->body.len) == CURLE_OK;
	} else {
		ok &= curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	}
	ok &= curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
	HF_ENSURE(ok, HF_NOMEM);
	return HF_SUCCESS;
}

/* Anew for each request: the files may have been read again since. */
static hf_status set_authorities(struct transfer *t)
{
	struct hf_span pem;
	struct curl_blob blob;

	if (!t->common->tls)
		return HF_SUCCESS;
	pem = client_files_authorities(t->common->files);
	blob = (struct curl_blob){ .data = (void *)pem.ptr,
		                   .len = pem.len,
		                   .flags = CURL_BLOB_COPY };
	HF_ENSURE(curl_easy_setopt(t->easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK, HF_NOMEM);
	return HF_SUCCESS;
}

hf_status transfer_prepare(struct transfer *t, const struct http_client_request *request)
{
	HF_ENSURE(request->path[0] == '/', HF_INVALID);
	hf_buf_clear(&t->url);
	hf_buf_clear(&t->body);
	hf_buf_clear(&t->reply);
	t->body.secret = t->reply.secret = request->secret;
	t->said[0] = '\0';
	t->refused = false;
	hf_buf_printf(&t->url, "%s%s", t->common->base_url, request->path);
	hf_buf_u8(&t->url, 0);
	HF_TRY(hf_buf_status(&t->url));
	hf_buf_put(&t->body, request->body.ptr, request->body.len);
	HF_TRY(hf_buf_status(&t->body));
	HF_ENSURE(curl_easy_setopt(t->easy, CURLOPT_URL, (char *)t->url.ptr) == CURLE_OK, HF_NOMEM);
	HF_ENSURE(curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) ==
	                  CURLE_OK,
	          HF_INVALID);
	HF_TRY(set_authorities(t));
	HF_TRY(set_method(t, request->method));
	HF_TRY(set_headers(t, request));
	t->timeout_ms = request->timeout_ms;
	t->done = request->done;
	t->ctx = request->ctx;
	return HF_SUCCESS;
}

/* Nothing of a request goes out before the handshake has succeeded. */
static bool was_sent(struct transfer *t)
{
	long size = 0;

	return curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &size) != CURLE_OK || size > 0;
}

void transfer_finish(struct transfer *t, CURLcode result)
{
	char error[1024] = "";
	struct http_reply reply = { .error = error, .retry_after_ms = -1 };
	long status = 0;
	curl_off_t wait = 0;

	if (result == CURLE_OK &&
	    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) {
		reply.status = (int)status;
		reply.body = hf_buf_span(&t->reply);
		if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
			reply.retry_after_ms = wait < 86400 ? wait * 1000 : 86400000;
	} else {
		transfer_explain(t, result, error, sizeof(error));
		reply.sent = was_sent(t);
	}
	t->done(t->ctx, &reply);
	hf_buf_clear(&t->body); /* and with it what is secret */
	hf_buf_clear(&t->reply);
}
