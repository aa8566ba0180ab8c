/* SPDX-License-Identifier: Apache-2.0
 * An authenticator's answer to a challenge of ours. The challenge goes first, in a transaction of
 * its own, so that no answer is tried twice. */
#include "server/crypto_api/call_proofs.h"

#include "server/core/access/sessions.h"
#include "server/core/people/attempts.h"

#include <stdio.h>

#define KEY_MAX 96

static struct factor_call *self(struct crypto_call *c)
{
	return (struct factor_call *)c;
}

static const char *attempt_key(const struct crypto_call *c, char to[KEY_MAX])
{
	snprintf(to, KEY_MAX, "crypto-factor/%s", c->who->identity_id);
	return to;
}

bool crypto_call_may_prove_factor(struct crypto_call *c)
{
	char key[KEY_MAX];

	if (attempts_allowed(crypto_sessions_attempts(c->api->sessions), attempt_key(c, key),
	                     c->now_ms))
		return true;
	crypto_call_fail_with(c, 429, ATTEMPTS_TEXT);
	return false;
}

void crypto_call_wrong_factor(struct crypto_call *c)
{
	char key[KEY_MAX];

	attempts_failed(crypto_sessions_attempts(c->api->sessions), attempt_key(c, key), c->now_ms);
}

static hf_status take(struct crypto_call *c, struct db *db)
{
	struct factor_call *f = self(c);
	const char *who = c->who->identity_id;
	hf_status s;

	s = factor_challenge_take(db, who, f->purpose, f->subject, c->now_ms, f->challenge);
	if (hf_ok(s))
		s = mfa_device_row_find(db, who, f->proof.credential_id, &f->device);
	f->found = hf_ok(s);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static void taken(struct crypto_call *c)
{
	struct factor_call *f = self(c);
	hf_status s;

	if (!f->found) {
		crypto_call_wrong_factor(c);
		crypto_call_fail_with(c, 403,
		                      "there is no such challenge, or no longer, or the "
		                      "authenticator is none of yours: each challenge is good "
		                      "once, for five minutes. Ask for another");
		return;
	}
	s = factor_check(&c->api->party.is, &f->device, &f->proof, f->challenge, &f->counter,
	                 &c->err);
	if (hf_ok(s)) {
		f->then(c);
	} else if (s.code == HF_UNAUTHENTIC || s.code == HF_INVALID) {
		crypto_call_wrong_factor(c);
		crypto_call_fail_with(c, 403, c->err.text);
	} else {
		crypto_call_fail(c, s);
	}
}

void crypto_call_check_factor(struct factor_call *f, void (*then)(struct crypto_call *c))
{
	static const struct crypto_step step = { true, take, taken };

	f->then = then;
	if (crypto_call_may_prove_factor(&f->call))
		crypto_call_step(&f->call, &step);
}

hf_status crypto_call_factor_used(struct factor_call *f, struct db *db)
{
	return factor_used(db, f->device.id, f->counter, f->call.now_ms, &f->call.err);
}
