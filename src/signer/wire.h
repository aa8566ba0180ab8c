/* SPDX-License-Identifier: Apache-2.0
 * The frames between hsmhost and holdfast-signer, over the signer's standard input and output.
 *
 * A frame: u32 length of what follows, u8 type, u64 tag, body. Fields inside have fixed places,
 * nothing nests, every length has a limit. The first frame in is SETUP, the first out READY or
 * FAILED; or, where the SETUP asks for no more than a list of the tokens, a REPORT of it:
 * {"library", "tokens": [{"slot": decimal text, "label", "manufacturer", "model", "serial"}, …]}.
 *
 * A signer takes jobs in the order in which they come, `threads` at a time. So a job enters the
 * module as soon as fewer than `threads` jobs before it are unanswered; that is where its deadline
 * starts, and no frame is spent on saying it. Answers may be gathered for up to WIRE_GATHER_US
 * while more jobs wait. */
#ifndef HF_SIGNER_WIRE_H
#define HF_SIGNER_WIRE_H

#include "base/secret.h"
#include "op/crypto_op.h"
#include "op/op.h"
#include "op/record.h"
#include "p11/profile.h"
#include "proof/authorizers.h"
#include "proof/evidence.h"

#define WIRE_VERSION 5 /* of the frames: driver and signer must be of one installation */
#define WIRE_FRAME_MAX (OP_ENCODED_MAX + RECORD_ENCODED_MAX + EVIDENCE_MAX + 4096)
#define WIRE_CRYPTO_MAX CRYPTO_OP_ENCODED_MAX                  /* of a CRYPTO */
#define WIRE_CRYPTO_ANSWER_MAX (8 + CRYPTO_RESULT_ENCODED_MAX) /* of its answer */
#define WIRE_SETUP_ROOM 32768u /* of a SETUP, beside the authorizers */
#define WIRE_SETUP_MAX (WIRE_SETUP_ROOM + AUTHORIZERS_FILE_MAX)
#define WIRE_REPORT_MAX (256u << 10) /* a REPORT's JSON */
#define WIRE_ARGS_MAX (16u << 10)    /* a TASK's JSON */
#define WIRE_PATH_MAX 4096
#define WIRE_PIN_MAX 4096
#define WIRE_THREADS_MAX 64
#define WIRE_READERS_MAX 64
#define WIRE_GATHER_US 500
#define WIRE_HEADER 13 /* bytes before the body */

/* Sent: append only. */
enum wire_type {
	WIRE_SETUP = 1,   /* in: signer_setup */
	WIRE_JOB = 2,     /* in: op, record, evidence */
	WIRE_TASK = 3,    /* in: one administrative task (enum signer_task) and its JSON
	                     arguments */
	WIRE_REWRAP = 4,  /* in: a record, and the master key that its key is to be wrapped by
	                     instead. No op of the queue, so that no server can ask for it */
	WIRE_CRYPTO = 5,  /* in: crypto_op_encode() */
	WIRE_READY = 16,  /* out: token's description, master id, profile */
	WIRE_ANSWER = 17, /* out: outcome; a new key and its record, a raw signature, or the record
	                     of a rewrapped key */
	WIRE_FAILED = 18, /* out: set-up, session or task failed: code, words; then the
	                     signer ends. HF_UNAUTHENTIC of a set-up: the PIN is wrong */
	WIRE_REPORT = 19, /* out: the task's result, JSON */
	WIRE_NEWS = 20,   /* out: progress of a task, one line of text */
	WIRE_CRYPTO_ANSWER = 21, /* out: u64 hsm_us, crypto_result_encode() */
};

/* Arguments and reports are JSON objects; unknown arguments are refused. */
enum signer_task {
	/* {"quick": bool, "key_types": ["secp256k1", …]}, both optional -> preflight_write_json()
	 */
	TASK_CHECK = 1,
	/* {} -> {"label", "master_id", "mac": bool} */
	TASK_INIT_MASTER = 2,
	/* {"kind": "sign" | "unwrap" | "generate" | "encrypt" | "list" | "plain-sign", "key_type",
	 * "ms": integer, "count": integer}
	 * -> rawloop_write_json(), over setup.threads sessions */
	TASK_BENCH = 3,
	/* {} -> {"record": hex, "key_type", "master_id"}: a key record with the id "canary"; both
	 * "" from a token that can have no master key */
	TASK_CANARY_MAKE = 4,
	/* {"records": [hex, …]} -> {"masters": [{"label", "master_id"}, …], the first wraps,
	 * "canaries": [{"master_id", "result": "ok" | "master-key-absent" | "master-key-differs" |
	 * "mac-key-differs", "message"}, …], in the order of the records} */
	TASK_CANARY_CHECK = 5,
};
#define SIGNER_TASK_MAX 5

