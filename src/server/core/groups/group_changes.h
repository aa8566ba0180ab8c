/* SPDX-License-Identifier: Apache-2.0
 * Making, changing and removing groups and their connections: inside the caller's transaction, who
 * is asked first whether this principal may. Failures come with words: HF_INVALID, HF_EXISTS (a
 * name that is taken), HF_NOTFOUND, HF_STATE.
 *
 * A stored PIN goes nowhere that it was not meant for: when a connection's address, or whom it
 * believes, is changed, the PIN has to be given again. */
#ifndef HF_SERVER_CORE_GROUPS_GROUP_CHANGES_H
#define HF_SERVER_CORE_GROUPS_GROUP_CHANGES_H

#include "server/core/core.h"
#include "server/core/groups/group_request.h"

struct group_maker {
	const struct core *core;
	const char *org_id, *identity_id;
	int64_t now_ms;
};

/* A group with connections is on their slot; otherwise it is on the key store that is named, or on
 * the organisation's primary one; where there is none of either, its place is still open. */
HF_MUST hf_status group_create(const struct group_maker *by, struct db *db,
                               const struct group_request *r, char ret_id[HF_UUID_MAX],
                               struct hf_err *err);
/* `g` is the group as group_read() gave it in this transaction, after group_row_lock(). */
HF_MUST hf_status group_update(const struct group_maker *by, struct db *db, const struct group *g,
                               const struct group_request *r, struct hf_err *err);
HF_MUST hf_status group_delete(struct db *db, const struct group *g, struct hf_err *err);

/* What a change needs leave for. */
#define CHANGES_PROFILE 1u
#define CHANGES_LINKS 2u
#define CHANGES_POLICIES 4u
#define CHANGES_PINS 8u /* nothing but PINs of connections that stay as they are */
unsigned group_changes_of(const struct group *g, const struct group_request *r);

/* After the commit: forgets the group here, tells the connections, and the other servers. */
void group_was_changed(const struct core *core, const char *group_id);

#endif
