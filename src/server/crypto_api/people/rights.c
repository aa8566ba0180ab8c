/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/people/rights.h"

#include "server/store/member_rows.h"

hf_status may_place(struct crypto_call *c, struct db *db, const char *group_id)
{
	bool there;

	HF_TRY(key_group_exists(db, c->who->org_id, group_id, &there));
	if (!there || (!runs_account(c->who) && !principal_in(c->who, group_id)))
		return hf_fail(&c->err, HF_NOTFOUND, "there is no group %s", group_id);
	if (!runs_group(c->who, group_id))
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return HF_SUCCESS;
}
