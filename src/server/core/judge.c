/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/activities.h"

#include "server/store/policy_rows.h"

hf_status activity_judge(struct db *db, const struct activity *a, struct verdict *ret,
                         struct hf_err *err)
{
	bool any;

	HF_TRY(policy_rows_any(db, a->org_id, activity_kind_name(a->kind), &any));
	if (any)
		return hf_fail(err, HF_DENIED, "policies for %s cannot be judged yet",
		               activity_kind_name(a->kind));
	*ret = (struct verdict){ .kind = VERDICT_PASS };
	return HF_SUCCESS;
}
