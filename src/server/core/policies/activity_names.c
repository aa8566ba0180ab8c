/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/changes.h"
#include "server/core/policies/policy.h"

#include <string.h>

static const char *const activities[] = {
	[ACTIVITY_WALLETS_SIGN] = "Wallets:Sign",
	[ACTIVITY_PERMISSIONS_ASSIGN] = "Permissions:Assign",
	[ACTIVITY_PERMISSIONS_MODIFY] = "Permissions:Modify",
	[ACTIVITY_POLICIES_MODIFY] = "Policies:Modify",
};

const char *activity_kind_name(enum activity_kind k)
{
	return activities[k];
}

hf_status activity_kind_parse(const char *name, enum activity_kind *ret)
{
	for (size_t i = 0; i < HF_COUNT(activities); i++) {
		if (strcmp(activities[i], name) == 0) {
			*ret = (enum activity_kind)i;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_NOTFOUND);
}

const char *change_kind_name(enum change_kind k)
{
	static const char *const names[] = {
		[CHANGE_POLICY] = "Policy",
		[CHANGE_PERMISSION] = "Permission",
		[CHANGE_ASSIGNMENT] = "Assignment",
	};

	return names[k];
}

const char *change_operation_name(enum change_operation o)
{
	static const char *const names[] = {
		[CHANGE_CREATE] = "Create",
		[CHANGE_UPDATE] = "Update",
		[CHANGE_DELETE] = "Delete",
	};

	return names[o];
}

const char *change_status_name(enum change_status s)
{
	static const char *const names[] = {
		[CHANGE_PENDING] = "Pending",
		[CHANGE_APPLIED] = "Applied",
		[CHANGE_FAILED] = "Failed",
		[CHANGE_REJECTED] = "Rejected",
	};

	return names[s];
}
