/* SPDX-License-Identifier: Apache-2.0
 * Permissions: the operations that the API knows, each with the Signing API's name for it. A route
 * that names none cannot be written, and what is not granted is refused. */
#ifndef HF_SERVER_CORE_PERMISSIONS_H
#define HF_SERVER_CORE_PERMISSIONS_H

#include "server/core/caller.h"

enum permission {
	PERMIT_AUTHENTICATED, /* any caller with a valid token: what a caller does about himself */
	PERMIT_KEY_STORES_READ,
	PERMIT_KEYS_CREATE,
	PERMIT_KEYS_READ,
	PERMIT_KEYS_UPDATE,
	PERMIT_KEYS_DELETE,
	PERMIT_SIGNATURES_CREATE,
	PERMIT_SIGNATURES_READ,
};

#define PERMISSIONS_ALL UINT64_MAX

const char *permission_name(enum permission p); /* "Keys:Create" */
/* HF_DENIED, with the words of the Signing API. */
HF_MUST hf_status permission_check(const struct caller *c, enum permission p, struct hf_err *err);

#endif
