/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/call.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "server/core/access/access_request.h"
#include "server/crypto_api/call_audit.h"
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/call_limits.h"
#include "server/crypto_api/errors.h"

#include <stdio.h>
#include <string.h>

#define FACTOR_DUE_TEXT                                                                            \
	"a second factor is due: open a session (POST /sys/v1/session/auth), and answer its "      \
	"challenge by POST /sys/v1/session/auth/2fa/fido2 or …/recovery_code first"

static bool is_secret(const struct crypto_call *c)
{
	return c->route->flags & ROUTE_SECRET;
}

static struct hf_span body_of(const struct crypto_call *c)
{
	return c->req ? http_body(c->req) : c->inner->body;
}

/* Before the request, whose body is wiped too, is given back. */
static void wipe(struct crypto_call *c)
{
	struct hf_span body = body_of(c);

	if (!is_secret(c))
		return;
	if (c->body)
		json_wipe(c->body);
	hf_wipe((void *)(uintptr_t)body.ptr, body.len);
}

static void end(struct crypto_call *c)
{
	if (c->route->op->release)
		c->route->op->release(c);
	json_done(c->body);
	principal_unref(c->who);
	if (is_secret(c))
		hf_wipe(c->out.ptr, c->out.len);
	hf_buf_done(&c->out);
	if (c->access) {
		access_request_end(c->access);
		free(c->access);
	}
	free(c->inner);
	free(c);
}

static void answer(struct crypto_call *c, const char *type)
{
	struct hf_span body = hf_buf_span(&c->out);

	wipe(c);
	if (c->req)
		http_reply(c->req, c->status, type, body);
	else
		c->inner->ended(c->inner->ctx, c->status, body);
	end(c);
}

static void reply(struct crypto_call *c)
{
	answer(c, "application/json");
}

void crypto_call_reply(struct crypto_call *c)
{
	hf_status s = hf_buf_status(&c->out);

	if (!hf_ok(s)) {
		crypto_call_fail(c, s);
		return;
	}
	if (c->status == 200 && c->out.len == 0)
		c->status = 204;
	if (!crypto_call_enter(c, NULL, reply))
		reply(c);
}

/* With c->status and c->err.text. */
static void fail(struct crypto_call *c)
{
	const char *words = c->err.text, *path = c->path, *method = crypto_call_method(c);

	if (c->status >= 500 && c->status != 501)
		HF_WARN("request failed", HF_KI("status", c->status), HF_KS("method", method),
		        HF_KS("path", path), HF_KS("reason", words));
	if (c->req && c->status == 503)
		http_reply_header(c->req, "Retry-After", "1");
	if (c->req && c->status == 401)
		http_reply_header(c->req, "WWW-Authenticate", "Basic, Bearer");
	hf_wipe(c->out.ptr, is_secret(c) ? c->out.len : 0);
	hf_buf_clear(&c->out);
	crypto_error_body(&c->out, c->status, words);
	answer(c, CRYPTO_ERROR_TYPE);
}

void crypto_call_fail_with(struct crypto_call *c, int status, const char *text)
{
	if (text != c->err.text)
		snprintf(c->err.text, sizeof(c->err.text), "%s", text);
	hf_make_utf8(c->err.text); /* words of the request may be in it */
	c->status = status;
	if (!crypto_call_enter(c, c->err.text, fail))
		fail(c);
}

void crypto_call_fail(struct crypto_call *c, hf_status s)
{
	bool told = c->err.code == s.code && c->err.text[0];

	crypto_call_fail_with(c, crypto_error_status(s.code),
	                      told ? c->err.text : crypto_error_words(s.code));
}

void crypto_call_undone(struct crypto_call *c, hf_status s, const struct hf_err *why)
{
	struct hf_err err = *why;

	c->entered = false;
	c->err = err;
	crypto_call_fail(c, s);
}

static hf_status run_operation(struct db_task *task, struct db *db)
{
	struct crypto_call *c = (struct crypto_call *)task;

	hf_buf_clear(&c->out);
	c->status = 200;
	c->err = (struct hf_err){ 0 };
	c->entered = false;
	return c->step.run(c, db);
}

