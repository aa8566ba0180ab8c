/* SPDX-License-Identifier: Apache-2.0
 * One request on its way through the Signing API:
 *
 *   token → permission → body → user action → prepare() → run() in the database → answer, or wait
 *
 * A route (routes.h) says what a request needs, and names its operation: the steps of its own. A
 * request that changes something has been signed by its caller's credential before prepare() is
 * called, and spends that user action in the transaction of run(). */
#ifndef HF_SERVER_SIGNING_API_CALL_H
#define HF_SERVER_SIGNING_API_CALL_H

#include "json/write.h"
#include "server/core/rights/permissions.h"
#include "server/core/people/user_action.h"
#include "server/signing_api/api.h"
#include "server/signing_api/routes.h"

#define AUTH_BODY_MAX (2 * PAYLOAD_MAX + 16384) /* a payload as a JSON string, at its longest */
#define CALL_REPLY_MAX (64u << 20)

struct call;

struct operation {
	size_t size; /* of the operation's own struct, which begins with a struct call */
	bool writes; /* runs on the writer, although its route asks for no user action */
	/* Reads parameters and body. May answer at once, when there is no run(): from c->out. NULL:
	 * nothing to read. */
	hf_status (*prepare)(struct call *c, struct hf_err *err);
	/* In the database; may be called again after a failure of the engine. Prints into c->out,
	 * or leaves that to after(). */
	hf_status (*run)(struct call *c, struct db *db);
	/* After the commit, when there is more to it than sending c->out: has to end the call some
	 * time. NULL: none. */
	void (*after)(struct call *c);
	/* The same for a run() that failed. NULL: call_fail(). */
	void (*failed)(struct call *c, hf_status s);
	void (*release)(struct call *c); /* what prepare() allocated; NULL: nothing */
};

/* For the audit log. An operation may fill what is above the line in prepare() or run(). */
struct call_audit {
	char operation[64];         /* "": its permission's name */
	char subject_id[HF_ID_MAX]; /* what it makes or uses; "": the last id in the path */
	const char *outcome;        /* NULL: "Accepted", or "Pending" when the status is 202 */
	char org_id[HF_ID_MAX], identity_id[HF_ID_MAX],
	        name[256]; /* who, when there is no caller */
	/* ---- call_audit.c's own */
	bool entered;
	int status;
	const char *reason;
	void (*then)(struct call *c);
};

struct call {
	struct db_task task; /* first */
	struct signing_api *api;
	const struct route *route;
	const struct operation *op;
	struct http_request *req;
	const char *token;     /* in the request */
	struct caller *caller; /* NULL when the route is PERMIT_OPEN */
	struct json_t *body;
	struct payload_hash payload;
	struct user_action_spent action;
	struct hf_buf proof;
	struct hf_buf out; /* the reply's body */
	int status;        /* of the reply; 200 unless run() says otherwise */
	bool answered;     /* by prepare(), in `out`: there is nothing to run */
	struct hf_err err;
	int64_t now_ms; /* wall clock, when it came */
	struct call_audit audit;
};

/* The handler of every route, whose `arg` is its struct route: the operation answers. */
void call_begin(struct http_request *req, void *api);

/* The call's end: each answers, then releases everything. */
void call_reply(struct call *c);             /* c->status with c->out */
void call_fail(struct call *c, hf_status s); /* with c->err's words */
void call_fail_with(struct call *c, int status, const char *message, struct hf_span details);

/* Runs `run` on a reader. Ends the call when that cannot be. */
void call_read(struct call *c, hf_status (*run)(struct db_task *task, struct db *db),
               void (*done)(struct db_task *task, hf_status s));

#endif
