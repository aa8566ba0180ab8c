/* SPDX-License-Identifier: Apache-2.0
 * A password that is shown once more, with an approval or before second factors are changed:
 * checked as at a login. */
#include "server/crypto_api/call_proofs.h"

#include "base/text.h"
#include "server/core/access/access_request.h"
#include "server/core/people/attempts.h"

#include <stdio.h>
#include <string.h>

#define AUTHORIZATION_MAX 4096

struct checking {
	struct access_request access; /* first */
	struct principal *who;
	char authorization[AUTHORIZATION_MAX];
	char address[64];
	void (*then)(void *ctx, hf_status s);
	void *ctx;
};

static void end(struct checking *k, hf_status s)
{
	void (*then)(void *ctx, hf_status s) = k->then;
	void *ctx = k->ctx;

	principal_unref(k->who);
	hf_wipe(k->authorization, sizeof(k->authorization));
	free(k);
	then(ctx, s);
}

static void checked(struct access_request *r, hf_status s)
{
	struct checking *k = (struct checking *)r;

	if (hf_ok(s) && strcmp(r->who->identity_id, k->who->identity_id) != 0)
		s = HF_FAILURE(HF_UNAUTHENTIC);
	access_request_end(r);
	end(k, s);
}

static hf_status authorize(struct checking *k, const char *password)
{
	HF_BUF_SCOPED struct hf_buf pair = HF_BUF(AUTHORIZATION_MAX / 2),
	                            text = HF_BUF(AUTHORIZATION_MAX);
	hf_status s;

	hf_buf_printf(&pair, "%s:%s", k->who->name, password);
	hf_buf_text(&text, "Basic ");
	hf_buf_base64(&text, hf_buf_span(&pair));
	s = hf_buf_status(&pair);
	if (hf_ok(s))
		s = hf_span_to_text(hf_buf_span(&text), k->authorization, sizeof(k->authorization));
	hf_wipe(pair.ptr, pair.len);
	hf_wipe(text.ptr, text.len);
	return s;
}

void crypto_call_check_password(struct crypto_call *c, const char *password,
                                void (*then)(void *ctx, hf_status s), void *ctx)
{
	struct checking *k = calloc(1, sizeof(*k));
	hf_status s;

	if (!k) {
		then(ctx, HF_FAILURE(HF_NOMEM));
		return;
	}
	k->who = principal_ref(c->who);
	k->then = then;
	k->ctx = ctx;
	s = authorize(k, password);
	if (!hf_ok(s)) {
		end(k, s);
		return;
	}
	if (c->req)
		snprintf(k->address, sizeof(k->address), "%s", http_peer_address(c->req));
	k->access.sessions = c->api->sessions;
	k->access.shown = (struct shown){ .authorization = k->authorization,
		                          .address = k->address,
		                          .now_ms = c->now_ms };
	k->access.done = checked;
	access_request_begin(&k->access);
}

void crypto_call_wrong_password(struct crypto_call *c, hf_status s)
{
	if (s.code == HF_STATE)
		crypto_call_fail_with(c, 429, ATTEMPTS_TEXT);
	else
		crypto_call_fail_with(c, 403, "the password is not right");
}
