/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/header_rules.h"
#include "http/loop.h"

#include <string.h>

struct http_peer_ref *http_peer_hold(struct http_peer_ref *p)
{
	p->refs++;
	return p;
}

void http_peer_drop(struct http_peer_ref *p)
{
	if (!p || --p->refs > 0)
		return;
	hf_buf_done(&p->shown);
	free(p);
}

/* The same bytes within the request's own copy, ended with a NUL. What follows a name, value,
 * method or target in a head is always a delimiter, never data. */
static struct hf_span moved(struct http_request *req, const uint8_t *from, struct hf_span s)
{
	char *here = req->text + (s.ptr - from);

	here[s.len] = '\0';
	return HF_SPAN(here, s.len);
}

static void adopt_head(struct http_request *req, struct hf_span bytes, const struct http_head *head)
{
	memcpy(req->text, bytes.ptr, bytes.len);
	memcpy(&req->head, head,
	       offsetof(struct http_head, fields) + head->n_fields * sizeof(head->fields[0]));
	req->head.method = moved(req, bytes.ptr, head->method);
	req->head.target = moved(req, bytes.ptr, head->target);
	for (size_t i = 0; i < head->n_fields; i++) {
		req->head.fields[i].name = moved(req, bytes.ptr, head->fields[i].name);
		req->head.fields[i].value = moved(req, bytes.ptr, head->fields[i].value);
	}
}

static hf_status adopt_params(struct http_request *req, const struct http_match *match, char **room)
{
	size_t len;

	for (; req->n_params < match->n_params; req->n_params++) {
		struct http_pair *p = &req->params[req->n_params];

		/* The name ends where the pattern has a slash: compared by length, see
		 * http_param(). */
		p->name = (const char *)match->params[req->n_params].name.ptr;
		p->value = *room;
		HF_TRY(http_percent_decode(match->params[req->n_params].raw, false, *room, &len));
		*room += len + 1;
	}
	return HF_SUCCESS;
}

static hf_status adopt_query(struct http_request *req, struct hf_span query, char *room)
{
	struct http_pair pairs[HTTP_QUERY_MAX];

	HF_TRY(http_query_parse(query, room, pairs, &req->n_query));
	if (req->n_query == 0)
		return HF_SUCCESS;
	req->query = calloc(req->n_query, sizeof(pairs[0]));
	if (!req->query) {
		req->n_query = 0;
		return HF_FAILURE(HF_NOMEM);
	}
	memcpy(req->query, pairs, req->n_query * sizeof(pairs[0]));
	return HF_SUCCESS;
}

static hf_status adopt_target(struct http_request *req, struct hf_span bytes, struct hf_span target,
                              const struct http_match *match)
{
	struct hf_span path, query;
	char *room = req->text + bytes.len;

	http_target_split(target, &path, &query);
	memcpy(room, path.ptr, path.len);
	room[path.len] = '\0';
	req->path = room;
	room += path.len + 1;
	HF_TRY(adopt_params(req, match, &room));
	return adopt_query(req, query, room);
}

static void wipe(const struct hf_buf *b)
{
	if (b->ptr)
		hf_wipe(b->ptr, b->cap);
}

struct http_refusal http_request_new(struct hf_span bytes, const struct http_head *head,
                                     const struct http_match *match, struct http_request **ret)
{
	/* Path twice (plain and as parameters), query once, with their NULs: never more than twice
	 * the target. */
	size_t room = bytes.len + 2 * head->target.len + HTTP_PARAMS_MAX + 4;
	struct http_request *req = malloc(sizeof(*req) + room);

	if (!req)
		return (struct http_refusal){ 503, "The server is out of memory." };
	memset(req, 0, offsetof(struct http_request, head));
	memset(&req->path, 0, sizeof(*req) - offsetof(struct http_request, path));
	req->route = match->route;
	req->begun_us = hf_mono_us();
	req->body = HF_BUF(head->content_length);
	req->reply_fields = HF_BUF(HTTP_REPLY_HEADERS_MAX);
	adopt_head(req, bytes, head);
	if (match->route->secret) /* for all of it at once: what grows leaves copies behind */
		hf_buf_reserve(&req->body, req->body.max);
	if (!hf_ok(hf_buf_status(&req->body))) {
		http_request_free(req);
		return (struct http_refusal){ 503, "The server is out of memory." };
	}
	if (!hf_ok(adopt_target(req, bytes, head->target, match))) {
		http_request_free(req);
		return (struct http_refusal){ 400, "The path or the query is malformed." };
	}
	*ret = req;
	return (struct http_refusal){ 0 };
}

