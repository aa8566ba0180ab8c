/* SPDX-License-Identifier: Apache-2.0
 * Load over the Signing API: for each signature a challenge, its answer, and the request itself, as
 * the official client does. */
#include "cli/bench_load.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "http/load.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 64 << 10, HEADER_MAX = 6000, STEP_MS = 100 };

struct session; /* one caller: one request at a time */

struct api {
	struct rig *rig;
	struct http_load *client;
	const struct load *load;
	struct session *sessions;
	char sign_path[128];
	int64_t began, ends;
	uint64_t started, done;
	struct bench_result *whole, *sign;
	struct hf_err *err;
	hf_status failed;
};

struct session {
	struct api *api;
	const char *path;
	struct hf_buf body; /* the request that is to be signed */
	int64_t began, asked;
	void (*finished)(struct session *s, const struct http_reply *reply);
	bool idle;
};

static void fail(struct session *s, const char *what, const struct http_reply *reply)
{
	if (hf_ok(s->api->failed))
		s->api->failed =
		        hf_fail(s->api->err, HF_IO, "%s: %d %s %.*s", what, reply->status,
		                reply->error, (int)(reply->body.len < 300 ? reply->body.len : 300),
		                reply->body.len ? (const char *)reply->body.ptr : "");
	s->idle = true;
}

/* `action`: the user action token, or NULL. */
static void send(struct session *s, const char *path, struct hf_span body, const char *action,
                 http_done done)
{
	static const struct http_reply nothing = { .error = "cannot be sent" };
	unsigned i = (unsigned)(s - s->api->sessions);
	const char *head[] = { "Authorization: Bearer ",
		               s->api->rig->account.token,
		               action ? "\r\nx-dfns-useraction: " : "",
		               action ? action : "",
		               "\r\n",
		               NULL };

	if (!hf_ok(http_load_post(s->api->client, i, path, head, body, done, s)))
		fail(s, path, &nothing);
}

/* The text of a member of a reply of our own server, which writes compact JSON, and nothing to
 * unescape into these. A parser would cost as much as all else that a caller does. */
static hf_status member(struct session *s, const char *what, const struct http_reply *reply,
                        const char *name, struct hf_buf *to)
{
	const char *at = NULL, *end = NULL;
	char before[32];
	int n = snprintf(before, sizeof(before), "\"%s\":\"", name);

	if (reply->status == 200 && reply->body.len)
		at = memmem(reply->body.ptr, reply->body.len, before, (size_t)n);
	if (at) {
		at += n;
		end = memchr(at, '"',
		             (size_t)((const char *)reply->body.ptr + reply->body.len - at));
	}
	if (!end) {
		fail(s, what, reply);
		return HF_FAILURE(HF_NOTFOUND);
	}
	hf_buf_put(to, at, (size_t)(end - at));
	hf_buf_u8(to, 0);
	to->len--; /* a text, too */
	return hf_buf_status(to);
}

static void on_result(void *ctx, const struct http_reply *reply)
{
	struct session *s = ctx;

	s->finished(s, reply);
}

static void on_action(void *ctx, const struct http_reply *reply)
{
	struct session *s = ctx;
	HF_BUF_SCOPED struct hf_buf action = HF_BUF(HEADER_MAX);

	if (!hf_ok(member(s, "/auth/action", reply, "userAction", &action)))
		return;
	s->asked = hf_mono_us();
	send(s, s->path, hf_buf_span(&s->body), (const char *)action.ptr, on_result);
}

static hf_status answer_challenge(struct session *s, const struct http_reply *reply,
                                  struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(512);
	HF_BUF_SCOPED struct hf_buf identifier = HF_BUF(HEADER_MAX);
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(512);
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(8192);
	struct json_writer w = JSON_WRITER(&data);

	HF_TRY(member(s, "/auth/action/init", reply, "challenge", &challenge));
	HF_TRY(member(s, "/auth/action/init", reply, "challengeIdentifier", &identifier));
	json_open_object(&w, NULL);
	json_text(&w, "type", "key.get");
	json_span(&w, "challenge", hf_buf_span(&challenge));
	json_close_object(&w);
	HF_TRY(client_key_sign(s->api->rig->credential, hf_buf_span(&data), &signature));
	w = JSON_WRITER(to);
	json_open_object(&w, NULL);
	json_span(&w, "challengeIdentifier", hf_buf_span(&identifier));
	json_open_object(&w, "firstFactor");
	json_text(&w, "kind", "Key");
	json_open_object(&w, "credentialAssertion");
	json_text(&w, "credId", s->api->rig->account.credential_id);
	hf_buf_base64url(&text, hf_buf_span(&data));
	json_span(&w, "clientData", hf_buf_span(&text));
	hf_buf_clear(&text);
	hf_buf_base64url(&text, hf_buf_span(&signature));
	json_span(&w, "signature", hf_buf_span(&text));
	json_close_object(&w);
	json_close_object(&w);
	json_close_object(&w);
	return hf_buf_status(to);
}

static void on_challenge(void *ctx, const struct http_reply *reply)
{
	struct session *s = ctx;
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(REPLY_MAX);

	if (!hf_ok(answer_challenge(s, reply, &body)))
		fail(s, "answering a challenge", reply);
	else
		send(s, "/auth/action", hf_buf_span(&body), NULL, on_action);
}

