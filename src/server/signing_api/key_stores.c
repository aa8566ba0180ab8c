/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/handlers.h"
#include "server/signing_api/print.h"

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