void http_request_free(struct http_request *req)
{
	if (!req)
		return;
	http_peer_drop(req->peer);
	free(req->query);
	if (req->route->secret) {
		wipe(&req->body);
		wipe(&req->reply.bytes);
	}
	hf_buf_done(&req->body);
	hf_buf_done(&req->reply_fields);
	hf_buf_done(&req->reply.bytes);
	free(req);
}

void http_request_gone(struct http_request *req)
{
	void (*gone)(void *arg) = req->gone;

	req->gone = NULL;
	if (gone && !atomic_load(&req->answered))
		gone(req->gone_arg);
}

const char *http_method(const struct http_request *req)
{
	return (const char *)req->head.method.ptr;
}

const char *http_path(const struct http_request *req)
{
	return req->path;
}

const char *http_target(const struct http_request *req)
{
	return (const char *)req->head.target.ptr;
}

const char *http_param(const struct http_request *req, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < req->n_params; i++) {
		const char *known = req->params[i].name;

		if (strncmp(known, name, len) == 0 && (known[len] == '/' || known[len] == '\0'))
			return req->params[i].value;
	}
	return "";
}

const char *http_query(const struct http_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_query; i++)
		if (strcmp(req->query[i].name, name) == 0)
			return req->query[i].value;
	return NULL;
}

bool http_query_at(const struct http_request *req, size_t i, const char **ret_name,
                   const char **ret_value)
{
	if (i >= req->n_query)
		return false;
	*ret_name = req->query[i].name;
	*ret_value = req->query[i].value;
	return true;
}

const char *http_header(const struct http_request *req, const char *name)
{
	const struct http_field *f = http_head_field(&req->head, name);

	return f ? (const char *)f->value.ptr : NULL;
}

struct hf_span http_body(const struct http_request *req)
{
	return hf_buf_span(&req->body);
}

const void *http_route_arg(const struct http_request *req)
{
	return req->route->arg;
}

const char *http_peer_address(const struct http_request *req)
{
	return req->peer->address;
}

const struct tls_peer *http_peer(const struct http_request *req)
{
	return req->peer->has_certificate ? &req->peer->certificate : NULL;
}

struct hf_span http_peer_shown(const struct http_request *req)
{
	return hf_buf_span(&req->peer->shown);
}

void http_on_gone(struct http_request *req, void (*fn)(void *arg), void *arg)
{
	req->gone = fn;
	req->gone_arg = arg;
}

void http_reply_header(struct http_request *req, const char *name, const char *value)
{
	if (!hf_ok(http_reply_field(&req->reply_fields, name, value)))
		HF_DEBUG("a response header was left out", HF_KS("name", name));
}

void http_reply(struct http_request *req, int status, const char *content_type, struct hf_span body)
{
	http_reply_make(&req->reply, status, content_type, hf_buf_span(&req->reply_fields), body,
	                hf_span_is(req->head.method, "HEAD"));
	req->status = status;
	atomic_store(&req->answered, true);
	http_loop_answer(req->loop, req);
}

void http_observe(const struct http_server_config *config, const struct http_request *req,
                  int status)
{
	if (config->observed)
		config->observed(config->observer, req ? req->route : NULL, status,
		                 req ? hf_mono_us() - req->begun_us : 0);
}
