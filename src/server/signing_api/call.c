/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/call.h"

#include "base/clock.h"
#include "server/errors.h"
#include "server/signing_api/call_audit.h"
#include "server/signing_api/call_limits.h"
#include "server/store/action_rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FORGET_EVERY 256 /* user actions */
#define FORGET_AT_ONCE 1024

static void end(struct call *c)
{
	if (c->op->release)
		c->op->release(c);
	json_done(c->body);
	caller_unref(c->caller);
	hf_buf_done(&c->proof);
	hf_buf_done(&c->out);
	free(c);
}

static void reply(struct call *c)
{
	http_reply(c->req, c->status, API_CONTENT_TYPE, hf_buf_span(&c->out));
	end(c);
}

void call_reply(struct call *c)
{
	hf_status s = hf_buf_status(&c->out);

	if (!hf_ok(s)) {
		call_fail(c, s);
		return;
	}
	if (!call_audit_answer(c, c->status, NULL, reply))
		reply(c);
}

/* With c->status, c->err.text and, as details, c->out. */
static void fail(struct call *c)
{
	if (c->status == 503)
		http_reply_header(c->req, "Retry-After", "1");
	api_error_reply_details(c->req, c->status, c->err.text, hf_buf_span(&c->out));
	end(c);
}

void call_fail_with(struct call *c, int status, const char *message, struct hf_span details)
{
	if (message != c->err.text)
		snprintf(c->err.text, sizeof(c->err.text), "%s", message);
	hf_buf_clear(&c->out);
	hf_buf_put(&c->out, details.ptr, details.len);
	c->status = status;
	if (!call_audit_answer(c, status, c->err.text, fail))
		fail(c);
}

static const char *plain_words(enum hf_code code)
{
	switch (code) {
	case HF_BUSY:
	case HF_TIMEOUT:
		return "the server is busy, or its database cannot be reached: try again";
	case HF_CLOSED:
		return "the server is stopping: try again";
	case HF_NOTFOUND:
		return "not found";
	case HF_INVALID:
	case HF_TOOBIG:
		return "the request is malformed";
	case HF_DENIED:
	case HF_UNAUTHENTIC:
		return "not authorized";
	case HF_OK:
	case HF_NOMEM:
	case HF_EXISTS:
	case HF_IO:
	case HF_UNSUPPORTED:
	case HF_CORRUPT:
	case HF_STATE:
	case HF_STOP:
	case HF_INTERNAL:
	case HF_CODE_COUNT_:
		break;
	}
	return "Internal Server Error";
}

void call_fail(struct call *c, hf_status s)
{
	bool told = c->err.code == s.code && c->err.text[0];

	if (s.code == HF_EXISTS && !told)
		s = HF_FAILURE(
		        HF_BUSY); /* two servers chose one number: the next try has another */
	call_fail_with(c, api_error_status(s.code), told ? c->err.text : plain_words(s.code),
	               HF_SPAN(NULL, 0));
}

/* Old user actions go along with new ones, a few at a time, so that nobody else has to sweep. */
static hf_status spend_action(struct call *c, struct db *db)
{
	hf_status s = action_row_spend(db, c->action.id, c->action.forget_ms);

	if (s.code == HF_EXISTS)
		return hf_fail(&c->err, HF_INVALID, "user action has already been used");
	if (s.code == HF_TIMEOUT)
		return hf_fail(&c->err, HF_DENIED,
		               "user action has expired by the database's clock: compare the "
		               "servers' clocks with it");
	HF_TRY(s);
	if (atomic_fetch_add_explicit(&c->api->spent, 1, memory_order_relaxed) % FORGET_EVERY == 0)
		HF_TRY(action_rows_forget(db, FORGET_AT_ONCE));
	return HF_SUCCESS;
}

static bool writes(const struct call *c)
{
	return c->route->needs & USER_ACTION || c->op->writes;
}

static hf_status run_operation(struct db_task *task, struct db *db)
{
	struct call *c = (struct call *)task;

	hf_buf_clear(&c->out);
	c->status = 200;
	c->err = (struct hf_err){ 0 };
	if (c->route->needs & USER_ACTION)
		HF_TRY(spend_action(c, db));
	HF_TRY(c->op->run(c, db));
	return writes(c) ? call_audit_done(c, db) : HF_SUCCESS;
}

/* The commit's answer was lost, and could not be looked up. */
static void fail_unknown(struct call *c)
{
	call_fail_with(c, 503,
	               "the database did not say whether it stored this request: it may have been "
	               "accepted. Look for it before you repeat it; with an externalId a "
	               "signature request can be repeated safely, and is made once",
	               HF_SPAN(NULL, 0));
}

