/* SPDX-License-Identifier: Apache-2.0
 * What the fault module does, and when: a text file of rules, one a line, read again when it
 * changes.
 *
 *   C_Sign nth=3 return CKR_DEVICE_ERROR     the third call answers that; a number (0x80000024)
 * will do too C_Sign every=5 delay=10ms                each fifth call takes that much longer (us,
 * ms, s) C_UnwrapKey nth=1 hang                   never returns C_Sign nth=2 crash the process dies
 * of SIGSEGV C_GenerateKeyPair nth=1 exit             the process ends by itself C_Sign nth=1
 * corrupt                     one bit of the output flips (C_Sign, C_WrapKey) C_OpenSession cap=4
 * a fifth open session is CKR_SESSION_COUNT C_Login pin-locked                       the token says
 * so in its flags, and C_Login answers it
 *   * delay=0.3ms                            every function
 *
 * Without nth or every, a rule is for each call. `shared` after a rule counts its calls over all
 * processes (in a file beside the script); `once=NAME` lets it happen once over all processes. '#'
 * begins a comment. */
#ifndef HF_TESTS_SCRIPT_H
#define HF_TESTS_SCRIPT_H

#include "p11/ck.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_action {
	FAULT_RETURN,
	FAULT_DELAY,
	FAULT_HANG,
	FAULT_CRASH,
	FAULT_EXIT,
	FAULT_CORRUPT,
	FAULT_CAP,
	FAULT_PIN_LOCKED,
};

struct fault_rule {
	char function[32]; /* "C_Sign" or "*" */
	enum fault_action action;
	uint64_t nth, every; /* 0: not given */
	CK_RV rv;
	int64_t delay_us;
	unsigned cap;
	bool shared;
	char once[32];
	unsigned line;
	uint64_t calls; /* in this process */
};

#define FAULT_RULES_MAX 32

/* Aborts with words on standard error when a line cannot be read: a test with a misspelt fault
 * would prove nothing. */
void script_parse(const char *text, struct fault_rule rules[FAULT_RULES_MAX], unsigned *ret_n);

/* The rules that are in force now. */
struct fault_rule *script_rules(unsigned *ret_n);

/* Counts this call, and tells whether the rule strikes. */
bool script_strikes(struct fault_rule *r);

#endif
