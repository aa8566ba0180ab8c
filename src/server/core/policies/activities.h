/* SPDX-License-Identifier: Apache-2.0
 * What policies have their say about: an activity is something that a caller wants to happen. It is
 * decided inside the transaction that would make it happen, and may be let through, refused, or
 * held until people have approved it.
 *
 * Held activities are taken up again from the transaction of the deciding approval, so that each
 * happens once or not at all, whatever is restarted in between. */
#ifndef HF_SERVER_CORE_POLICIES_ACTIVITIES_H
#define HF_SERVER_CORE_POLICIES_ACTIVITIES_H

#include "chain/chain.h"
#include "db/db.h"
#include "server/core/people/caller.h"

/* Stored by name: append only. */
enum activity_kind {
	ACTIVITY_WALLETS_SIGN,       /* "Wallets:Sign": requests on keys too */
	ACTIVITY_PERMISSIONS_ASSIGN, /* "Permissions:Assign" */
	ACTIVITY_PERMISSIONS_MODIFY, /* "Permissions:Modify" */
	ACTIVITY_POLICIES_MODIFY,    /* "Policies:Modify" */
};
const char *activity_kind_name(enum activity_kind k);

struct activity {
	enum activity_kind kind;
	const char *org_id;
	const char *initiator_id;
	const char *token_id;
	struct hf_span proof;   /* of the initiator's user action: an approval's id commits to it */
	const char *subject_id; /* the signature request's, or the change request's id */
	int64_t now_ms;
	/* ACTIVITY_WALLETS_SIGN */
	const char *wallet_id; /* "" for requests on a key */
	const char *key_id;
	const struct chain_network *network; /* NULL: none is known */
	const struct chain_plan *plan;       /* what it pays, as far as it can be read */
	/* The others: what is changed, for the policies' filters. */
	const char *entity_id;
};

enum verdict_kind { VERDICT_PASS, VERDICT_HOLD, VERDICT_BLOCK };

struct verdict {
	enum verdict_kind kind;
	char approval_id[HF_ID_MAX]; /* HOLD */
	char reason[320];            /* BLOCK: for people */
};

/* Judges by the organisation's active policies, and makes the approval when it is to be held. With
 * no policy for this kind it costs next to nothing. Also keeps account of what goes out, for limits
 * over time. Inside a write task. */
HF_MUST hf_status activity_judge(struct db *db, const struct activity *a, struct verdict *ret,
                                 struct hf_err *err);

#endif
