/* SPDX-License-Identifier: Apache-2.0
 * What every unit test includes: cmocka with its prerequisites, and the check for a status. */
#ifndef HF_TESTS_CHECK_H
#define HF_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

/* The exact outcome, with its name when it is another. */
#define CHECK_CODE(call, want)                                                                     \
	do {                                                                                       \
		hf_status got_ = (call);                                                           \
		if (got_.code != (want))                                                           \
			fail_msg("%s: %s, expected %s", #call, hf_code_name(got_.code),            \
			         hf_code_name(want));                                              \
	} while (0)
#define CHECK_OK(call) CHECK_CODE(call, HF_OK)
#define CHECK(cond) assert_true(cond)

#endif
