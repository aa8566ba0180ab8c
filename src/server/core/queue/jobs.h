/* SPDX-License-Identifier: Apache-2.0
 * The queue: durable, leased, at-least-once jobs whose effects happen exactly once.
 *
 * A job is a row. It is *queued*, then *leased* to one instance of a driver; when it is settled the
 * row goes, since its subject (a key, a signature request) has the outcome, and that happens in the
 * same transaction, so it happens once. When a lease ends the job is queued again, up to
 * JOB_ATTEMPTS_MAX times. The first completion wins, whoever had the lease; a later one finds no
 * row, and is acknowledged and ignored.
 *
 * Polls that find nothing are parked here, in memory. A group of writes ends by dealing out what is
 * queued to the parked polls (jobs_deal), in the same commit that added it.
 *
 * Several writers, and several servers on one database, do that side by side. A transaction sees
 * what is committed and what it added itself, so a job can stay queued while a poll stands parked:
 * here, because the poll came between the deal and the commit, or at another server. Whoever leaves
 * jobs queued therefore says so after its commit: to this server's own polls by one more, empty
 * transaction, and to the other servers in a word (jobs_config.say). All of that is for speed; what
 * is missed, the next sweep deals. */
#ifndef HF_SERVER_CORE_QUEUE_JOBS_H
#define HF_SERVER_CORE_QUEUE_JOBS_H

#include "base/metrics.h"
#include "db/work.h"
#include "op/poll.h"

#include <pthread.h>
#include <sys/queue.h>

#define JOB_ATTEMPTS_MAX 5

/* Stored: append only. */
enum job_subject {
	JOB_FOR_KEY = 1,
	JOB_FOR_SIGNATURE = 2,
	JOB_FOR_FORMED_SIGNATURE = 3, /* of which more is made than r and s */
	JOB_FOR_AUDIT_KEY = 4,        /* of the audit log's own key */
	JOB_FOR_CHECKPOINT = 5,       /* that this key signs */
	JOB_FOR_CRYPTO = 6,           /* one operation on a key of any kind: core/backends/pool.h */
};

struct job_new {
	const char *store_id; /* whose drivers may take it */
	enum job_subject subject;
	const char *subject_id; /* the key's or signature request's id */
	struct hf_span op;      /* op_encode() */
};

struct job_settled {
	uint64_t job;
	const char *store_id;
	enum job_subject subject;
	const char *subject_id;
	struct hf_span op; /* what was asked */
	/* OP_DONE or OP_FAILED; attempts used up arrive as OP_FAILED. */
	const struct op_result *result;
	const char *driver; /* common name of the certificate that answered; "" if none did */
	/* Set when this was not the last of its subject: another job was added. Nobody is told. */
	bool *more;
};

/* What a completion means to its subject: called inside the transaction of the write group.
 * HF_UNAUTHENTIC and HF_INVALID refuse the result (a signature that does not verify): nothing may
 * have been written then, and the job is tried again. HF_NOTFOUND: the subject is gone, and the job
 * goes too. Any other failure undoes the whole hand-in; the driver brings it again. What failed for
 * good (OP_FAILED) cannot be refused. */
typedef hf_status (*job_settle)(void *ctx, struct db *db, const struct job_settled *settled);
/* Told after the commit that settled it, on the writer's thread: wake whoever waits for the
 * subject. */
typedef void (*job_announce)(void *ctx, enum job_subject subject, const char *subject_id);
/* A word for the other servers: "jobs STORE_ID" (some wait there) or "settled ORIGIN SUBJECT_ID".
 * Any thread. */
typedef void (*jobs_say)(void *ctx, const char *word);
/* Appends the evidence of who asked for what a job signs (proof/evidence.h); nothing when there is
 * none. Inside the transaction that leases the job to a driver that wants it. */
typedef hf_status (*job_evidence)(void *ctx, struct db *db, uint64_t job, struct hf_buf *to);

/* Appends a job's op as its driver is to get it: what lies sealed in the row, in the clear. A
 * failure leaves it as it lies; the driver refuses what it does not understand. */
typedef hf_status (*job_reveal)(void *ctx, struct hf_span op, struct hf_buf *to);

struct jobs;

struct jobs_config {
	/* This server's id, kept with the jobs that it adds; NULL: none. Copied. */
	const char *origin;
	int lease_ms; /* 0: 10 s */
	int sweep_ms; /* between two looks for leases that have ended; 0: 250 ms */
	bool relaxed; /* completions survive our death, but not a power cut */
	job_settle settle;
	job_announce announce;
	jobs_say say;          /* NULL: there is nobody else */
	job_evidence evidence; /* NULL: there never is any */
	job_reveal reveal;     /* NULL: rows have it as it is */
	void *ctx;
};

