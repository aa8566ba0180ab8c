/* SPDX-License-Identifier: Apache-2.0
 * A group of tests of which only those are run that are claimed of the token at hand. */
#ifndef HF_TESTS_CLAIMS_H
#define HF_TESTS_CLAIMS_H

#include "check.h"

#include <stdbool.h>

struct claim {
	struct CMUnitTest test;
	bool (*made)(void); /* of this token? NULL: of every one */
};

#define CLAIMS_MAX 32

static inline int claims_run(const struct claim *claims, size_t n, CMFixtureFunction set_up,
                             CMFixtureFunction tear_down)
{
	struct CMUnitTest made[CLAIMS_MAX];
	size_t n_made = 0;

	for (size_t i = 0; i < n && n_made < CLAIMS_MAX; i++)
		if (!claims[i].made || claims[i].made())
			made[n_made++] = claims[i].test;
	return _cmocka_run_group_tests("claims", made, n_made, set_up, tear_down);
}

#endif
