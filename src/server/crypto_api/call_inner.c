/* SPDX-License-Identifier: Apache-2.0
 * Calls that do not come over HTTP: parts of a batch, and what a quorum has approved. And what is
 * the same of both kinds: parameters, query, address. */
#include "server/crypto_api/call_inside.h"

#include "http/route.h"
#include "server/crypto_api/errors.h"

#include <stdio.h>
#include <string.h>

const char *crypto_call_param(const struct crypto_call *c, const char *name)
{
	if (c->req)
		return http_param(c->req, name);
	for (size_t i = 0; i < c->inner->n_params; i++)
		if (strcmp(c->inner->params[i].name, name) == 0)
			return c->inner->params[i].value;
	return "";
}

const char *crypto_call_query(const struct crypto_call *c, const char *name)
{
	if (c->req)
		return http_query(c->req, name);
	for (size_t i = 0; i < c->inner->n_query; i++)
		if (strcmp(c->inner->query[i].name, name) == 0)
			return c->inner->query[i].value;
	return NULL;
}

bool crypto_call_query_at(const struct crypto_call *c, size_t i, const char **ret_name,
                          const char **ret_value)
{
	if (c->req)
		return http_query_at(c->req, i, ret_name, ret_value);
	if (i >= c->inner->n_query)
		return false;
	*ret_name = c->inner->query[i].name;
	*ret_value = c->inner->query[i].value;
	return true;
}

hf_status crypto_call_query_known(const struct crypto_call *c, const char *const known[],
                                  size_t n_known, struct hf_err *err)
{
	const char *name, *value;

	for (size_t i = 0; crypto_call_query_at(c, i, &name, &value); i++) {
		size_t k = 0;

		while (k < n_known && strcmp(known[k], name) != 0)
			k++;
		if (k == n_known)
			return hf_fail(err, HF_INVALID, "query \"%.64s\" is not known here", name);
	}
	return HF_SUCCESS;
}

hf_status crypto_call_query_flag(const struct crypto_call *c, const char *name, bool *ret,
                                 struct hf_err *err)
{
	const char *text = crypto_call_query(c, name);

	if (!text)
		return HF_SUCCESS;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return hf_fail(err, HF_INVALID, "query \"%s\": true or false", name);
	*ret = *text == 't';
	return HF_SUCCESS;
}

const char *crypto_call_method(const struct crypto_call *c)
{
	return c->route->method;
}

void crypto_call_address(const struct crypto_call *c, char *to, size_t cap)
{
	char *port;

	snprintf(to, cap, "%s", c->req ? http_peer_address(c->req) : c->inner->address);
	port = c->req ? strrchr(to, ':') : NULL;
	if (port)
		*port = '\0';
}

/* Copies and ends with a NUL. */
static char *put(char **room, struct hf_span s)
{
	char *here = *room;

	if (s.len)
		memcpy(here, s.ptr, s.len);
	here[s.len] = '\0';
	*room += s.len + 1;
	return here;
}

static hf_status put_params(struct crypto_call_inner *in, const struct http_match *match,
                            char **room)
{
	size_t len;

	for (size_t i = 0; i < match->n_params; i++) {
		struct http_pair *p = &in->params[in->n_params++];

		p->name = put(room, match->params[i].name);
		p->value = *room;
		HF_TRY(http_percent_decode(match->params[i].raw, false, *room, &len));
		*room += len + 1;
	}
	return HF_SUCCESS;
}

struct target {
	struct hf_span path, query;
	struct http_match match;
};

static hf_status fill(struct crypto_call *c, const struct crypto_inner *from,
                      const struct target *t)
{
	struct crypto_call_inner *in = c->inner;
	char *room = in->text;

	in->ended = from->ended;
	in->ctx = from->ctx;
	in->quiet = from->quiet;
	in->address = put(&room, hf_span_text(from->address));
	in->body = HF_SPAN(put(&room, from->body), from->body.len);
	c->path = put(&room, t->path);
	HF_TRY(put_params(in, &t->match, &room));
	return http_query_parse(t->query, room, in->query, &in->n_query);
}

static size_t names_of(const struct http_match *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_params; i++)
		n += m->params[i].name.len + 1;
	return n;
}

static void end_at_once(const struct crypto_inner *from, int status, const char *words)
{
	from->ended(from->ctx, status, hf_span_text(words));
}

static struct crypto_call *make(struct crypto_api *api, const struct crypto_inner *from,
                                const struct target *t, const struct crypto_route *route)
{
	size_t room = strlen(from->path) * 2 + names_of(&t->match) + from->body.len +
	              (from->address ? strlen(from->address) : 0) + INNER_PARAMS_MAX + 16;
	struct crypto_call *c = crypto_call_new(api, route);

	if (!c)
		return NULL;
	c->inner = calloc(1, sizeof(*c->inner) + room);
	if (!c->inner) {
		free(c);
		return NULL;
	}
	c->who = principal_ref(from->who);
	snprintf(c->inner->approved_group, sizeof(c->inner->approved_group), "%s",
	         from->approved_group ? from->approved_group : "");
	if (from->approved_group)
		c->approved_group = c->inner->approved_group;
	return c;
}

void crypto_call_inner(struct crypto_api *api, const struct crypto_inner *from)
{
	char allow[HTTP_ALLOW_MAX];
	const struct crypto_route *route;
	struct crypto_call *c;
	struct target t = { 0 };
	int refused;

	http_target_split(hf_span_text(from->path), &t.path, &t.query);
	refused =
	        http_routes_match(api->inner, hf_span_text(from->method), t.path, &t.match, allow);
	if (refused) {
		end_at_once(from, refused, "there is no such operation");
		return;
	}
	route = t.match.route->arg;
	if (route->flags & ROUTE_SENSITIVE) {
		end_at_once(from, 400, "this operation has to be asked for by itself");
		return;
	}
	c = make(api, from, &t, route);
	if (!c) {
		end_at_once(from, 503, crypto_error_words(HF_BUSY));
		return;
	}
	if (hf_ok(fill(c, from, &t)))
		crypto_call_proceed(c);
	else
		crypto_call_fail_with(c, 400, "the path or the query is malformed");
}
