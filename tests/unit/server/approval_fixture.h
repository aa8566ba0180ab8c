/* SPDX-License-Identifier: Apache-2.0
 * Three users, a key, and policies that hold its requests. */
#ifndef HF_TESTS_APPROVAL_FIXTURE_H
#define HF_TESTS_APPROVAL_FIXTURE_H

#include "policy_fixture.h"

static struct user anna, ben, carl;
static struct id key;

static inline int setup(void **state)
{
	if (api_setup(state) != 0)
		return -1;
	anna = new_user("anna");
	ben = new_user("ben");
	carl = new_user("carl");
	key = new_key();
	return 0;
}

static inline void held_by(const char *quorum_of_two)
{
	new_policy(TEXT("{\"name\":\"p\",\"activityKind\":\"Wallets:Sign\",\"rule\":" ALWAYS
	                ",\"action\":%.4000s}",
	                quorum_of_two));
}

#endif
