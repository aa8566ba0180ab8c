/* SPDX-License-Identifier: Apache-2.0
 * The audit log: who asked for what, with which credential and proof, and what came of it.
 *
 * An entry is added inside the transaction of what it tells about, so that one is there exactly if
 * the other is. A moment later it is given its leaf in its organisation's Merkle tree (RFC 9162,
 * 2.1: SHA-256, as in RFC 6962), whose root is signed by an HSM key in checkpoints (C2SP
 * tlog-checkpoint); from then on no entry can be changed, removed or moved without that being seen.
 *
 * The entry is JSON, members sorted by name, and its bytes are the leaf. The members are those of
 * struct audit_entry by their names there, in camel case; those that are empty are left out. */
#ifndef HF_SERVER_CORE_AUDIT_AUDIT_H
#define HF_SERVER_CORE_AUDIT_AUDIT_H

#include "base/buf.h"
#include "server/core/queue/jobs.h"

#define AUDIT_ENTRY_MAX 65536

struct audit_entry {
	const char *org_id;
	const char *identity_id, *name, *token_id; /* who; NULL: the server itself, or a driver */
	const char *credential_id;                 /* of the proof; NULL: none */
	const char *operation;                     /* "Keys:Signatures:Create" */
	const char *method, *path;                 /* NULL: no request */
	const char *subject_id;                    /* what was made, used or changed; NULL */
	const char *group_id;                      /* the group that it is in; NULL: none */
	uint32_t count;                            /* operations, of a batch; 0: one */
	const char *outcome; /* "Accepted", "Denied", "Failed", "Signed", "Approved", … */
	int status;          /* HTTP's; 0: no request */
	const char *reason;  /* of what was not done; NULL */
	struct hf_span body_hash, proof; /* empty: none */
	const char *address;             /* of the caller's connection; NULL */
	int64_t now_ms;
};

/* Posted (db_post). Inside a write task. */
HF_MUST hf_status audit_add(struct db *db, const struct audit_entry *e);

/* What one server keeps in memory for it. Any thread. */
struct audit;
HF_MUST hf_status audit_new(struct audit **ret);
void audit_free(struct audit *a);

/* Whose a key store is, asked of the database once. HF_NOTFOUND. */
HF_MUST hf_status audit_org_of_store(struct audit *a, struct db *db, const char *store_id,
                                     char ret[HF_ID_MAX]);

/* What a driver's answer settled, or that nobody answered; inside the transaction that settles. */
HF_MUST hf_status audit_settled(struct audit *a, struct db *db, const struct job_settled *settled,
                                int64_t now_ms);

struct core;

/* About every 100 ms from one thread: gives entries that wait their leaves, and has checkpoints
 * signed when logs have grown; both as tasks of the writer. */
void audit_tick(const struct core *core);

/* As of the last time when checkpoints were due. */
struct audit_state {
	bool known;
	int64_t leaves;
	int64_t uncovered;          /* leaves beyond the newest signed checkpoints */
	int64_t waiting;            /* entries without a leaf */
	int64_t uncovered_since_ms; /* monotonic: since when no look found all covered; 0: the last
	                               did */
};
struct audit_state audit_state(struct audit *a);

/* What a settled job means to an audit key, and to a checkpoint: see job_settle in
 * core/queue/jobs.h. */
HF_MUST hf_status audit_key_settle(struct db *db, const struct job_settled *settled);
HF_MUST hf_status audit_checkpoint_settle(struct db *db, const struct job_settled *settled);

/* What was answered without an entry, because the log's writer was busy, and callers that nobody
 * knows: these are only counted. */
struct audit_counts {
	hf_counter leaves;
	hf_counter entries; /* for requests; those of drivers not counted */
	hf_counter dropped;
	hf_counter unknown_callers;
	hf_counter sent, send_failures; /* to the collector (audit_sender.h) */
};
struct audit_counts *audit_counts(struct audit *a);

#endif
