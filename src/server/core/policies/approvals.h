/* SPDX-License-Identifier: Apache-2.0
 * Approvals: an activity that policies hold until enough people have agreed.
 *
 * An approval ends once: Approved, Denied or Expired. Whoever ends it holds its row locked, and in
 * the same transaction does what follows: the signature gets its job or is rejected, the change is
 * made or dropped. So it makes no difference when a server is restarted, or how many there are.
 *
 * approvals.approval_groups: a JSON array of
 *   {"policyId", "name"?, "quorum", "users": [id, …] or null for everybody, "initiatorCanApprove"}
 * as the policies said when the activity was held: later changes of a policy do not reach it. */
#ifndef HF_SERVER_CORE_POLICIES_APPROVALS_H
#define HF_SERVER_CORE_POLICIES_APPROVALS_H

#include "server/core/policies/activities.h"
#include "server/core/queue/jobs.h"
#include "server/store/approval_rows.h"

#define APPROVAL_GROUPS_JSON_MAX (4u << 20)
#define APPROVAL_REASON_CHARS 1000

struct approval_new {
	const struct activity *activity;
	const char *groups, *evaluations; /* JSON */
	int64_t timeout_min;              /* 0: never */
};
/* The id of a signature's approval is derived from the initiator's user action. */
HF_MUST hf_status approval_open(struct db *db, const struct approval_new *n, char ret[HF_ID_MAX],
                                struct hf_err *err);

struct approval_decision {
	const char *org_id, *approval_id, *identity_id;
	bool approve;
	const char *reason; /* NULL: none */
	struct hf_span proof,
	        body; /* of the decider's user action; kept, since drivers check them */
	int64_t now_ms;
};
/* Counts the decision, and ends the approval if it was the last that was missing, or a denial.
 * Inside a write task; call jobs_added(jobs) after the commit. All with words: HF_NOTFOUND,
 * HF_DENIED (not among the approvers, the initiator, not an active user, without the permission),
 * HF_EXISTS (has decided already), HF_STATE (it has ended, or its time is over). */
HF_MUST hf_status approval_decide(struct jobs *jobs, struct db *db,
                                  const struct approval_decision *d, struct hf_err *err);

/* Ends pending approvals whose time is over, some at a time. Inside a write task. */
HF_MUST hf_status approvals_expire(struct db *db, int64_t now_ms);

/* Calls approvals_expire() on the writer, once a second or so. */
struct db_work;
struct approvals_clock;
HF_MUST hf_status approvals_clock_new(struct approvals_clock **ret);
void approvals_clock_tick(struct approvals_clock *c, struct db_work *writer);
/* After the writer has stopped. */
void approvals_clock_free(struct approvals_clock *c);

#endif
