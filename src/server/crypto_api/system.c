/* SPDX-License-Identifier: Apache-2.0
 * What this server is, and whether it works: for anybody. */
#include "server/crypto_api/handlers.h"
#include "server/store/identity_rows.h"

/* The version of the published API description that this face was built after. */
#define API_VERSION "v1-20170718"

static void print_which(struct json_writer *w)
{
	json_text(w, "version", HF_VERSION);
	json_text(w, "api_version", API_VERSION);
	json_text(w, "server_mode", "Software");
}

static hf_status print_version(struct crypto_call *c, struct hf_err *err)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	print_which(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status print_info(struct crypto_call *c, struct hf_err *err)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	print_which(&w);
	json_bool(&w, "opportunistic_authentication", false);
	json_close_object(&w);
	return HF_SUCCESS;
}

/* What an administrator may set for clients of one interface or another: nothing here. */
static hf_status print_client_configs(struct crypto_call *c, struct hf_err *err)
{
	hf_buf_text(&c->out, "{}");
	return HF_SUCCESS;
}

/* Of what the reference has and this server has not, there are none: who lists it is told so. */
static hf_status print_none(struct crypto_call *c, struct hf_err *err)
{
	hf_buf_text(&c->out, "[]");
	return HF_SUCCESS;
}

/* This list is always with its metadata. */
static hf_status print_no_roles(struct crypto_call *c, struct hf_err *err)
{
	hf_buf_text(&c->out,
	            "{\"metadata\":{\"total_count\":0,\"filtered_count\":0},\"items\":[]}");
	return HF_SUCCESS;
}

/* A database that answers is what a load balancer has to know of. */
static hf_status touch(struct crypto_call *c, struct db *db)
{
	bool any;

	return orgs_any(db, &any);
}

const struct crypto_operation crypto_version = {
	.size = sizeof(struct crypto_call),
	.prepare = print_version,
};
const struct crypto_operation crypto_health = {
	.size = sizeof(struct crypto_call),
	.run = touch,
};
const struct crypto_operation crypto_client_configs = {
	.size = sizeof(struct crypto_call),
	.prepare = print_client_configs,
};
const struct crypto_operation crypto_none = {
	.size = sizeof(struct crypto_call),
	.prepare = print_none,
};
const struct crypto_operation crypto_no_roles = {
	.size = sizeof(struct crypto_call),
	.prepare = print_no_roles,
};
const struct crypto_operation crypto_info = {
	.size = sizeof(struct crypto_call),
	.prepare = print_info,
};
