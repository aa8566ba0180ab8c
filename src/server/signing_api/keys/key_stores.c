/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/objects.h"
#include "server/signing_api/handlers.h"

static hf_status print_one(void *ctx, const struct store_row *store)
{
	print_store(ctx, store);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	HF_TRY(store_rows_list(db, c->caller->org_id, print_one, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct operation api_list_key_stores = {
	.size = sizeof(struct call),
	.run = run_list,
};

/* GET /signers: the clusters of MPC signers, of which an HSM key store has none. */
static hf_status prepare_signers(struct call *c, struct hf_err *err)
{
	hf_buf_text(&c->out, "{\"clusters\":[]}");
	return HF_SUCCESS;
}

const struct operation api_list_signers = {
	.size = sizeof(struct call),
	.prepare = prepare_signers,
};
