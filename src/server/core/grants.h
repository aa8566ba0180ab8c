/* SPDX-License-Identifier: Apache-2.0
 * Permissions as an organisation makes them, lists of operations with a name, and their assignment
 * to users, service accounts and personal access tokens.
 *
 * Nobody gives away what he has not himself: whoever assigns a permission, or adds operations to
 * one, holds each of them. Every organisation keeps somebody with full access. */
#ifndef HF_SERVER_CORE_GRANTS_H
#define HF_SERVER_CORE_GRANTS_H

#include "server/core/permissions.h"
#include "server/store/permission_rows.h"

/* What somebody's permissions allow, added to the set. `holder_id`: an identity's, or a personal
 * access token's. */
HF_MUST hf_status grants_load(struct db *db, const char *holder_id, struct permission_set *to);

#endif