struct signer_setup {
	char module[WIRE_PATH_MAX]; /* absolute */
	char slot[256]; /* "label:…", "serial:…", "number:…" or "pkcs11:…"; "": the only token there
	                   is */
	char module_args[1024]; /* handed to C_Initialize as pReserved for modules that want a
	                           string (NSS), or "" */
	struct hf_secret pin;   /* may be empty */
	char master_label[256]; /* of the master keys, with commas between; the first wraps. A MAC
	                           key's is the same with "-mac" */
	bool needs_master;      /* refuse to be READY without a usable master key and a profile */
	bool allow_resident;
	bool list_tokens;   /* tell which tokens there are (REPORT), without opening one, and end */
	unsigned threads;   /* sessions inside this process; normally 1 */
	unsigned readers;   /* sessions beside them, open only while the slot's keys are listed */
	unsigned warm_keys; /* 0: unwrap, sign, destroy each time */
	unsigned warm_ttl_s;
	bool have_profile;
	struct p11_profile profile; /* encodings and formats that preflight found to work; otherwise
	                             * made by a quick preflight, and told by READY */
	struct hf_span authorizers; /* text of the file (proof/authorizers.h): only what it allows
	                             * is signed; empty: what the driver asks for is. Borrowed: in
	                             * a setup that was decoded, it points into the frame */
};

struct wire_frame {
	enum wire_type type;
	uint64_t tag;
	struct hf_span body; /* points into the input */
};

/* The first frame of `in`. HF_BUSY: not all of it is there yet; HF_INVALID: an unknown type, or a
 * length that this type cannot have. *ret_used: how many bytes it took. */
HF_MUST hf_status wire_next(struct hf_span in, struct wire_frame *ret, size_t *ret_used);

/* Each appends one whole frame. */
/* Holds the PIN: wipe `to`. The authorizers come last. */
void wire_put_setup(struct hf_buf *to, const struct signer_setup *s);
/* What a JOB says. Spans point into the frame. */
struct wire_job {
	struct op op;
	struct hf_span record;   /* to sign with */
	struct hf_span evidence; /* of who asked for the signature; or empty */
};
void wire_put_job(struct hf_buf *to, uint64_t tag, const struct wire_job *job);
void wire_put_task(struct hf_buf *to, enum signer_task task, const char *json);

/* Decoders of bodies: exactly what the encoders make, otherwise HF_INVALID. The caller owns the PIN
 * in *ret. */
HF_MUST hf_status wire_get_setup(struct hf_span body, struct signer_setup *ret);
HF_MUST hf_status wire_get_job(struct hf_span body, struct wire_job *ret, struct hf_err *err);
void wire_put_rewrap(struct hf_buf *to, uint64_t tag, const char *to_master, struct hf_span record);
HF_MUST hf_status wire_get_rewrap(struct hf_span body, char ret_to_master[MASTER_ID_MAX],
                                  struct hf_span *ret_record);

/* `op`: crypto_op_encode(). */
void wire_put_crypto(struct hf_buf *to, uint64_t tag, struct hf_span op);

/* A signer keeps the walk of a list (CRYPTO_LIST) between its pages, and only that one does: its
 * number stands in the cursor. So all pages are asked of one signer. WIRE_WALKS of them at a time.
 */
#define WIRE_WALKS 8
#define WIRE_WALK_OF(cursor) ((uint32_t)((cursor) >> 32))

/* What a worker is given: a JOB, a REWRAP or a CRYPTO frame. */
struct wire_work {
	bool rewrap;
	bool is_crypto;
	struct crypto_op crypto;       /* CRYPTO; of `job` then nothing */
	struct wire_job job;           /* JOB; of a REWRAP only its record */
	char to_master[MASTER_ID_MAX]; /* REWRAP */
};
HF_MUST hf_status wire_get_work(const struct wire_frame *frame, struct wire_work *ret);
HF_MUST hf_status wire_get_task(struct hf_span body, enum signer_task *ret,
                                struct hf_span *ret_json);

struct wire_ready {
	char token[112];               /* "label, manufacturer model serial" */
	char master_id[MASTER_ID_MAX]; /* "" without a master key */
	bool have_profile;
	struct p11_profile profile;
};

struct wire_answer {
	enum op_outcome outcome;
	enum hf_code code; /* HF_OK when done */
	char text[256];
	int64_t hsm_us; /* from entering the module to leaving it */
	bool resident;
	struct hf_span public_key; /* generated */
	struct hf_span record;     /* generated, or, alone, rewrapped */
	struct hf_span signature;  /* signed: raw */
};

void wire_put_ready(struct hf_buf *to, const struct wire_ready *r);
void wire_put_answer(struct hf_buf *to, uint64_t tag, const struct wire_answer *a);
void wire_put_crypto_answer(struct hf_buf *to, uint64_t tag, const struct crypto_result *r,
                            int64_t hsm_us);
void wire_put_failed(struct hf_buf *to, enum hf_code code, const char *text);
void wire_put_text(struct hf_buf *to, enum wire_type type, struct hf_span text); /* REPORT, NEWS */

HF_MUST hf_status wire_get_ready(struct hf_span body, struct wire_ready *ret);
HF_MUST hf_status wire_get_answer(struct hf_span body, struct wire_answer *ret);
HF_MUST hf_status wire_get_crypto_answer(struct hf_span body, struct crypto_result *ret,
                                         int64_t *ret_hsm_us);
/* The words of a FAILED frame go into *ret; a broken frame gives HF_INVALID. */
HF_MUST hf_status wire_get_failed(struct hf_span body, struct hf_err *ret);

#endif
