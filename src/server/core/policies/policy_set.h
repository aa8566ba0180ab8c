/* SPDX-License-Identifier: Apache-2.0
 * An organisation's active policies, parsed, kept in this process and shared by its threads.
 *
 * Whether what is kept is still what holds is seen in the database, by one row of which every
 * change of policies makes a new random version in its own transaction. So a policy that has been
 * committed holds for every request that begins afterwards, on every server, and a change that was
 * rolled back leaves nothing behind. */
#ifndef HF_SERVER_CORE_POLICIES_POLICY_SET_H
#define HF_SERVER_CORE_POLICIES_POLICY_SET_H

#include "server/core/policies/policy.h"
#include "server/store/policy_rows.h"

#include <stdatomic.h>

#define POLICY_SET_MAX 500 /* active policies of an organisation */

struct policy_set {
	atomic_uint references;
	char org_id[HF_ID_MAX];
	char version[HF_ID_MAX];
	unsigned activities; /* bit n: there are policies for activity n */
	bool velocity;       /* some policy counts what goes out */
	size_t n;
	struct policy_entry {
		char id[HF_ID_MAX];
		struct policy policy;
		struct json_t *doc; /* from which it borrows */
	} * entries;
};

/* Those that hold in this transaction; *ret NULL when there are none. policy_set_unref().
 * HF_CORRUPT when one of them cannot be understood: nothing may happen then. */
HF_MUST hf_status policy_set_current(struct db *db, const char *org_id, struct policy_set **ret);
void policy_set_unref(struct policy_set *s);
HF_DEFINE_CLEANUP(policy_set_unref, struct policy_set *)
#define POLICY_SET_SCOPED HF_CLEANUP(policy_set_unref_at)

/* A stored policy as JSON, for policy_read(). The caller owns *ret. */
HF_MUST hf_status policy_row_json(const struct policy_row *row, struct json_t **ret);

#endif
