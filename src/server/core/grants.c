/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/grants.h"

static hf_status add_granted(void *ctx, const struct assignment_row *assignment,
                             const struct permission_row *permission)
{
	permission_grant_text(ctx, permission->operations);
	return HF_SUCCESS;
}

hf_status grants_load(struct db *db, const char *holder_id, struct permission_set *to)
{
	return grant_rows_list(db, holder_id, add_granted, to);
}
