/* SPDX-License-Identifier: Apache-2.0
 * What is not here, said so that somebody knows what to do instead: applications, which this server
 * has none of since its relying party is an option of its own; e-mail; other people's logins. */
#include "server/signing_api/people_handlers.h"

#include "server/errors.h"

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct operation api_list_apps = {
	.size = sizeof(struct call),
	.prepare = prepare_list,
};

static hf_status prepare_get(struct call *c, struct hf_err *err)
{
	return hf_fail(err, HF_NOTFOUND,
	               "application not found: pages whose users have authenticators are named by "
	               "the server's options --rp-id and --origin");
}

const struct operation api_get_app = {
	.size = sizeof(struct call),
	.prepare = prepare_get,
};

static hf_status prepare_code(struct call *c, struct hf_err *err)
{
	c->status = 501;
	api_error_body(&c->out, c->status,
	               "this server sends no e-mail: ask an administrator, who makes a code with "
	               "holdfast server user-code and hands it over");
	return HF_SUCCESS;
}

const struct operation api_code_by_mail = {
	.size = sizeof(struct call),
	.prepare = prepare_code,
};

static hf_status prepare_login(struct call *c, struct hf_err *err)
{
	c->status = 501;
	api_error_body(&c->out, c->status,
	               "this server takes no logins of other services (SSO, social): log in with a "
	               "credential, POST /auth/login/init");
	return HF_SUCCESS;
}

const struct operation api_no_other_login = {
	.size = sizeof(struct call),
	.prepare = prepare_login,
};
