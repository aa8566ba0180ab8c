/* SPDX-License-Identifier: Apache-2.0
 * The language of the fault module: a text file, one rule or setting a line, read again when it
 * changes (HOLDFAST_FAULT_SCRIPT names it). '#' begins a comment. tests/faults/README.md has it
 * with examples.
 *
 * A rule: FUNCTION [WHEN …] ACTION. FUNCTION is a name such as C_Sign, or * for all of them.
 *
 *   return CODE         answers that, without the token: a name or a number (0x80000024)
 *   delay=TIME          takes that much longer (us, ms, s)
 *   hang                never returns
 *   crash               the process dies of SIGSEGV
 *   exit                the process ends by itself
 *   corrupt             one bit of the output flips (C_Sign, C_WrapKey)
 *   cap=N               C_OpenSession: with N open, CKR_SESSION_COUNT
 *   pin-locked          C_Login answers CKR_PIN_LOCKED, and the token's flags say so
 *
 *   nth=N               only the Nth call
 *   every=N             each Nth call
 *   shared              calls are counted over all processes (in a file beside the script)
 *   once=NAME           happens once over all processes (so does it)
 *
 * A setting is for the whole token:
 *
 *   latency TIME        the way there and back, for each call that would reach a network HSM:
 *                       vendors' libraries answer C_SignInit and what describes the library by
 *                       themselves
 *   latency-all TIME    the same for every call
 *   engines N TIME      such a call then occupies one of the N engines of the HSM that long, and
 *                       waits for one that is free (over all processes of one token:
 *                       HOLDFAST_FAULT_TOKEN tells several tokens apart)
 *   idle-sessions TIME  a session that nobody used for so long is closed behind its user's back
 *   reuse-handles       an object has the number of the one that was destroyed last, as in modules
 *                       with small tables; read when the library is initialised
 *   count               counts calls by function over all processes: tests/faults/calls.h
 */
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
#define FAULT_ENGINES_MAX 256

struct fault_script {
	struct fault_rule rules[FAULT_RULES_MAX];
	unsigned n_rules;
	int64_t latency_us, latency_all_us;
	unsigned engines; /* 0: as many as there are calls */
	int64_t service_us;
	int64_t idle_us; /* 0: sessions live on */
	bool reuse_handles, count;
};

/* Aborts with words on standard error when a line cannot be read: a test with a misspelt fault
 * would prove nothing. */
void script_parse(const char *text, struct fault_script *ret);

/* What is in force now. Not to be called by two threads at once, nor used after the lock that
 * sees to that is let go. */
struct fault_script *script_now(void);

/* Counts this call, and tells whether the rule strikes. */
bool script_strikes(struct fault_rule *r);

/* A file beside the script; false without a script. */
bool script_file(const char *suffix, char *to, size_t cap);

#endif
