/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/api.h"

#include "http/route.h"
#include "server/crypto_api/call.h"
#include "server/crypto_api/call_audit.h"

static hf_status make_routes(struct crypto_api *api, struct hf_err *err)
{
	api->routes = calloc(crypto_route_count, sizeof(*api->routes));
	HF_ENSURE(api->routes, HF_NOMEM);
	api->n_routes = crypto_route_count;
	for (size_t i = 0; i < api->n_routes; i++) {
		const struct crypto_route *r = &crypto_routes[i];

		api->routes[i] = (struct http_route){
			.method = r->method,
			.pattern = r->pattern,
			.handler = crypto_call_begin,
			.max_body = r->max_body,
			.arg = r,
		};
	}
	return http_routes_new(api->routes, api->n_routes, &api->inner, err);
}

hf_status crypto_api_new(const struct core *core, struct crypto_api **ret, struct hf_err *err)
{
	struct crypto_api *api = calloc(1, sizeof(*api));
	hf_status s;

	HF_ENSURE(api, HF_NOMEM);
	api->core = core;
	api->groups = core->groups;
	api->objects = core->objects;
	api->sessions = core->sessions;
	s = party_read(core->config, &api->party, err);
	if (hf_ok(s))
		s = make_routes(api, err);
	if (hf_ok(s))
		s = rates_init(core->config, &api->rates);
	if (hf_ok(s))
		s = entries_new(core, &api->entries);
	if (!hf_ok(s)) {
		crypto_api_free(api);
		return hf_context(err, s, "the Crypto API");
	}
	*ret = api;
	return HF_SUCCESS;
}

void crypto_api_free(struct crypto_api *api)
{
	if (!api)
		return;
	entries_free(api->entries);
	rates_done(&api->rates);
	party_done(&api->party);
	http_routes_free(api->inner);
	free(api->routes);
	free(api);
}
