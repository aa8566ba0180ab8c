/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <stdio.h>
#include <string.h>

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

struct compiled {
	struct http_route route;
	size_t n_segments;
	struct hf_span segments[HTTP_SEGMENTS_MAX]; /* a parameter with its colon */
};

struct http_routes {
	size_t n;
	struct compiled all[]; /* sorted: more specific ones first */
};

static bool is_param(struct hf_span segment)
{
	return segment.len > 1 && segment.ptr[0] == ':';
}

static bool is_served(struct hf_span method)
{
	for (size_t i = 0; i < HF_COUNT(methods); i++)
		if (hf_span_is(method, methods[i]))
			return true;
	return false;
}

static hf_status compile(const struct http_route *route, struct compiled *c, struct hf_err *err)
{
	size_t params = 0;

	if (!is_served(hf_span_text(route->method)))
		return hf_fail(err, HF_INVALID, "route %s: method %s is not served", route->pattern,
		               route->method);
	if (!hf_ok(http_path_segments(hf_span_text(route->pattern), c->segments, &c->n_segments)))
		return hf_fail(err, HF_INVALID, "route %s: not a pattern", route->pattern);
	for (size_t i = 0; i < c->n_segments; i++)
		params += is_param(c->segments[i]);
	if (params > HTTP_PARAMS_MAX)
		return hf_fail(err, HF_INVALID, "route %s: too many parameters", route->pattern);
	c->route = *route;
	return HF_SUCCESS;
}

/* Literals before parameters, from the left; 0: the two match the same paths. */
static int compare_patterns(const void *left, const void *right)
{
	const struct compiled *a = left, *b = right;

	if (a->n_segments != b->n_segments)
		return a->n_segments < b->n_segments ? -1 : 1;
	for (size_t i = 0; i < a->n_segments; i++) {
		struct hf_span x = a->segments[i], y = b->segments[i];
		int order;

		if (is_param(x) != is_param(y))
			return is_param(x) ? 1 : -1;
		if (is_param(x))
			continue;
		order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
		if (order || x.len != y.len)
			return order ? order : x.len < y.len ? -1 : 1;
	}
	return 0;
}

static hf_status check_duplicates(const struct http_routes *r, struct hf_err *err)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < i; k++)
			if (compare_patterns(&r->all[i], &r->all[k]) == 0 &&
			    strcmp(r->all[i].route.method, r->all[k].route.method) == 0)
				return hf_fail(err, HF_INVALID, "route %s %s stands twice",
				               r->all[i].route.method, r->all[i].route.pattern);
	return HF_SUCCESS;
}

HF_DEFINE_CLEANUP(http_routes_free, struct http_routes *)

hf_status http_routes_new(const struct http_route *routes, size_t n, struct http_routes **ret,
                          struct hf_err *err)
{
	HF_CLEANUP(http_routes_free_at)
	struct http_routes *r = calloc(1, sizeof(*r) + n * sizeof(r->all[0]));

	HF_ENSURE(r, HF_NOMEM);
	for (; r->n < n; r->n++)
		HF_TRY(compile(&routes[r->n], &r->all[r->n], err));
	HF_TRY(check_duplicates(r, err));
	qsort(r->all, n, sizeof(r->all[0]), compare_patterns);
	*ret = hf_take(r);
	return HF_SUCCESS;
}

void http_routes_free(struct http_routes *r)
{
	free(r);
}

static bool fits(const struct compiled *c, const struct hf_span *segments, size_t n)
{
	if (c->n_segments != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (is_param(c->segments[i])) {
			if (segments[i].len == 0)
				return false;
		} else if (!hf_span_equal(c->segments[i], segments[i])) {
			return false;
		}
	}
	return true;
}

static void bind_params(const struct compiled *c, const struct hf_span *segments,
                        struct http_match *ret)
{
	ret->route = &c->route;
	ret->n_params = 0;
	for (size_t i = 0; i < c->n_segments; i++) {
		if (!is_param(c->segments[i]))
			continue;
		ret->params[ret->n_params].name =
		        HF_SPAN(c->segments[i].ptr + 1, c->segments[i].len - 1);
		ret->params[ret->n_params++].raw = segments[i];
	}
}

static void allow_add(char allow[HTTP_ALLOW_MAX], const char *method)
{
	size_t len = strlen(allow);

	if (!strstr(allow, method))
		snprintf(allow + len, HTTP_ALLOW_MAX - len, "%s%s", len ? ", " : "", method);
}

int http_routes_match(const struct http_routes *r, struct hf_span method, struct hf_span path,
                      struct http_match *ret, char allow[HTTP_ALLOW_MAX])
{
	struct hf_span segments[HTTP_SEGMENTS_MAX];
	size_t n;

	allow[0] = '\0';
	if (!is_served(method))
		return 501;
	if (!hf_ok(http_path_segments(path, segments, &n)))
		return 404;
	for (size_t i = 0; i < r->n; i++) {
		if (!fits(&r->all[i], segments, n))
			continue;
		if (hf_span_is(method, r->all[i].route.method)) {
			bind_params(&r->all[i], segments, ret);
			return 0;
		}
		allow_add(allow, r->all[i].route.method);
	}
	return allow[0] ? 405 : 404;
}
