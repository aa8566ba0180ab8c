/* SPDX-License-Identifier: Apache-2.0
 * Changes of permissions, assignments and policies: done at once, or, when a policy wants it,
 * kept as a change request until people have approved it.
 *
 * What each change means is written once, as an applier; it runs in the request's own transaction
 * or, later, in that of the last approval. */
#ifndef HF_SERVER_CORE_POLICIES_CHANGES_H
#define HF_SERVER_CORE_POLICIES_CHANGES_H

#include "server/core/policies/activities.h"

/* Stored by name: append only. */
enum change_kind { CHANGE_POLICY, CHANGE_PERMISSION, CHANGE_ASSIGNMENT };
enum change_operation { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };
enum change_status { CHANGE_PENDING, CHANGE_APPLIED, CHANGE_FAILED, CHANGE_REJECTED };

const char *change_kind_name(enum change_kind k);           /* "Policy" */
const char *change_operation_name(enum change_operation o); /* "Update" */
const char *change_status_name(enum change_status s);       /* "Pending" */

struct change {
	enum change_kind kind;
	enum change_operation operation;
	const char *org_id;
	const char *requester_id, *token_id;
	const char *entity_id; /* what is changed, or will have been made: chosen beforehand */
	const char *filter_id; /* what a policy's filter names: the permission's or policy's id */
	struct hf_span body;   /* JSON: the applier's own words */
	int64_t now_ms;
};

/* Makes it so, inside a write task. Fails with words when the thing is not as it was (gone,
 * archived, a name taken): nothing has been changed then. */
typedef hf_status (*change_apply)(struct db *db, const struct change *c, struct hf_err *err);
/* Each in its own file: permissions.c's neighbour, assignments' and policies'. */
HF_MUST hf_status permission_change_apply(struct db *db, const struct change *c,
                                          struct hf_err *err);
HF_MUST hf_status assignment_change_apply(struct db *db, const struct change *c,
                                          struct hf_err *err);
HF_MUST hf_status policy_change_apply(struct db *db, const struct change *c, struct hf_err *err);

struct change_outcome {
	enum change_status status; /* CHANGE_APPLIED, or CHANGE_PENDING */
	char id[HF_ID_MAX];        /* of the change request that was kept; CHANGE_PENDING */
	char approval_id[HF_ID_MAX];
};

/* Judges (activities.h) and applies, or keeps. `proof` is the requester's user action. HF_DENIED
 * with words: a policy blocks it. Inside a write task. */
HF_MUST hf_status change_submit(struct db *db, const struct change *c, struct hf_span proof,
                                struct change_outcome *ret, struct hf_err *err);

#endif
