/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/request.h"

#include "chain/chain.h"
#include "json/read.h"
#include "proof/approval_id.h"
#include "proof/checkpoint.h"

#include <stdio.h>
#include <string.h>

/* Everything about one request that is checked, as it is found out. */
struct checked {
	const struct authorizers *a;
	const struct request_subject *subject;
	const struct evidence *e;
	int64_t now_ms;
	int64_t age_ms; /* how old a proof may be */
	struct action_proof proof;
	const struct authorizer *initiator;
	const char *approvers[EVIDENCE_APPROVALS_MAX]; /* identities, each once */
	size_t n_approvers;
};

static hf_status no(struct hf_err *err, const char *why)
{
	return hf_fail(err, HF_UNAUTHENTIC, "%s", why);
}

/* A proof by a credential of the file, for this organisation, in time. */
static hf_status check_proof(const struct checked *c, const struct action_proof *p,
                             const struct authorizer **ret, struct hf_err *err)
{
	const struct authorizer *by = authorizers_find(c->a, p->credential_id);
	hf_status s;

	if (!by)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "credential %s is not in this driver's authorizers",
		               p->credential_id);
	s = action_proof_check(p, &by->verifier, err);
	if (s.code == HF_INVALID)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "credential %s has signed something else, or what it signed was "
		               "altered",
		               p->credential_id);
	HF_TRY(s);
	if (!hf_span_is(p->commitment.org, c->a->organization))
		return no(err, "it was signed for another organisation");
	if (!hf_span_is(p->commitment.identity, by->identity))
		return hf_fail(err, HF_UNAUTHENTIC, "credential %s is %s's, who did not sign this",
		               p->credential_id, by->identity);
	if (p->commitment.issued_ms > c->now_ms + REQUEST_AHEAD_MS)
		return no(err, "it was signed in the future: compare this machine's clock with the "
		               "server's");
	if (c->now_ms - p->commitment.issued_ms > c->age_ms)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "it was signed %lld s ago, and %lld s are allowed",
		               (long long)((c->now_ms - p->commitment.issued_ms) / 1000),
		               (long long)(c->age_ms / 1000));
	*ret = by;
	return HF_SUCCESS;
}

static hf_status check_said(const struct action_commitment *c, const char *path,
                            struct hf_span body, struct hf_err *err)
{
	struct payload_hash hash;

	if (!hf_span_is(c->method, "POST") || !hf_span_is(c->path, path))
		return hf_fail(err, HF_UNAUTHENTIC, "%.*s %.*s was signed, not POST %s",
		               (int)c->method.len, (const char *)c->method.ptr, (int)c->path.len,
		               (const char *)c->path.ptr, path);
	if (!hf_ok(payload_hash_text(body, &hash, NULL)) ||
	    memcmp(hash.bytes, c->payload.bytes, PAYLOAD_HASH_LEN) != 0)
		return no(err, "another body was signed");
	return HF_SUCCESS;
}

/* The request's path: of the key itself, or of a wallet whose id commits to it. */
static hf_status check_path(const struct checked *c, struct hf_err *err)
{
	char path[ACTION_PATH_MAX];

	if (!c->e->wallet_id[0]) {
		snprintf(path, sizeof(path), "/keys/%s/signatures", c->subject->key_id);
	} else {
		if (!hf_ok(wallet_id_check(c->e->wallet_id, c->subject->key_id, c->e->network)))
			return hf_fail(err, HF_UNAUTHENTIC, "wallet %s is not one of key %s on %s",
			               c->e->wallet_id, c->subject->key_id, c->e->network);
		snprintf(path, sizeof(path), "/wallets/%s/signatures", c->e->wallet_id);
	}
	return check_said(&c->proof.commitment, path, c->e->body, err);
}

static bool has_input(const struct chain_plan *plan, struct hf_span input)
{
	for (size_t i = 0; i < plan->n_inputs; i++)
		if (hf_span_equal(chain_plan_input(plan, i), input))
			return true;
	return false;
}

