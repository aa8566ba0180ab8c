/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/call_audit.h"

#include "proof/action.h"
#include "server/core/audit/audit.h"

#include <stdio.h>
#include <string.h>

/* Entries for answers that wait for their write: more than that, and answers go out without. */
#define ANSWERS_WAITING_MAX 256

static bool writes(const struct call *c)
{
	return c->route->needs & USER_ACTION || c->op->writes;
}

/* Whether it changes or uses something, so that its success is entered. */
static bool call_is_audited(const struct call *c)
{
	return writes(c) || c->route->needs & AUDITED;
}

/* The last segment of the path that looks like an id; "" when there is none. */
static void subject_of_path(const struct call *c, char to[HF_ID_MAX])
{
	const char *path = http_path(c->req), *at = path + strlen(path);

	to[0] = '\0';
	while (at > path) {
		const char *end = at;
		size_t len;

		while (at > path && at[-1] != '/')
			at--;
		len = (size_t)(end - at);
		if (len >= 20 && len < HF_ID_MAX && memchr(at, '-', len) &&
		    strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len) {
			memcpy(to, at, len);
			to[len] = '\0';
			return;
		}
		if (at > path)
			at--;
	}
}

/* Without the port. */
static void address_of(const struct call *c, char *to, size_t cap)
{
	char *port;

	snprintf(to, cap, "%s", http_peer_address(c->req));
	port = strrchr(to, ':');
	if (port)
		*port = '\0';
}

static const char *outcome_of(const struct call *c, int status, const char *reason)
{
	if (reason)
		return status == 401 || status == 403 ? "Denied" : "Failed";
	if (c->audit.outcome)
		return c->audit.outcome;
	return status == 202 ? "Pending" : "Accepted";
}

static const char *either(const char *own, const char *other)
{
	return own[0] ? own : other;
}

static bool has_payload(const struct call *c)
{
	static const struct payload_hash none;

	return memcmp(&c->payload, &none, sizeof(none)) != 0;
}

static hf_status add(struct call *c, struct db *db, int status, const char *reason)
{
	const struct caller *who = c->caller;
	char from_path[HF_ID_MAX], address[64];
	struct action_proof proof = { 0 };
	struct audit_entry e = {
		.org_id = who ? who->org_id : c->audit.org_id,
		.identity_id = who ? who->identity_id : c->audit.identity_id,
		.name = who ? who->name : c->audit.name,
		.token_id = who ? who->token_id : NULL,
		.operation = either(c->audit.operation, permission_name(c->route->permission)),
		.method = http_method(c->req),
		.path = http_path(c->req),
		.outcome = outcome_of(c, status, reason),
		.status = status,
		.reason = reason,
		.proof = hf_buf_span(&c->proof),
		.address = address,
		.now_ms = c->now_ms,
	};

	address_of(c, address, sizeof(address));
	subject_of_path(c, from_path);
	e.subject_id = either(c->audit.subject_id, from_path);
	if (has_payload(c))
		e.body_hash = HF_SPAN(c->payload.bytes, sizeof(c->payload.bytes));
	if (e.proof.len && hf_ok(action_proof_decode(e.proof, &proof)))
		e.credential_id = proof.credential_id;
	return audit_add(db, &e);
}

static bool has_org(const struct call *c)
{
	return c->caller || c->audit.org_id[0];
}

hf_status call_audit_done(struct call *c, struct db *db)
{
	if (!has_org(c))
		return HF_SUCCESS;
	HF_TRY(add(c, db, c->status, NULL));
	hf_count(&audit_counts(c->api->core->audit)->entries, 1);
	return HF_SUCCESS;
}

/* Too many requests, and what is not here, say nothing about what was done. A database that is
 * away takes no entry either. */
static bool is_entered(const struct call *c, int status)
{
	if (status < 400)
		return c->route->needs & AUDITED && !writes(c);
	if (status == 429 || status == 501 || status == 503)
		return false;
	return call_is_audited(c) || status == 401 || status == 403;
}

static hf_status run_answer(struct db_task *task, struct db *db)
{
	struct call *c = (struct call *)task;

	return add(c, db, c->audit.status, c->audit.reason);
}

static void answer_done(struct db_task *task, hf_status s)
{
	struct call *c = (struct call *)task;
	struct audit_counts *counts = audit_counts(c->api->core->audit);

	hf_count(hf_ok(s) ? &counts->entries : &counts->dropped, 1);
	atomic_fetch_sub_explicit(&c->api->entering, 1, memory_order_relaxed);
	c->audit.then(c);
}

bool call_audit_answer(struct call *c, int status, const char *reason, void (*then)(struct call *c))
{
	const struct core *core = c->api->core;

	if (c->audit.entered || !is_entered(c, status))
		return false;
	c->audit.entered = true;
	if (!has_org(c)) {
		hf_count(&audit_counts(core->audit)->unknown_callers, 1);
		return false;
	}
	c->audit.status = status;
	c->audit.reason = reason;
	c->audit.then = then;
	c->task = (struct db_task){
		.run = run_answer,
		.done = answer_done,
		.durability = core_durability(core),
	};
	if (atomic_fetch_add_explicit(&c->api->entering, 1, memory_order_relaxed) <
	            ANSWERS_WAITING_MAX &&
	    hf_ok(db_work_submit(core->writer, &c->task)))
		return true;
	atomic_fetch_sub_explicit(&c->api->entering, 1, memory_order_relaxed);
	hf_count(&audit_counts(core->audit)->dropped, 1);
	return false;
}