HF_MUST hf_status jobs_new(const struct jobs_config *config, struct jobs **ret);
void jobs_free(struct jobs *j);

/* Inside a write task. *ret is the job's number: of a clock and a random part, so that it is never
 * given twice, not even after a power cut took back the commit that made it. Two servers may once
 * in a long while choose the same: then the task fails with HF_EXISTS, and can be tried again. */
HF_MUST hf_status jobs_add(struct jobs *j, struct db *db, const struct job_new *job, uint64_t *ret);
/* Takes back a job that no driver has yet: nobody hears of it any more. Inside a write task.
 * HF_NOTFOUND: it is leased, or settled. */
HF_MUST hf_status jobs_cancel(struct db *db, const char *store_id, uint64_t job);
/* After the commit, for the count. */
void jobs_added(struct jobs *j);

/* What came of the results in one transaction; counted and told only after its commit. */
struct jobs_tally {
	uint64_t added, done, failed, late, retried;
	struct hf_buf settled;
};

enum jobs_poll_state {
	JOBS_POLL_SUBMITTED, /* waits for the writer, or is in it */
	JOBS_POLL_HUNGRY,    /* may be dealt jobs */
	JOBS_POLL_DEALT,     /* has jobs, in a transaction that is not committed yet */
};

/* One poll. Embedded by the caller, who fills the first part and keeps it (and what it points to)
 * until answered() is called: once, after a commit or when the wait ended, on the writer's thread
 * or on that of jobs_tick(). `reply` lives during the call, and is NULL when `s` is a failure. */
struct jobs_poll {
	const char *store_id;
	const char *driver; /* common name, for the record */
	struct poll_request request;
	void (*answered)(struct jobs_poll *p, const struct poll_reply *reply, hf_status s);

	/* The queue's own. */
	struct db_task task;
	struct jobs *jobs;
	struct job_store *store;
	TAILQ_ENTRY(jobs_poll) link;
	enum jobs_poll_state state;
	bool in_task, gone;
	pthread_t runner;   /* who runs its task: nobody else deals to it until that is committed */
	pthread_t dealer;   /* whose transaction it is dealt in */
	uint64_t left_seen; /* the store's `left` when its own deal began */
	int64_t parked_until_ms;
	struct jobs_tally tally;
	struct poll_job *dealt;
	size_t n_dealt;
	struct hf_buf dealt_ops, dealt_evidence; /* of `dealt`, one after another */
};

/* From any thread: completes, renews, claims; parks it when there is nothing and the request says
 * so. HF_BUSY, HF_CLOSED: not taken. */
HF_MUST hf_status jobs_poll(struct jobs *j, struct db_work *writer, struct jobs_poll *p);
/* The peer left: a parked poll is answered (with nothing) soon, and gets no more jobs. From any
 * thread. */
void jobs_poll_gone(struct jobs *j, const struct jobs_poll *p);

/* db_work's before_commit and after_commit. The first may be called again before the second, when a
 * group runs again. */
HF_MUST hf_status jobs_before_commit(struct jobs *j, struct db *db);
void jobs_after_commit(struct jobs *j, hf_status s);

/* Another server has left jobs of this store (NULL: perhaps of any): they are dealt if a poll is
 * parked here. From any thread, until jobs_release_all(). */
void jobs_heard(struct jobs *j, const char *store_id);

/* About every 100 ms from one thread: ends waits, and submits the sweep that takes back expired
 * leases. Leases are kept by the database's clock, so that they outlive us and that no server's own
 * clock matters. When the database's is set forward, or back by more than a minute, they end early,
 * which costs a second attempt and nothing else, since the first completion still wins. */
void jobs_tick(struct jobs *j, struct db_work *writer);
/* Answers all parked polls at once, and from now on each one that comes, without dealing
 * (shutdown): results are still taken, and drivers come back by themselves. Nothing is submitted
 * from here any more, so that the writer can be stopped. */
void jobs_release_all(struct jobs *j);

struct jobs_stats {
	uint64_t added, dealt, done, failed, expired, late, retried;
	size_t parked;
	size_t queued; /* as of the last sweep */
	int64_t oldest_ms;
};
void jobs_stats(struct jobs *j, struct jobs_stats *ret);
/* From jobs_add() to the commit that settled it. */
struct hf_histogram *jobs_latency(struct jobs *j);

#endif