/* The body says what is to be signed, and how: in the one plain scheme of the key's type. */
static hf_status check_input(const struct checked *c, struct hf_err *err)
{
	HF_CLEANUP(chain_plan_done) struct chain_plan plan = { 0 };
	const struct request_subject *s = c->subject;
	const struct chain_network *network = NULL;
	JSON_SCOPED struct json_t *body = NULL;
	struct chain_request r;
	struct hf_err why = { 0 };
	hf_status prepared;

	if (s->hash != HASH_NONE || s->scheme != (int)sign_scheme_plain(s->key_type))
		return no(err, "it is to be signed in another scheme");
	if (c->e->network[0] && !hf_ok(chain_network_find(c->e->network, &network, NULL)))
		return hf_fail(err, HF_UNAUTHENTIC, "this driver does not know network %s",
		               c->e->network);
	HF_TRY(payload_parse(c->e->body, PAYLOAD_MAX, &body, err));
	prepared = chain_request_read(body, network, s->key_type, s->public_key, &r, &why);
	if (hf_ok(prepared))
		prepared = chain_prepare(&r, &plan, &why);
	if (!hf_ok(prepared))
		return hf_fail(err, HF_UNAUTHENTIC, "the request is not understood here: %s",
		               why.text);
	if (!has_input(&plan, s->input))
		return no(err, "what is to be signed is not what the request asks for");
	return HF_SUCCESS;
}

static bool says_approved(struct hf_span body)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const char *value;

	if (!hf_ok(payload_parse(body, EVIDENCE_DECISION_MAX, &doc, NULL)))
		return false;
	value = json_member_text(doc, "value");
	return value && strcmp(value, "Approved") == 0;
}

static hf_status check_approval(const struct checked *c, const struct evidence_approval *from,
                                const struct authorizer **ret, struct hf_err *err)
{
	char path[ACTION_PATH_MAX], id[HF_ID_MAX];
	const struct authorizer *by;
	struct action_proof p;

	if (!hf_ok(action_proof_decode(from->proof, &p)))
		return no(err, "its proof is malformed");
	HF_TRY(approval_id_of(c->proof.commitment.encoded, id));
	snprintf(path, sizeof(path), "/v2/policy-approvals/%s/decisions", id);
	HF_TRY(check_proof(c, &p, &by, err));
	HF_TRY(check_said(&p.commitment, path, from->body, err));
	if (!says_approved(from->body))
		return no(err, "it does not say \"Approved\"");
	if (p.commitment.issued_ms < c->proof.commitment.issued_ms - REQUEST_AHEAD_MS)
		return no(err, "it was signed before the request");
	*ret = by;
	return HF_SUCCESS;
}

/* Whose approvals count: one that is not valid is as good as none, and one by the initiator, too.
 * *why: of the last one that does not count. */
static void collect_approvals(struct checked *c, struct hf_err *why)
{
	for (size_t i = 0; i < c->e->n_approvals; i++) {
		const struct authorizer *by = NULL;
		bool known = false;

		if (!hf_ok(check_approval(c, &c->e->approvals[i], &by, why)))
			continue;
		if (strcmp(by->identity, c->initiator->identity) == 0) {
			hf_ignore(no(why, "who asked may not approve"));
			continue;
		}
		for (size_t k = 0; k < c->n_approvers; k++)
			known |= strcmp(c->approvers[k], by->identity) == 0;
		if (!known)
			c->approvers[c->n_approvers++] = by->identity;
	}
}

static hf_status check_group(const struct checked *c, const struct authorizers_group *g,
                             const struct hf_err *why, struct hf_err *err)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_approvers; i++)
		n += authorizers_lists(&g->approvers, c->approvers[i]);
	if (n >= g->quorum)
		return HF_SUCCESS;
	return hf_fail(err, HF_UNAUTHENTIC, "%u of %u approvals are there%s%s%s", n, g->quorum,
	               why->text[0] ? " (one does not count: " : "", why->text,
	               why->text[0] ? ")" : "");
}

