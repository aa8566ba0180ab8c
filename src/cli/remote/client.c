/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/client.h"

#include "base/text.h"
#include "http/client.h"
#include "json/write.h"
#include "os/prompt.h"
#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

#define APPROVAL_TEXT "This operation requires approval"

enum { TIMEOUT_MS = 130000, AUTHORIZATION_MAX = 8192 };

struct remote {
	struct http_client *http;
	struct hf_secret authorization; /* the header's whole line, with its NUL */
	bool session;
	int status;
	char error[512];
	struct hf_buf answer;
};

static void answered(void *ctx, const struct http_reply *reply)
{
	struct remote *r = ctx;

	r->status = reply->status;
	snprintf(r->error, sizeof(r->error), "%s", reply->error);
	hf_buf_put(&r->answer, reply->body.ptr, reply->body.len);
}

static hf_status exchange(struct remote *r, const char *method, const char *path,
                          struct hf_span body, struct hf_err *err)
{
	const char *headers[] = { (const char *)r->authorization.ptr, NULL };
	const struct http_client_request request = {
		.method = method,
		.path = path,
		.content_type = body.len ? "application/json" : NULL,
		.body = body,
		.headers = headers,
		.timeout_ms = TIMEOUT_MS,
		.done = answered,
		.ctx = r,
	};

	hf_buf_clear(&r->answer);
	r->status = 0;
	HF_TRY(http_client_send(r->http, &request));
	while (http_client_pending(r->http) > 0)
		HF_TRY(http_client_step(r->http, NULL, 0, 1000));
	HF_TRY(hf_buf_status(&r->answer));
	if (r->status == 0)
		return hf_fail(err, HF_IO, "%s", r->error);
	return HF_SUCCESS;
}

static enum hf_code code_of(int status)
{
	switch (status) {
	case 401:
		return HF_UNAUTHENTIC;
	case 403:
		return HF_DENIED;
	case 404:
		return HF_NOTFOUND;
	case 409:
		return HF_EXISTS;
	default:
		return status < 500 ? HF_INVALID : HF_IO;
	}
}

hf_status remote_call(struct remote *r, const char *method, const char *path, struct hf_span body,
                      struct json_t **ret, struct hf_err *err)
{
	struct hf_span answer;

	HF_TRY(exchange(r, method, path, body, err));
	answer = hf_buf_span(&r->answer);
	if (r->status < 200 || r->status > 299)
		return hf_fail(err, code_of(r->status), "%.*s (HTTP %d)",
		               (int)(answer.len < 800 ? answer.len : 800), (const char *)answer.ptr,
		               r->status);
	*ret = NULL;
	return answer.len ? json_parse(answer, REMOTE_REPLY_MAX, ret, err) : HF_SUCCESS;
}

bool remote_wants_approval(const struct remote *r)
{
	return r->status == 403 && hf_span_is(hf_buf_span(&r->answer), APPROVAL_TEXT);
}

struct hf_span remote_answer(const struct remote *r)
{
	return hf_buf_span(&r->answer);
}

/* "Authorization: SCHEME token" */
static hf_status authorize(struct remote *r, const char *scheme, struct hf_span token)
{
	struct hf_secret line HF_SECRET = { 0 };
	int n;

	HF_ENSURE(token.len < AUTHORIZATION_MAX, HF_TOOBIG);
	HF_TRY(hf_secret_new(token.len + 64, &line));
	n = snprintf((char *)line.ptr, line.len, "Authorization: %s %.*s", scheme, (int)token.len,
	             (const char *)token.ptr);
	line.len = (size_t)n + 1;
	hf_secret_done(&r->authorization);
	r->authorization = hf_secret_take(&line);
	return HF_SUCCESS;
}

static hf_status password_of(struct remote_options *o, struct hf_secret *ret, struct hf_err *err)
{
	char prompt[300];

	if (o->password_file)
		return os_secret_file(o->password_file, ret, err);
	if (o->password.len) {
		*ret = hf_secret_take(&o->password);
		return HF_SUCCESS;
	}
	snprintf(prompt, sizeof(prompt), "Password of %.200s: ", o->user);
	return os_prompt_secret(prompt, ret, err);
}