static void operation_done(struct db_task *task, hf_status s)
{
	struct crypto_call *c = (struct crypto_call *)task;
	const struct crypto_step *step = &c->step;

	if (!hf_ok(s))
		c->entered = false; /* that entry was undone with the rest */
	if (s.code == HF_IO && step->writes)
		crypto_call_fail_with(c, 503,
		                      "the database did not say whether it stored this: look "
		                      "before you repeat it");
	else if (!hf_ok(s))
		crypto_call_fail(c, s);
	else if (step->after)
		step->after(c);
	else
		crypto_call_reply(c);
}

static hf_status check_caller(struct crypto_call *c)
{
	const struct principal *who = c->who;

	if (who && who->factor_due && !(c->route->flags & ROUTE_BEFORE_FACTOR))
		return hf_fail(&c->err, HF_DENIED, FACTOR_DUE_TEXT);
	switch (c->route->caller) {
	case CALLER_NOBODY:
	case CALLER_ANY:
		return HF_SUCCESS;
	case CALLER_APP:
		if (who->kind == PRINCIPAL_APP && !who->app_admin)
			return HF_SUCCESS;
		return hf_fail(&c->err, HF_DENIED,
		               "only apps work with keys: users and apps that administrate may "
		               "not");
	case CALLER_ADMIN:
		if (who->kind == PRINCIPAL_USER || who->app_admin)
			return HF_SUCCESS;
		return hf_fail(&c->err, HF_DENIED,
		               "this is for users, and for apps with the role of an "
		               "administrator");
	}
	return HF_FAILURE(HF_INTERNAL);
}

static hf_status prepare(struct crypto_call *c)
{
	const struct crypto_operation *op = c->route->op;
	struct hf_span body = body_of(c);

	HF_TRY(check_caller(c));
	if (body.len)
		HF_TRY(json_parse(body, c->route->max_body, &c->body, &c->err));
	return op->prepare ? op->prepare(c, &c->err) : HF_SUCCESS;
}

void crypto_call_step(struct crypto_call *c, const struct crypto_step *step)
{
	const struct core *core = c->api->core;
	hf_status s;

	c->step = *step;
	c->task = (struct db_task){
		.run = run_operation,
		.done = operation_done,
		.durability = core_durability(core),
	};
	s = db_work_submit(step->writes ? core->writer : core->reader, &c->task);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

void crypto_call_proceed(struct crypto_call *c)
{
	const struct crypto_operation *op = c->route->op;
	const struct crypto_step step = { op->writes, op->run, op->after };
	hf_status s = prepare(c);

	if (!hf_ok(s))
		crypto_call_fail(c, s);
	else if (op->run)
		crypto_call_step(c, &step);
	else if (op->after)
		op->after(c);
	else
		crypto_call_reply(c);
}

struct crypto_call *crypto_call_new(struct crypto_api *api, const struct crypto_route *route)
{
	struct crypto_call *c = calloc(1, route->op->size);

	if (!c)
		return NULL;
	c->api = api;
	c->route = route;
	c->now_ms = hf_wall_ms();
	c->out = HF_BUF(CRYPTO_REPLY_MAX);
	c->out.secret = is_secret(c);
	c->status = 200;
	return c;
}

void crypto_call_begin(struct http_request *req, void *api)
{
	const struct crypto_route *route = http_route_arg(req);
	struct crypto_call *c = crypto_call_new(api, route);

	if (!c) {
		http_reply_header(req, "Retry-After", "1");
		http_reply(req, 503, CRYPTO_ERROR_TYPE, hf_span_text(crypto_error_words(HF_BUSY)));
		return;
	}
	c->req = req;
	c->path = http_path(req);
	if (route->caller != CALLER_NOBODY)
		crypto_call_find_caller(c);
	else if (route->flags & ROUTE_PROVES)
		crypto_call_proceed(c);
	else if (crypto_within_open_rate(c))
		crypto_call_proceed(c);
}
