/* SPDX-License-Identifier: Apache-2.0
 * Whose call it is. */
#include "server/core/access/access_request.h"
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/call_limits.h"

#include <stdio.h>

void crypto_call_shown(const struct crypto_call *c, struct shown *ret)
{
	*ret = (struct shown){ .address = "", .now_ms = c->now_ms };
	if (!c->req)
		return;
	ret->authorization = http_header(c->req, "authorization");
	ret->certificates = http_peer_shown(c->req);
	ret->address = http_peer_address(c->req);
}

static void refuse(struct crypto_call *c, hf_status s)
{
	int status = s.code == HF_UNAUTHENTIC ? 401 : s.code == HF_STATE ? 429 : 0;

	c->err = c->access->err;
	if (s.code == HF_UNAUTHENTIC)
		crypto_failed_proof(c);
	if (status)
		crypto_call_fail_with(c, status, c->err.text);
	else
		crypto_call_fail(c, s);
}

static void asked(struct access_request *r, hf_status s)
{
	struct crypto_call *c = r->ctx;

	c->who = hf_take(r->who);
	if (!hf_ok(s))
		refuse(c, s);
	else if (crypto_within_rate(c))
		c->known(c);
}

static void own(struct crypto_call *c, struct access_request *r,
                void (*known)(struct crypto_call *c))
{
	c->access = r;
	c->known = known;
	r->sessions = c->api->sessions;
	r->done = asked;
	r->ctx = c;
}

void crypto_call_ask(struct crypto_call *c, struct access_request *r,
                     void (*known)(struct crypto_call *c))
{
	own(c, r, known);
	if (crypto_may_try(c))
		access_request_begin(r);
}

/* Who is known, and only has to be looked at again, is not told that he tries too often. */
static void look_up(struct crypto_call *c, const struct shown *shown)
{
	struct access_request *r = calloc(1, sizeof(*r));

	if (!r) {
		crypto_call_fail(c, HF_FAILURE(HF_BUSY));
		return;
	}
	r->shown = *shown;
	own(c, r, crypto_call_proceed);
	if (crypto_sessions_known(c->api->sessions, shown) || crypto_may_try(c))
		access_request_begin(r);
}

void crypto_call_find_caller(struct crypto_call *c)
{
	struct shown shown;
	hf_status s;

	crypto_call_shown(c, &shown);
	s = crypto_sessions_find(c->api->sessions, &shown, &c->who, &c->err);
	if (s.code == HF_NOTFOUND)
		look_up(c, &shown);
	else if (!hf_ok(s))
		crypto_call_fail(c, s);
	else if (crypto_within_rate(c))
		crypto_call_proceed(c);
}