/* Sends s->body to `path`, its user action first; `finished` gets the answer. */
static void ask(struct session *s, const char *path,
                void (*finished)(struct session *s, const struct http_reply *reply))
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4096);
	struct json_writer w = JSON_WRITER(&body);

	s->path = path;
	s->finished = finished;
	s->idle = false;
	s->began = hf_mono_us();
	json_open_object(&w, NULL);
	json_span(&w, "userActionPayload", hf_buf_span(&s->body));
	json_text(&w, "userActionHttpMethod", "POST");
	json_text(&w, "userActionHttpPath", path);
	json_text(&w, "userActionServerKind", "Api");
	json_close_object(&w);
	send(s, "/auth/action/init", hf_buf_span(&body), NULL, on_challenge);
}

static void on_key(struct session *s, const struct http_reply *reply)
{
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(HF_ID_MAX);

	if (!hf_ok(member(s, s->path, reply, "id", &id)))
		return;
	snprintf(s->api->sign_path, sizeof(s->api->sign_path), "/keys/%s/signatures",
	         (const char *)id.ptr);
	s->idle = true;
}

static bool is_over(const struct api *a)
{
	return !hf_ok(a->failed) ||
	       (a->load->count ? a->started >= (uint64_t)a->load->count : hf_mono_us() >= a->ends);
}

static void on_signature(struct session *s, const struct http_reply *reply);

static void next_signature(struct session *s)
{
	uint8_t digest[32];

	if (is_over(s->api)) {
		s->idle = true;
		return;
	}
	s->api->started++;
	hf_random(digest, sizeof(digest));
	hf_buf_clear(&s->body);
	hf_buf_text(&s->body, "{\"kind\":\"Hash\",\"hash\":\"0x");
	hf_buf_hex(&s->body, HF_SPAN(digest, sizeof(digest)));
	hf_buf_text(&s->body, "\"}");
	ask(s, s->api->sign_path, on_signature);
}

static void on_signature(struct session *s, const struct http_reply *reply)
{
	HF_BUF_SCOPED struct hf_buf status = HF_BUF(32);
	struct api *a = s->api;
	int64_t now = hf_mono_us();

	if (!hf_ok(member(s, s->path, reply, "status", &status)))
		return;
	if (!hf_span_is(hf_buf_span(&status), "Signed")) {
		a->failed = hf_fail(a->err, HF_IO, "a signature request is \"%s\"",
		                    (const char *)status.ptr);
		s->idle = true;
		return;
	}
	a->done++;
	hf_latency_add(&a->whole->latency, now - s->began);
	if (a->sign)
		hf_latency_add(&a->sign->latency, now - s->asked);
	next_signature(s);
}

static bool all_idle(const struct api *a)
{
	for (unsigned i = 0; i < a->load->outstanding; i++)
		if (!a->sessions[i].idle)
			return false;
	return true;
}

static hf_status run_until_idle(struct api *a)
{
	int64_t told = hf_mono_ms();

	while (!all_idle(a)) {
		HF_TRY(http_load_step(a->client, STEP_MS));
		if (a->load->progress && hf_mono_ms() - told >= 1000) {
			told = hf_mono_ms();
			a->load->progress(a->load->ctx, a->done);
		}
	}
	return a->failed;
}

static hf_status make_key(struct api *a)
{
	struct session *s = &a->sessions[0];

	hf_buf_clear(&s->body);
	hf_buf_text(&s->body, "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"name\":\"bench\"}");
	ask(s, "/keys", on_key);
	return run_until_idle(a);
}

static void on_policy(struct session *s, const struct http_reply *reply)
{
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(HF_ID_MAX);

	if (hf_ok(member(s, s->path, reply, "id", &id)))
		s->idle = true;
}

static hf_status make_policy(struct api *a)
{
	struct session *s = &a->sessions[0];

	hf_buf_clear(&s->body);
	hf_buf_text(&s->body, "{\"name\":\"bench\",\"activityKind\":\"Wallets:Sign\",\"rule\":{"
	                      "\"kind\":\"AlwaysTrigger\"},\"action\":{\"kind\":\"NoAction\"}}");
	ask(s, "/v2/policies", on_policy);
	return run_until_idle(a);
}

static hf_status run(struct api *a)
{
	HF_TRY(make_key(a));
	if (a->load->policy)
		HF_TRY(make_policy(a));
	a->began = hf_mono_us();
	a->ends = a->began + a->load->ms * 1000;
	for (unsigned i = 0; i < a->load->outstanding; i++)
		next_signature(&a->sessions[i]);
	HF_TRY(run_until_idle(a));
	a->whole->seconds = (double)(hf_mono_us() - a->began) / 1e6;
	if (a->sign)
		a->sign->seconds = a->whole->seconds;
	return HF_SUCCESS;
}

hf_status load_api(struct rig *r, const struct load *load, struct bench_result *ret,
                   struct bench_result *ret_sign, struct hf_err *err)
{
	HF_FREE struct session *sessions = calloc(load->outstanding, sizeof(*sessions));
	struct api a = { .rig = r,
		         .load = load,
		         .sessions = sessions,
		         .whole = ret,
		         .sign = ret_sign,
		         .err = err };
	const struct http_load_config client = { .port = (uint16_t)r->api_port,
		                                 .callers = load->outstanding,
		                                 .ca_file = r->path[RIG_CA],
		                                 .content_type = "application/json" };
	hf_status s;

	HF_ENSURE(sessions, HF_NOMEM);
	memset(ret, 0, sizeof(*ret));
	if (ret_sign)
		memset(ret_sign, 0, sizeof(*ret_sign));
	for (unsigned i = 0; i < load->outstanding; i++)
		sessions[i] = (struct session){ .api = &a, .body = HF_BUF(1024), .idle = true };
	HF_TRY(http_load_new(&client, &a.client, err));
	s = run(&a);
	http_load_free(a.client);
	for (unsigned i = 0; i < load->outstanding; i++)
		hf_buf_done(&sessions[i].body);
	return s;
}
