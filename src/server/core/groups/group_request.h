/* SPDX-License-Identifier: Apache-2.0
 * What a caller wants of a group (GroupRequest of the Crypto API), read. */
#ifndef HF_SERVER_CORE_GROUPS_GROUP_REQUEST_H
#define HF_SERVER_CORE_GROUPS_GROUP_REQUEST_H

#include "server/core/groups/group.h"
#include "server/core/groups/link_config.h"

/* A text that stays, goes, or is set. */
struct text_change {
	bool given;
	struct hf_buf text; /* with its NUL; empty: it goes */
};

/* From an object; "remove", or an empty one, takes it away. NULL, null: it stays. HF_INVALID,
 * HF_TOOBIG with words that name it as `what`. */
HF_MUST hf_status text_change_read(const struct json_t *value, const char *what, size_t max,
                                   struct text_change *to, struct hf_err *err);
/* It is set to something, which is this: without the NUL. */
bool text_change_is_set(const struct text_change *t);
struct hf_span text_change_span(const struct text_change *t);
/* As it is afterwards; NULL: none. */
const char *text_change_of(const struct text_change *t, const char *before);

struct link_change {
	char id[HF_UUID_MAX];
	struct link_config config;
};

enum { REQUEST_KEEP = -1 };

struct group_request {
	const char *name;      /* borrowed from the body; NULL: stays */
	const char *key_store; /* likewise: id or name; NULL */
	struct text_change description, approval_policy, cryptographic_policy, key_history_policy,
	        custom_metadata;
	int by_priority, segregation, apply_to_hsm; /* REQUEST_KEEP, 0, 1 */
	size_t n_add, n_change, n_remove;
	struct link_config add[GROUP_LINKS_MAX];
	struct link_change change[GROUP_LINKS_MAX];
	char remove[GROUP_LINKS_MAX][HF_UUID_MAX];
};

/* The caller owns *ret: group_request_done(), after a failure too. HF_INVALID, HF_TOOBIG,
 * HF_UNSUPPORTED with words. */
HF_MUST hf_status group_request_read(const struct json_t *body, struct group_request *ret,
                                     struct hf_err *err);
void group_request_done(struct group_request *r);

/* It has a PIN or a client's key in it. */
bool group_request_is_secret(const struct group_request *r);

#endif