static void operation_done(struct db_task *task, hf_status s)
{
	struct call *c = (struct call *)task;

	c->audit.entered = hf_ok(s) && writes(c);
	if (s.code == HF_IO && writes(c))
		fail_unknown(c);
	else if (!hf_ok(s) && c->op->failed)
		c->op->failed(c, s);
	else if (!hf_ok(s))
		call_fail(c, s);
	else if (c->op->after)
		c->op->after(c);
	else
		call_reply(c);
}

static hf_status check_action(struct call *c)
{
	const struct user_action action = {
		.method = http_method(c->req),
		.path = http_path(c->req),
		.payload = c->payload,
	};

	return user_action_check(&c->api->actions, c->caller,
	                         http_header(c->req, "x-dfns-useraction"), &action,
	                         http_target(c->req), c->now_ms, &c->proof, &c->action, &c->err);
}

static hf_status check_caller(struct call *c)
{
	const struct route *route = c->route;

	if (route->permission == PERMIT_OPEN)
		return HF_SUCCESS;
	if (route->needs & PEOPLE_ONLY && c->caller->kind != CALLER_USER)
		return hf_fail(&c->err, HF_DENIED,
		               "this is for users who have logged in: service accounts and "
		               "personal access tokens may not do it");
	return permission_check(c->caller, route->permission, &c->err);
}

static hf_status prepare(struct call *c)
{
	HF_TRY(check_caller(c));
	HF_TRY(payload_parse(http_body(c->req), AUTH_BODY_MAX, &c->body, &c->err));
	if (c->route->needs & USER_ACTION) {
		HF_TRY(payload_hash(c->body, &c->payload));
		HF_TRY(check_action(c));
	}
	return c->op->prepare ? c->op->prepare(c, &c->err) : HF_SUCCESS;
}

/* The caller is known, or nobody has to be. */
static void proceed(struct call *c)
{
	const struct core *core = c->api->core;
	hf_status s = prepare(c);

	if (hf_ok(s) && (!c->op->run || c->answered)) {
		call_reply(c);
		return;
	}
	if (hf_ok(s)) {
		c->task = (struct db_task){
			.run = run_operation,
			.done = operation_done,
			.durability = core_durability(core),
		};
		s = db_work_submit(writes(c) ? core->writer : core->reader, &c->task);
	}
	if (!hf_ok(s))
		call_fail(c, s);
}

static hf_status run_load(struct db_task *task, struct db *db)
{
	struct call *c = (struct call *)task;

	return tokens_load(c->api->tokens, db, c->token, c->now_ms, &c->caller, &c->err);
}

static void load_done(struct db_task *task, hf_status s)
{
	struct call *c = (struct call *)task;

	if (s.code == HF_UNAUTHENTIC)
		call_failed_token(c);
	if (!hf_ok(s))
		call_fail(c, s);
	else if (call_within_rate(c))
		proceed(c);
}

void call_read(struct call *c, hf_status (*run)(struct db_task *task, struct db *db),
               void (*done)(struct db_task *task, hf_status s))
{
	hf_status s;

	c->task = (struct db_task){ .run = run, .done = done };
	s = db_work_submit(c->api->core->reader, &c->task);
	if (!hf_ok(s))
		call_fail(c, s);
}

/* The token of "Authorization: Bearer …" (RFC 6750, 2.1), or NULL. */
static const char *bearer(const struct http_request *req)
{
	const char *value = http_header(req, "authorization");

	if (!value || strncasecmp(value, "bearer ", 7) != 0)
		return NULL;
	value += 7;
	value += strspn(value, " ");
	return *value && strlen(value) <= JWS_TOKEN_MAX ? value : NULL;
}

static void find_caller(struct call *c)
{
	hf_status s;

	if (!c->token) {
		call_fail_with(c, 401, TOKEN_INVALID_TEXT, HF_SPAN(NULL, 0));
		return;
	}
	s = tokens_find(c->api->tokens, c->token, c->now_ms, &c->caller);
	if (hf_ok(s)) {
		if (call_within_rate(c))
			proceed(c);
	} else if (s.code != HF_NOTFOUND) {
		call_fail(c, s);
	} else if (tokens_known(c->api->tokens, c->token) || call_may_try_token(c)) {
		call_read(c, run_load, load_done);
	}
}

void call_begin(struct http_request *req, void *api)
{
	const struct route *route = http_route_arg(req);
	struct call *c = calloc(1, route->op->size);

	if (!c) {
		http_reply_header(req, "Retry-After", "1");
		api_error_reply(req, 503, plain_words(HF_BUSY));
		return;
	}
	c->api = api;
	c->route = route;
	c->op = route->op;
	c->req = req;
	c->now_ms = hf_wall_ms();
	c->proof = HF_BUF(ACTION_PROOF_MAX);
	c->out = HF_BUF(CALL_REPLY_MAX);
	c->status = 200;
	c->token = bearer(req);
	if (route->permission != PERMIT_OPEN)
		find_caller(c);
	else if (call_within_open_rate(c))
		proceed(c);
}