static hf_status check_rule(const struct checked *c, const struct authorizers_rule *r,
                            const struct hf_err *why, struct hf_err *err)
{
	if (!authorizers_lists(&r->initiators, c->initiator->identity))
		return hf_fail(err, HF_UNAUTHENTIC, "%s is not among its initiators",
		               c->initiator->identity);
	for (size_t i = 0; i < r->n_groups; i++)
		HF_TRY(check_group(c, &r->groups[i], why, err));
	return HF_SUCCESS;
}

static hf_status check_rules(struct checked *c, struct hf_err *err)
{
	struct hf_err why = { 0 };

	collect_approvals(c, &why);
	for (size_t i = 0; i < c->a->n_rules; i++) {
		const struct authorizers_rule *r = &c->a->rules[i];

		if (authorizers_lists(&r->keys, c->subject->key_id))
			HF_TRY(hf_context(err, check_rule(c, r, &why, err), "rule %zu \"%s\"",
			                  i + 1, r->name));
	}
	return HF_SUCCESS;
}

/* A key that is there for checkpoints signs nothing else. *ret: this is one. */
static hf_status check_checkpoint(const struct checked *c, bool *ret, struct hf_err *err)
{
	const struct request_subject *s = c->subject;
	hf_status status;

	*ret = false;
	if (!authorizers_lists(&c->a->audit_keys, s->key_id))
		return HF_SUCCESS;
	if (s->hash != HASH_NONE || s->scheme != (int)sign_scheme_plain(s->key_type))
		return no(err, "it is to be signed in another scheme");
	status = checkpoint_request_check(c->a->organization, s->key_type, s->input, c->e->body,
	                                  err);
	*ret = hf_ok(status);
	return c->a->audit_keys.all ? HF_SUCCESS : status;
}

static hf_status check(struct checked *c, struct hf_err *err)
{
	bool checkpoint;

	HF_TRY(check_checkpoint(c, &checkpoint, err));
	if (checkpoint)
		return HF_SUCCESS;
	if (!c->e->proof.len)
		return no(err, "the server sent no evidence of who asked for it");
	c->age_ms = 1000 * authorizers_age_s(c->a, c->subject->key_id);
	if (!c->age_ms)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "no rule of this driver's authorizers names it");
	if (!hf_ok(action_proof_decode(c->e->proof, &c->proof)))
		return no(err, "the request's proof is malformed");
	HF_TRY(check_proof(c, &c->proof, &c->initiator, err));
	HF_TRY(check_path(c, err));
	HF_TRY(check_input(c, err));
	return check_rules(c, err);
}

hf_status request_check(const struct authorizers *a, const struct request_subject *subject,
                        struct hf_span evidence, int64_t now_ms, struct hf_err *err)
{
	HF_FREE struct evidence *e = calloc(1, sizeof(*e));
	struct checked c = { .a = a, .subject = subject, .e = e, .now_ms = now_ms };
	struct hf_err why = { 0 };
	hf_status s;

	HF_ENSURE(e, HF_NOMEM);
	if (evidence.len && !hf_ok(evidence_decode(evidence, e)))
		s = no(&why, "the evidence of who asked for it is malformed");
	else
		s = check(&c, &why);
	if (hf_ok(s) || s.code == HF_NOMEM)
		return s;
	return hf_fail(err, HF_UNAUTHENTIC, "key %s: %s", subject->key_id,
	               why.text[0] ? why.text : hf_code_name(s.code));
}

hf_status request_spends(struct hf_span evidence, struct request_spends *ret)
{
	HF_FREE struct evidence *e = malloc(sizeof(*e));
	struct action_proof proof;

	HF_ENSURE(e, HF_NOMEM);
	HF_ENSURE(evidence.len, HF_NOTFOUND);
	HF_TRY(evidence_decode(evidence, e));
	HF_ENSURE(e->proof.len, HF_NOTFOUND);
	HF_TRY(action_proof_decode(e->proof, &proof));
	memcpy(ret->action_id, proof.commitment.id, sizeof(ret->action_id));
	ret->issued_ms = proof.commitment.issued_ms;
	return HF_SUCCESS;
}