static hf_status basic(struct remote *r, struct remote_options *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf pair = HF_BUF(AUTHORIZATION_MAX),
	                            text = HF_BUF(2 * AUTHORIZATION_MAX);
	struct hf_secret password HF_SECRET = { 0 };
	hf_status s;

	HF_TRY(password_of(o, &password, err));
	hf_buf_printf(&pair, "%s:", o->user);
	hf_buf_put(&pair, password.ptr, password.len);
	hf_buf_base64(&text, hf_buf_span(&pair));
	s = hf_buf_status(&text);
	if (hf_ok(s))
		s = authorize(r, "Basic", hf_buf_span(&text));
	hf_wipe(pair.ptr, pair.len);
	hf_wipe(text.ptr, text.len);
	return s;
}

static hf_status log_in(struct remote *r, struct remote_options *o, struct hf_err *err)
{
	JSON_SCOPED struct json_t *answer = NULL;
	const char *token;

	HF_TRY(basic(r, o, err));
	HF_TRY(remote_call(r, "POST", "/sys/v1/session/auth", HF_SPAN("{}", 2), &answer, err));
	token = answer ? json_member_text(answer, "access_token") : NULL;
	if (!token)
		return hf_fail(err, HF_IO, "%s does not answer as a Crypto API: is the port right?",
		               o->endpoint);
	HF_TRY(authorize(r, "Bearer", hf_span_text(token)));
	r->session = true;
	return HF_SUCCESS;
}

static hf_status use_api_key(struct remote *r, struct remote_options *o, struct hf_err *err)
{
	struct hf_secret key HF_SECRET = { 0 };

	if (o->api_key_file)
		HF_TRY(os_secret_file(o->api_key_file, &key, err));
	else
		key = hf_secret_take(&o->api_key);
	if (!key.len)
		return hf_fail(err, HF_INVALID,
		               "who asks? Give --user EMAIL, or an app's API key by "
		               "--api-key-file or HOLDFAST_API_KEY");
	return authorize(r, "Basic", HF_SPAN(key.ptr, key.len));
}

static hf_status open_it(struct remote *r, struct remote_options *o, struct hf_err *err)
{
	const struct http_client_config config = {
		.base_url = o->endpoint,
		.ca_file = o->ca,
		.max_reply = REMOTE_REPLY_MAX,
	};

	/* The API key or a password goes there. */
	if (strncmp(o->endpoint, "https://", 8) != 0)
		return hf_fail(err, HF_INVALID, "--endpoint %s: give https://HOST:PORT",
		               o->endpoint);
	if (o->user && (o->api_key_file || o->api_key.len))
		return hf_fail(err, HF_INVALID,
		               "there are both a person (--user) and an app's API key: give one");
	HF_TRY(http_client_new(&config, &r->http, err));
	return o->user ? log_in(r, o, err) : use_api_key(r, o, err);
}

hf_status remote_open(struct remote_options *o, struct remote **ret, struct hf_err *err)
{
	struct remote *r = calloc(1, sizeof(*r));
	hf_status s = HF_FAILURE(HF_NOMEM);

	if (r) {
		r->answer = HF_BUF(REMOTE_REPLY_MAX);
		s = open_it(r, o, err);
	}
	hf_secret_done(&o->password);
	hf_secret_done(&o->api_key);
	if (!hf_ok(s)) {
		remote_close(r);
		return s;
	}
	*ret = r;
	return HF_SUCCESS;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	if (r->session)
		hf_ignore(exchange(r, "POST", "/sys/v1/session/terminate", HF_SPAN(NULL, 0), NULL));
	if (r->http)
		http_client_free(r->http);
	hf_secret_done(&r->authorization);
	hf_wipe(r->answer.ptr, r->answer.len);
	hf_buf_done(&r->answer);
	free(r);
}
