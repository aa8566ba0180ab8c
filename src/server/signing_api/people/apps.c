/* SPDX-License-Identifier: Apache-2.0
 * Applications: there are none, since the relying party of people's authenticators is an option of
 * the server. */
#include "server/signing_api/people/people_handlers.h"

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
