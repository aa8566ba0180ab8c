/* SPDX-License-Identifier: Apache-2.0
 * Requests that a group's quorum, or its account's, has to approve before they are carried out.
 *
 *   PENDING ──► APPROVED ──► carried out, once; its answer is kept      FAILED: it was refused then
 *      └──────► DENIED                                                  any one reviewer may deny
 *
 * A request is carried out in its requester's name, with his rights as they are then, when the last
 * approval comes. Its approvals count for the policy as it was when it was asked: when that
 * has changed since, it has to be asked anew. Nobody approves his own request. An approval counts
 * while its approver may call: each time they are counted, and once more when it is carried out,
 * those of people and apps that were removed or disabled since are none. Inside the caller's
 * transaction; failures come with words. */
#ifndef HF_SERVER_CORE_ACCESS_APPROVALS_H
#define HF_SERVER_CORE_ACCESS_APPROVALS_H

#include "server/core/access/account.h"
#include "server/core/access/principal.h"
#include "server/core/access/quorum.h"
#include "server/core/core.h"
#include "server/store/quorum_rows.h"

#define APPROVAL_DAYS 30
#define APPROVAL_BODY_MAX 45000u /* so that its answer, too, fits into a secret */
#define APPROVAL_RUN_MS 120000   /* whoever carries one out and has not ended by then never will */

struct approval_new {
	const struct principal *who;
	const struct group *group; /* whose quorum has to approve; NULL: */
	const struct account_policies *account;
	const char *object_id; /* "": it is about the group */
	const char *method, *operation;
	struct hf_span body; /* JSON; empty: none */
	const char *description;
	int64_t now_ms;
};
HF_MUST hf_status approval_create(const struct core *core, struct db *db,
                                  const struct approval_new *from, char ret_id[HF_UUID_MAX],
                                  struct hf_err *err);

/* It is the account's quorum that has to approve; row->group_id is the account's id then. */
bool approval_of_account(const struct quorum_row *row);
/* Whose approval it needs. The caller owns *ret. */
HF_MUST hf_status approval_policy_parse(const struct quorum_row *row, struct quorum_policy **ret,
                                        struct hf_err *err);

/* Requester, reviewers, and who administrates or audits the account. */
bool approval_visible(const struct principal *who, const struct quorum_row *row,
                      const struct quorum_policy *policy);
bool approval_asked_by(const struct principal *who, const struct quorum_row *row);

/* What goes with an approval: asked for by the policy, or shown. */
struct approval_proofs {
	bool password, factor;
};
/* May this principal approve, and what does the policy want of him? HF_DENIED. */
HF_MUST hf_status approval_reviewer(const struct principal *who, const struct quorum_row *row,
                                    const struct quorum_policy *policy, struct approval_proofs *ret,
                                    struct hf_err *err);

/* *ret_complete: that was the last one that it took; carry it out. HF_NOTFOUND; HF_DENIED;
 * HF_STATE: decided already, or the policy has changed since. */
HF_MUST hf_status approval_approve(const struct core *core, struct db *db,
                                   const struct principal *who, const char *id,
                                   const struct approval_proofs *shown, int64_t now_ms,
                                   bool *ret_complete, struct hf_err *err);
HF_MUST hf_status approval_deny(const struct core *core, struct db *db, const struct principal *who,
                                const char *id, const char *reason, int64_t now_ms,
                                struct hf_err *err);
/* By its requester, or an administrator. */
HF_MUST hf_status approval_withdraw(struct db *db, const struct principal *who, const char *id,
                                    int64_t now_ms, struct hf_err *err);

/* Takes an approved request to carry it out: to one caller only. */
struct approval_run {
	char id[HF_UUID_MAX], org_id[HF_ID_MAX], group_id[HF_UUID_MAX], requester[HF_ID_MAX];
	bool by_app;
	char *method, *operation; /* the run's own */
	struct hf_secret body;    /* empty: none */
};
void approval_run_done(struct approval_run *run);
/* HF_STATE: not approved, or somebody has begun. */
HF_MUST hf_status approval_begin(const struct core *core, struct db *db, const char *org_id,
                                 const char *id, int64_t now_ms, struct approval_run *ret,
                                 struct hf_err *err);
HF_MUST hf_status approval_finish(const struct core *core, struct db *db, const char *id,
                                  int status, struct hf_span body);

#endif
