/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/rights/print_changes.h"

#include "server/core/policies/policy_events.h"
#include "server/store/change_rows.h"

static hf_status print_root(void *ctx, const struct change_row *row)
{
	print_change(ctx, NULL, row);
	return HF_SUCCESS;
}

hf_status print_change_request(struct json_writer *w, struct db *db, const char *org_id,
                               const char *id)
{
	return change_row_get(db, org_id, id, print_root, w);
}

static hf_status print_member(void *ctx, const struct change_row *row)
{
	print_change(ctx, "pendingChangeRequest", row);
	return HF_SUCCESS;
}

hf_status print_pending_change(struct json_writer *w, struct db *db, const char *org_id,
                               const char *entity_id)
{
	hf_status s = change_row_pending(db, org_id, entity_id, print_member, w);

	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}
