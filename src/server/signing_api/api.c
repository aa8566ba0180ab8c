/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/api.h"

#include "server/signing_api/call.h"

#include "base/text.h"

#include <string.h>

#define CREATE_WAIT_MS 60000
#define LOGIN_DEFAULT_MS (INT64_C(6) * 3600 * 1000)

static hf_status make_routes(struct signing_api *api)
{
	api->routes = calloc(signing_api_table_len, sizeof(*api->routes));
	HF_ENSURE(api->routes, HF_NOMEM);
	api->n_routes = signing_api_table_len;
	for (size_t i = 0; i < api->n_routes; i++) {
		const struct route *r = &signing_api_table[i];

		api->routes[i] = (struct http_route){
			.method = r->method,
			.pattern = r->pattern,
			.handler = call_begin,
			.max_body = r->max_body,
			.arg = r,
		};
	}
	return HF_SUCCESS;
}

hf_status signing_api_new(const struct core *core, struct signing_api **ret, struct hf_err *err)
{
	struct signing_api *api = calloc(1, sizeof(*api));
	hf_status s;

	HF_ENSURE(api, HF_NOMEM);
	api->core = core;
	api->challenges = (struct seal){ "challenge", &core->secrets.challenge_mac };
	api->actions = (struct seal){ "useraction", &core->secrets.action_mac };
	api->pages = (struct seal){ "page", &core->secrets.paging_mac };
	api->create_wait_ms = CREATE_WAIT_MS;
	api->sign_wait_ms = HELD_REQUEST_MS;
	api->login_ms = core->config->login_ms ? core->config->login_ms : LOGIN_DEFAULT_MS;
	s = party_read(core->config, &api->pages_of, err);
	api->party = api->pages_of.is;
	if (!hf_ok(s)) {
		signing_api_free(api);
		return s;
	}
	s = make_routes(api);
	if (hf_ok(s))
		s = attempts_new(&api->attempts);
	if (hf_ok(s))
		s = token_keys_new(&core->secrets, core->config->token_key_ms, &api->token_keys);
	if (hf_ok(s))
		s = tokens_new(api->token_keys, &api->tokens);
	if (hf_ok(s))
		s = rates_init(core->config, &api->rates);
	if (!hf_ok(s)) {
		signing_api_free(api);
		return hf_fail(err, s.code, "cannot prepare the Signing API: %s",
		               hf_code_name(s.code));
	}
	*ret = api;
	return HF_SUCCESS;
}

void signing_api_free(struct signing_api *api)
{
	if (!api)
		return;
	rates_done(&api->rates);
	tokens_free(api->tokens);
	token_keys_free(api->token_keys);
	attempts_free(api->attempts);
	party_done(&api->pages_of);
	free(api->routes);
	free(api);
}
