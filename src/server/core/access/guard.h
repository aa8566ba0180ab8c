/* SPDX-License-Identifier: Apache-2.0
 * May this principal do this with this key, now? The one place that answers, closed by default:
 *
 *   in the key's group ∧ the permission for it ∧ the key's own key_ops ∧ its state, enabled and
 *   dates ∧ the group's cryptographic policy ∧ its account's ∧ the group's quorum
 *
 * Apps do crypto, and manage keys as far as their permissions go; users administrate and never do
 * crypto. A key in a group that the principal is not in does not exist for him: HF_NOTFOUND.
 * Reading the table in guard.c is reading the policy.
 *
 * Keys that are PreActive do nothing; Deactivated and Compromised ones undo only what was done with
 * them before (decrypt, verify, unwrap: NIST SP 800-57 part 1, 7). */
#ifndef HF_SERVER_CORE_ACCESS_GUARD_H
#define HF_SERVER_CORE_ACCESS_GUARD_H

#include "server/core/access/principal.h"
#include "server/core/objects/object.h"

enum guard_act {
	/* crypto: apps only */
	ACT_ENCRYPT,
	ACT_DECRYPT,
	ACT_DECRYPT_MASKED, /* MASKDECRYPT or DECRYPT */
	ACT_SIGN,
	ACT_VERIFY,
	ACT_MAC,
	ACT_MAC_VERIFY,
	ACT_WRAP, /* the wrapping key; the wrapped one: ACT_EXPORT */
	ACT_UNWRAP,
	ACT_DERIVE,
	ACT_AGREE,
	ACT_AGREE_WITH, /* the other one, of which the public half is enough */
	ACT_EXPORT,
	ACT_DIGEST_KEY,
	/* keys */
	ACT_READ,   /* everybody in the group, auditors too */
	ACT_CREATE, /* object NULL, group given: generate, import, unwrap, derive, agree, copy to */
	ACT_COPY,
	ACT_ROTATE,
	ACT_ACTIVATE,
	ACT_REVOKE,
	ACT_REVERT,
	ACT_MOVE,
	ACT_UPDATE_PROFILE, /* name, description, metadata */
	ACT_UPDATE_ENABLED,
	ACT_UPDATE_POLICIES, /* rotation, export, dates */
	ACT_UPDATE_KEY_OPS,
	ACT_DELETE_MATERIAL, /* the private half */
	ACT_DELETE,
	ACT_DESTROY,
	/* groups: users, and apps that administrate */
	ACT_GROUP_READ,
	ACT_GROUP_UPDATE,
	ACT_GROUP_LINKS, /* connections */
	ACT_GROUP_SCAN,  /* what is in the slot, into virtual keys */
	ACT_GROUP_POLICIES,
	ACT_GROUP_DELETE,
	ACT_COUNT_
};

struct guard_question {
	const struct principal *who;
	enum guard_act act;
	const struct object *object; /* NULL where it is about the group alone */
	const struct group *group;   /* NULL: the object's */
	const struct crypto_op *op;  /* crypto: what the cryptographic policy looks at; or the shape
	                                of  what is made */
	/* This group's quorum, or (by the account's id) its account's, has approved it already:
	 * this is the request carrying it out. Any other group's counts as before. NULL: none. */
	const char *approved_group;
	int64_t now_ms;
};

/* Whether who he is in the group allows the act at all, whatever the key, the policies and the
 * quorum say. */
bool guard_role_allows(const struct principal *who, enum guard_act act, const struct group *group);

/* HF_OK. HF_NOTFOUND: not his to see. HF_DENIED, HF_STATE with words. *ret_quorum: it would be
 * allowed, but people have to approve (then HF_DENIED, and the words are exactly those that clients
 * look for: GUARD_QUORUM_TEXT). Any thread; no database. */
#define GUARD_QUORUM_TEXT "This operation requires approval"
HF_MUST hf_status guard_check(const struct guard_question *q, bool *ret_quorum, struct hf_err *err);

#endif
