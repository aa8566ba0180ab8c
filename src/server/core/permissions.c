/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/permissions.h"

const char *permission_name(enum permission p)
{
	switch (p) {
	case PERMIT_AUTHENTICATED:
		return "Auth";
	case PERMIT_KEY_STORES_READ:
		return "KeyStores:Read";
	case PERMIT_KEYS_CREATE:
		return "Keys:Create";
	case PERMIT_KEYS_READ:
		return "Keys:Read";
	case PERMIT_KEYS_UPDATE:
		return "Keys:Update";
	case PERMIT_KEYS_DELETE:
		return "Keys:Delete";
	case PERMIT_SIGNATURES_CREATE:
		return "Keys:Signatures:Create";
	case PERMIT_SIGNATURES_READ:
		return "Keys:Signatures:Read";
	}
	return "";
}

hf_status permission_check(const struct caller *c, enum permission p, struct hf_err *err)
{
	if (p == PERMIT_AUTHENTICATED || c->granted & UINT64_C(1) << p)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, "%s %s is not authorized to perform operation (%s)", c->name,
	               c->identity_id, permission_name(p));
}
