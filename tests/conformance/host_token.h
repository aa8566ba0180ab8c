/* SPDX-License-Identifier: Apache-2.0
 * A SoftHSM2 token of the test's own, and a host of signers on it. */
#ifndef HF_TESTS_HOST_TOKEN_H
#define HF_TESTS_HOST_TOKEN_H

#include "check.h"

#include "hsmhost/host.h"
#include "hsmhost/task.h"

#define HOST_PIN "1234"
#define HOST_PATIENCE_MS 30000

/* A folder with a token "test" in it; SOFTHSM2_CONF leads there. Group set-up and tear-down. Set-up
 * skips the whole program (exit 77) where there is no SoftHSM2. */
int host_token_make(void **state);
int host_token_remove(void **state);
/* In place of host_token_make(): a token that is there already (places.h). */
struct place;
void host_token_use(const struct place *p);
/* One more token in the same folder. */
void host_token_add(const char *label);
/* Files of objects that the tokens hold, all together. */
unsigned host_token_objects(void);

/* What the fault module (tests/faults/script.h) does from now on; host_config() uses that module
 * once there was a script. Counts begin anew. */
void host_faults(const char *script);
/* How often the function of the script's first rule was called, if that rule is `shared`. */
unsigned host_fault_count(void);
/* How often the signers called that function since the script was given, which says `count`; NULL:
 * all functions that reach a network HSM (tests/faults/calls.h). */
unsigned host_calls(const char *function);
/* Counts from zero again, for processes that run. */
void host_calls_reset(void);

/* Slot "label:<label>", the right PIN, one process. The PIN is released by host_config_done(). */
struct hsmhost_config host_config(const char *label);
void host_config_done(struct hsmhost_config *c);
/* Runs a task that has to succeed; the report is text in `to`. */
void host_task(const char *label, enum signer_task task, const char *args, char *to, size_t cap);

/* One job, and what came of it; buffers are the test's until host_job_done(). */
struct host_job {
	struct hsmhost_job job;
	bool answered;
	struct op_result result;
	struct hf_buf record, public_key; /* of a generated key */
	int64_t hsm_us;
};

void host_answered(void *ctx, const struct hsmhost_answer *answer);
struct hsmhost *host_start(const struct hsmhost_config *c);
/* Submits as there is room, and steps until all are answered. */
void host_run(struct hsmhost *h, struct host_job *jobs, size_t n);
/* Steps until `done`; fails the test when it takes too long. */
void host_step_until(struct hsmhost *h, bool (*done)(void *), void *ctx);

struct host_job host_generate(const char *key_id, enum key_type type);
/* Signs something fixed with the key of a generated job. */
struct host_job host_sign(const struct host_job *key);
void host_job_done(struct host_job *j);
/* Generates, which has to succeed. */
struct host_job host_key(struct hsmhost *h, const char *key_id, enum key_type type);

/* The n-th child process of ours that runs, or 0. */
int host_child(unsigned n);

#endif
