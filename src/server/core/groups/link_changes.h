/* SPDX-License-Identifier: Apache-2.0
 * The connections of a group: added, changed, removed. For group_changes.c. */
#ifndef HF_SERVER_CORE_GROUPS_LINK_CHANGES_H
#define HF_SERVER_CORE_GROUPS_LINK_CHANGES_H

#include "server/core/groups/group_changes.h"

/* Removes, changes, adds, in this order. HF_INVALID, HF_NOTFOUND, HF_STATE (too many), with words.
 */
HF_MUST hf_status links_change(const struct group_maker *by, struct db *db, const char *group_id,
                               const struct group_request *r, struct hf_err *err);
/* It gives a PIN to a connection that stays as it is. */
bool link_changes_only_pin(const struct group *g, const struct link_change *change);

#endif
