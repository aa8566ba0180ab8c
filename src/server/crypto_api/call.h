/* SPDX-License-Identifier: Apache-2.0
 * One request on its way through the Crypto API:
 *
 *   principal → body → prepare() → [object] → [run() in the database] → [HSM] → answer, audited
 *
 * A route (routes.c) says who may call, and names its operation. Each step ends by calling the next
 * or by ending the call; nothing blocks. A call need not come over HTTP: those inside a batch, and
 * those that a quorum has approved, are made by crypto_call_inner() and end in a callback instead.
 *
 * Errors are an HTTP status and plain text, as clients of this API expect. */
#ifndef HF_SERVER_CRYPTO_API_CALL_H
#define HF_SERVER_CRYPTO_API_CALL_H

#include "json/read.h"
#include "json/write.h"
#include "server/core/access/guard.h"
#include "server/core/backends/backend.h"
#include "server/crypto_api/api.h"

#define CRYPTO_BODY_MAX (1u << 20)
#define CRYPTO_BATCH_BODY_MAX (4u << 20)
#define CRYPTO_REPLY_MAX (16u << 20)

enum route_caller {
	CALLER_NOBODY, /* no principal is asked for */
	CALLER_ANY,
	CALLER_APP,
	CALLER_ADMIN, /* users, and apps that administrate; what exactly is the guard's to say */
};

/* Flags of a route. */
#define ROUTE_AUDITED 1u   /* success is entered too; refusals always are */
#define ROUTE_SECRET 2u    /* bodies may hold plaintext, keys or passwords: wiped, never logged */
#define ROUTE_SENSITIVE 4u /* not for a batch, nor for a quorum's replay */
#define ROUTE_BEFORE_FACTOR 16u /* for a session whose second factor is due */
#define ROUTE_PROVES 8u /* CALLER_NOBODY, but finds out itself whose it is: see call_inside.h */

struct crypto_call;
struct crypto_call_inner;
struct access_request;

struct crypto_operation {
	size_t size; /* of the operation's own struct, which begins with a struct crypto_call */
	bool writes; /* run() is on the writer */
	/* Reads the body and the parameters. */
	hf_status (*prepare)(struct crypto_call *c, struct hf_err *err);
	/* Inside a transaction; may be called again after a failure of the engine. NULL: none. */
	hf_status (*run)(struct crypto_call *c, struct db *db);
	/* After prepare(), or after the commit of run(): ends the call some time. NULL: answers
	 * c->status with c->out. */
	void (*after)(struct crypto_call *c);
	void (*release)(struct crypto_call *c); /* what prepare() allocated; NULL: nothing */
};

struct crypto_route {
	const char *method, *pattern;
	const char *name; /* for the audit log: "Crypto:Sign" */
	enum route_caller caller;
	unsigned flags;
	size_t max_body;
	const struct crypto_operation *op; /* see handlers.h */
};
extern const struct crypto_route crypto_routes[];
extern const size_t crypto_route_count;

/* A step in the database: run(), then after() or the answer. */
struct crypto_step {
	bool writes;
	hf_status (*run)(struct crypto_call *c, struct db *db);
	void (*after)(struct crypto_call *c);
};

typedef void (*crypto_call_ended)(void *ctx, int status, struct hf_span body);

struct crypto_call {
	struct db_task task; /* first */
	struct crypto_api *api;
	const struct crypto_route *route;
	struct http_request *req;   /* NULL: an inner call */
	struct principal *who;      /* NULL: CALLER_NOBODY */
	struct json_t *body;        /* NULL: none. Parsed; an object or an array */
	const char *approved_group; /* this group's quorum has approved exactly this, or, by the
	                               account's id, its account's; NULL: none has */
	int64_t now_ms;             /* wall clock, when it came */
	int status;                 /* of the reply; 200 */
	struct hf_buf out;          /* the reply's body: JSON */
	struct hf_err err;
	/* what the audit log is told besides */
	const char *outcome;       /* NULL: "Accepted" */
	char subject_id[UUID_MAX]; /* what it made, used or changed */
	char group_id[UUID_MAX];   /* "" */
	bool unlogged;             /* a key of high volume: its use is only counted */
	uint32_t count;            /* of a batch: how many operations the one entry stands for */
	/* ---- call.c's own */
	const char *path;
	struct crypto_call_inner *inner; /* NULL: over HTTP */
	struct access_request *access;   /* who is it? While that is being found out */
	void (*known)(struct crypto_call *c);
	struct crypto_step step; /* the database's, now */
	bool entered;            /* its entry is made, or is none of this call's */
	const char *reason;      /* of a refusal, for the entry */
	void (*then)(struct crypto_call *c);
	struct crypto_call *next_entry;
};

