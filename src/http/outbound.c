/* SPDX-License-Identifier: Apache-2.0 */
#include "http/outbound.h"

#include "base/text.h"
#include "os/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <sys/queue.h>

#define REPLY_MAX 65536 /* read and thrown away; more ends the request */
#define BODY_MAX (4u << 20)
#define CONNECT_MS 5000

struct sending {
	TAILQ_ENTRY(sending) link;
	struct outbound *of;
	CURL *easy;
	struct curl_slist *headers;
	struct hf_buf body, answer; /* the latter of a GET only */
	bool get;
	size_t got;
	bool refused; /* the address is not allowed */
	char said[CURL_ERROR_SIZE];
	outbound_done done;
	void *ctx;
};

TAILQ_HEAD(sendings, sending);

struct outbound {
	CURLM *multi;
	char *ca_file;
	bool private_too;
	struct sendings list;
	size_t pending;
};

static void sending_free(struct sending *s)
{
	if (!s)
		return;
	if (s->easy)
		curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->headers);
	hf_buf_done(&s->body);
	hf_buf_done(&s->answer);
	free(s);
}

HF_DEFINE_CLEANUP(sending_free, struct sending *)
HF_DEFINE_CLEANUP(curl_url_cleanup, CURLU *)

static void curl_text_free(char **text)
{
	curl_free(*text);
}

hf_status outbound_new(const struct outbound_config *config, struct outbound **ret,
                       struct hf_err *err)
{
	struct outbound *o;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return hf_fail(err, HF_INTERNAL, "libcurl cannot be used");
	o = calloc(1, sizeof(*o));
	HF_ENSURE(o, HF_NOMEM);
	TAILQ_INIT(&o->list);
	o->private_too = config->private_too;
	o->multi = curl_multi_init();
	o->ca_file = config->ca_file ? hf_strdup(config->ca_file) : NULL;
	if (!o->multi || (config->ca_file && !o->ca_file)) {
		outbound_free(o);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = o;
	return HF_SUCCESS;
}

static void drop(struct outbound *o, struct sending *s)
{
	TAILQ_REMOVE(&o->list, s, link);
	o->pending--;
	curl_multi_remove_handle(o->multi, s->easy);
	sending_free(s);
}

void outbound_free(struct outbound *o)
{
	struct sending *s;

	if (!o)
		return;
	while ((s = TAILQ_FIRST(&o->list)))
		drop(o, s);
	if (o->multi)
		curl_multi_cleanup(o->multi);
	free(o->ca_file);
	free(o);
}

static bool has(CURLU *url, CURLUPart part)
{
	HF_CLEANUP(curl_text_free) char *text = NULL;

	return curl_url_get(url, part, &text, 0) == CURLUE_OK && text;
}

/* A host that is an address, or a name for this machine, can be judged before it is looked up.
 * libcurl has brought an IPv4 address of any spelling into four numbers. */
static bool is_local(CURLU *url)
{
	HF_CLEANUP(curl_text_free) char *host = NULL;
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	size_t len;

	if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return true;
	len = strlen(host);
	if (len && host[len - 1] == '.')
		host[--len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		return inet_pton(AF_INET6, host + 1, &a6.sin6_addr) != 1 ||
		       !address_is_public((struct sockaddr *)&a6);
	}
	if (inet_pton(AF_INET, host, &a4.sin_addr) == 1)
		return !address_is_public((struct sockaddr *)&a4);
	return strcasecmp(host, "localhost") == 0 ||
	       (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0);
}

hf_status outbound_check(const struct outbound_config *config, const char *text, struct hf_err *err)
{
	HF_CLEANUP(curl_url_cleanup_at) CURLU *url = curl_url();
	HF_CLEANUP(curl_text_free) char *scheme = NULL;

	HF_ENSURE(url, HF_NOMEM);
	if (strlen(text) > OUTBOUND_URL_MAX ||
	    curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    !has(url, CURLUPART_HOST))
		return hf_fail(err, HF_INVALID,
		               "this is no URL: write https://host/path, of at most %d characters",
		               OUTBOUND_URL_MAX);
	if (strcmp(scheme, "https") != 0 && !(config->private_too && strcmp(scheme, "http") == 0))
		return hf_fail(err, HF_INVALID, "the URL has to begin with https://%s",
		               config->private_too ? " or http://" : "");
	if (has(url, CURLUPART_USER) || has(url, CURLUPART_PASSWORD) ||
	    has(url, CURLUPART_FRAGMENT))
		return hf_fail(err, HF_INVALID,
		               "the URL may have no user, password or fragment: it is shown to "
		               "everybody who may read it");
	if (!config->private_too && is_local(url))
		return hf_fail(err, HF_INVALID,
		               "the URL names this machine or a private network, which is not "
		               "allowed here");
	return HF_SUCCESS;
}

static size_t on_reply(char *data, size_t one, size_t n, void *arg)
{
	struct sending *s = arg;

	s->got += n;
	if (s->get)
		hf_buf_put(&s->answer, data, n);
	return s->got <= REPLY_MAX ? n : 0;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct sending *s = arg;

	if (!s->of->private_too && !address_is_public(&a->addr)) {
		s->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool set_options(struct sending *s, const struct outbound_post *p)
{
	const struct outbound *o = s->of;
	CURL *h = s->easy;
	bool ok = true;

	ok &= curl_easy_setopt(h, CURLOPT_PRIVATE, s) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, s->said) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_URL, p->url) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, o->private_too ? "https,http" : "https") ==
	      CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= !o->ca_file || curl_easy_setopt(h, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_PROXY, "") ==
	      CURLE_OK; /* nor what the environment says */
	ok &= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, s) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)p->timeout_ms) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_USERAGENT, "holdfast/" HF_VERSION) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_reply) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_WRITEDATA, s) == CURLE_OK;
	if (p->get)
		return ok && curl_easy_setopt(h, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_POSTFIELDS, s->body.len ? (char *)s->body.ptr : "") ==
	      CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body.len) == CURLE_OK;
	ok &= curl_easy_setopt(h, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK;
	return ok;
}

