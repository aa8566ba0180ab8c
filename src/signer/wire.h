/* SPDX-License-Identifier: Apache-2.0
 * The frames between hsmhost and holdfast-signer, over the signer's standard input and output.
 *
 * A frame: u32 length of what follows, u8 type, u64 tag, body. Fields inside have fixed places, nothing nests, every length
 * has a limit. The first frame in is SETUP, the first out READY or FAILED. */
#ifndef HF_SIGNER_WIRE_H
#define HF_SIGNER_WIRE_H

#include "base/secret.h"
#include "op/op.h"
#include "op/record.h"
#include "p11/profile.h"

#define WIRE_FRAME_MAX (OP_ENCODED_MAX + RECORD_ENCODED_MAX + 4096)
#define WIRE_REPORT_MAX (256u << 10) /* a REPORT's JSON */
#define WIRE_PATH_MAX 4096

enum wire_type { /* sent: append only */
	WIRE_SETUP = 1,  /* in: signer_setup */
	WIRE_JOB = 2,    /* in: op, record */
	WIRE_TASK = 3,   /* in: one administrative task (enum signer_task) and its JSON arguments */
	WIRE_READY = 16, /* out: token's description, master id */
	WIRE_BEGUN = 17, /* out: the job with this tag enters the module now: its deadline starts */
	WIRE_ANSWER = 18, /* out: outcome, raw signature or record */
	WIRE_FAILED = 19, /* out: set-up or task failed: code, words; the signer ends after set-up failures */
	WIRE_REPORT = 20, /* out: the task's result, JSON */
	WIRE_NEWS = 21,   /* out: progress of a task, one line of text */
};

enum signer_task {
	TASK_CHECK = 1,       /* preflight: JSON report */
	TASK_INIT_MASTER = 2, /* make master key and master MAC key */
	TASK_BENCH = 3,       /* raw loop */
	TASK_PROFILE = 4,     /* the quick preflight that gives a profile */
	TASK_CANARY_MAKE = 5, /* a canary record */
	TASK_CANARY_CHECK = 6,
};

struct signer_setup {
	char module[WIRE_PATH_MAX]; /* absolute */
	char slot[256];   /* "label:…", "serial:…", "number:…" or "pkcs11:…"; "": the only token there is */
	char module_args[1024]; /* handed to C_Initialize as pReserved for modules that want a string (NSS), or "" */
	struct hf_secret pin; /* may be empty */
	char master_label[64]; /* label of the master key; the MAC key's is the same with "-mac" */
	bool needs_master;    /* refuse to be READY without a usable master key */
	bool allow_resident;
	unsigned threads;     /* sessions inside this process; normally 1 */
	unsigned warm_keys;   /* 0: unwrap, sign, destroy each time */
	unsigned warm_ttl_s;
	bool have_profile;
	struct p11_profile profile; /* encodings and formats that preflight found to work */
};

#endif