/* The handler of every HTTP route, whose `arg` is its struct crypto_route. */
void crypto_call_begin(struct http_request *req, void *api);

struct crypto_inner {
	struct principal *who; /* a reference is taken */
	const char *method, *path;
	struct hf_span body;        /* JSON, or empty; copied */
	const char *approved_group; /* NULL, or whose quorum has approved it; copied */
	bool quiet; /* uses of keys are entered by the one who asks, with a count; changes are
	               entered all the same */
	const char *address; /* whence it was asked for, or NULL; copied */
	crypto_call_ended ended;
	void *ctx;
};
/* As if it had come over HTTP from this principal, who is checked as any. Ends in ended(), once,
 * from any thread: a path that is not there, or a route that is ROUTE_SENSITIVE, too. */
void crypto_call_inner(struct crypto_api *api, const struct crypto_inner *from);

/* Parameters of the path and the query, of inner calls too. "" and NULL when absent. */
const char *crypto_call_param(const struct crypto_call *c, const char *name);
const char *crypto_call_query(const struct crypto_call *c, const char *name);
/* The i-th of the query; false: there are no more. */
bool crypto_call_query_at(const struct crypto_call *c, size_t i, const char **ret_name,
                          const char **ret_value);
/* There are no others in it: what is not known would be passed over. HF_INVALID with words. */
HF_MUST hf_status crypto_call_query_known(const struct crypto_call *c, const char *const known[],
                                          size_t n_known, struct hf_err *err);
/* true or false; absent: *ret stays. HF_INVALID with words. */
HF_MUST hf_status crypto_call_query_flag(const struct crypto_call *c, const char *name, bool *ret,
                                         struct hf_err *err);

/* One more step in the database after those of the operation, as after an answer of the HSM. Like
 * them it may be run again. */
void crypto_call_step(struct crypto_call *c, const struct crypto_step *step);

/* The call's end: each answers, then releases everything. A call that is ROUTE_AUDITED, or refused,
 * has its entry in the audit log before the answer leaves. */
void crypto_call_reply(struct crypto_call *c);             /* c->status with c->out */
void crypto_call_fail(struct crypto_call *c, hf_status s); /* c->err's words; status by the code:
        INVALID 400, UNAUTHENTIC 401 or, of data, 400, DENIED 403, NOTFOUND 404, EXISTS 409, STATE
        400, TOOBIG 413, UNSUPPORTED 501, BUSY 503, TIMEOUT 504, IO 502 … */
void crypto_call_fail_with(struct crypto_call *c, int status, const char *text);
/* Fails, after a transaction that was rolled back with the call's entry in it; `why` may be c->err.
 */
void crypto_call_undone(struct crypto_call *c, hf_status s, const struct hf_err *why);

/* Entries that the transaction of run() makes itself are better than those made afterwards: call
 * this in run() when it changes something, and no other is made for its success. */
HF_MUST hf_status crypto_call_audit(struct crypto_call *c, struct db *db);

/* The object that the body or the path names, with its group; then `then`, or the call ends with
 * 404. `desc`: a SobjectDescriptor ({"kid"}, {"name"} or {"transient_key"}; "inline" is refused
 * with words). The reference given to `then` is the callee's. */
typedef void (*crypto_call_object_fn)(struct crypto_call *c, struct object *object);
void crypto_call_object(struct crypto_call *c, const struct json_t *desc,
                        crypto_call_object_fn then);
void crypto_call_object_of(struct crypto_call *c, const char *kid, const char *name,
                           crypto_call_object_fn then);

/* A transient key of this session, in base64; NULL is refused. See call_transient.c. */
void crypto_call_transient(struct crypto_call *c, const char *sealed, crypto_call_object_fn then);
/* Whether there is a session for transient keys to live in. False: the call has ended. */
bool crypto_call_in_session(struct crypto_call *c);
/* Whether it is more than a transient key. False: the call has ended. */
bool crypto_call_keeps(struct crypto_call *c, const struct object *object);

/* guard_check() for c->who; fills c->subject_id and group_id. False: the call has ended (404, 403,
 * or 403 with GUARD_QUORUM_TEXT). */
bool crypto_call_may(struct crypto_call *c, enum guard_act act, const struct object *object,
                     const struct group *group, const struct crypto_op *op);

#endif