static hf_status add_header(struct sending *s, const char *line)
{
	struct curl_slist *longer;

	HF_ENSURE(!strpbrk(line, "\r\n"), HF_INVALID);
	longer = curl_slist_append(s->headers, line);
	HF_ENSURE(longer, HF_NOMEM);
	s->headers = longer;
	return HF_SUCCESS;
}

static hf_status add_headers(struct sending *s, const struct outbound_post *p)
{
	char type[160];

	if (p->get)
		return HF_SUCCESS;
	HF_ENSURE(snprintf(type, sizeof(type), "Content-Type: %s", p->content_type) <
	                  (int)sizeof(type),
	          HF_TOOBIG);
	HF_TRY(add_header(s, type));
	HF_TRY(add_header(s, "Expect:"));
	for (const char *const *h = p->headers; h && *h; h++)
		HF_TRY(add_header(s, *h));
	return HF_SUCCESS;
}

hf_status outbound_send(struct outbound *o, const struct outbound_post *p)
{
	HF_CLEANUP(sending_free_at) struct sending *s = calloc(1, sizeof(*s));

	HF_ENSURE(s, HF_NOMEM);
	s->of = o;
	s->done = p->done;
	s->ctx = p->ctx;
	s->get = p->get;
	s->answer = HF_BUF(REPLY_MAX);
	s->body = HF_BUF(BODY_MAX);
	hf_buf_put(&s->body, p->body.ptr, p->body.len);
	HF_TRY(hf_buf_status(&s->body));
	s->easy = curl_easy_init();
	HF_ENSURE(s->easy, HF_NOMEM);
	HF_TRY(add_headers(s, p));
	HF_ENSURE(set_options(s, p), HF_NOMEM);
	HF_ENSURE(curl_multi_add_handle(o->multi, s->easy) == CURLM_OK, HF_NOMEM);
	TAILQ_INSERT_TAIL(&o->list, s, link);
	o->pending++;
	s = NULL;
	return HF_SUCCESS;
}

static const char *explain(const struct sending *s, CURLcode result)
{
	if (result == CURLE_OK)
		return "";
	if (s->refused)
		return "the target has a private or local address, which is not allowed";
	if (s->got > REPLY_MAX)
		return "the target's answer was too long";
	return s->said[0] ? s->said : curl_easy_strerror(result);
}

static void finish(struct outbound *o, struct sending *s, CURLcode result)
{
	struct outbound_reply reply = { .error = explain(s, result) };
	long status = 0;

	if (result == CURLE_OK &&
	    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
		reply.status = (int)status;
	reply.body = hf_buf_span(&s->answer);
	TAILQ_REMOVE(&o->list, s, link);
	o->pending--;
	curl_multi_remove_handle(o->multi, s->easy);
	s->done(s->ctx, &reply);
	sending_free(s);
}

hf_status outbound_step(struct outbound *o, int timeout_ms)
{
	struct sending *s;
	CURLMsg *m;
	int running, left;

	HF_ENSURE(curl_multi_perform(o->multi, &running) == CURLM_OK, HF_NOMEM);
	HF_ENSURE(curl_multi_poll(o->multi, NULL, 0, timeout_ms, NULL) == CURLM_OK, HF_NOMEM);
	HF_ENSURE(curl_multi_perform(o->multi, &running) == CURLM_OK, HF_NOMEM);
	while ((m = curl_multi_info_read(o->multi, &left))) {
		CURLcode result = m->data.result; /* gone with the handle */

		if (m->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s) == CURLE_OK)
			finish(o, s, result);
	}
	return HF_SUCCESS;
}

void outbound_wake(struct outbound *o)
{
	curl_multi_wakeup(o->multi);
}

size_t outbound_pending(const struct outbound *o)
{
	return o->pending;
}
