/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "server/core/groups/link_config.h"
#include "server/slot_links/inside.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_MS 2000
#define CONNECTIONS 8
#define CLOSE_MS 2000

hf_status peer_client(const char *url, const char *tls, const struct hf_secret *client_key,
                      struct http_client **ret, struct hf_err *err)
{
	HF_CLEANUP(link_tls_done) struct link_tls t = { 0 };
	struct http_client_material material = { 0 };
	struct http_client_config config = { .material = &material,
		                             .connect_timeout_ms = CONNECT_MS,
		                             .max_connections = CONNECTIONS,
		                             .max_reply = SLOT_LINK_BODY_MAX };
	char base[LINK_URL_MAX + 16];

	HF_TRY(link_tls_read(tls, &t, err));
	snprintf(base, sizeof(base), "https://%s", url);
	config.base_url = base;
	config.any_host = t.any_host;
	config.no_link_local = true;
	material.authorities = hf_buf_span(&t.authorities);
	material.cert = hf_buf_span(&t.cert);
	material.key = client_key->len ? client_key : NULL;
	if (material.cert.len && !material.key)
		return hf_fail(err, HF_STATE,
		               "the key of the client certificate is missing: give both anew");
	return http_client_new(&config, ret, err);
}

static hf_status post(struct http_client *client, const char *path, struct hf_span body,
                      int timeout_ms, http_done done, void *ctx)
{
	const struct http_client_request request = {
		.method = "POST",
		.path = path,
		.content_type = SLOT_LINK_CONTENT_TYPE,
		.body = body,
		.timeout_ms = timeout_ms,
		.secret = true,
		.done = done,
		.ctx = ctx,
	};

	return http_client_send(client, &request);
}

hf_status peer_alive_ask(struct http_client *client, int timeout_ms, http_done done, void *ctx)
{
	const struct http_client_request request = {
		.method = "GET",
		.path = SLOT_LINK_ALIVE,
		.timeout_ms = timeout_ms,
		.done = done,
		.ctx = ctx,
	};

	return http_client_send(client, &request);
}

static void wipe(struct hf_buf *b)
{
	if (b->ptr)
		hf_wipe(b->ptr, b->cap);
	hf_buf_clear(b);
}

hf_status peer_open(struct http_client *client, const struct slot_open *open, int timeout_ms,
                    http_done done, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(2 * SLOT_PIN_MAX);
	hf_status s;

	/* At once as long as it will be: what grows leaves copies behind. */
	HF_ENSURE(hf_buf_grow(&body, open->pin.len + 256), HF_NOMEM);
	hf_buf_clear(&body);
	slot_open_encode(&body, open);
	s = hf_buf_status(&body);
	if (hf_ok(s))
		s = post(client, SLOT_LINK_OPEN, hf_buf_span(&body), timeout_ms, done, ctx);
	wipe(&body);
	return s;
}

hf_status peer_ops(struct http_client *client, const struct slot_ops *ops, struct hf_buf *body,
                   int timeout_ms, http_done done, void *ctx)
{
	hf_status s;

	hf_buf_clear(body);
	slot_ops_encode(body, ops);
	s = hf_buf_status(body);
	if (hf_ok(s))
		s = post(client, SLOT_LINK_OPS, hf_buf_span(body), timeout_ms, done, ctx);
	if (body->ptr)
		hf_wipe(body->ptr, body->len);
	return s;
}

hf_status peer_close(struct http_client *client, const uint8_t session[SLOT_SESSION_LEN],
                     http_done done, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(256);

	slot_close_encode(&body, session);
	HF_TRY(hf_buf_status(&body));
	return post(client, SLOT_LINK_CLOSE, hf_buf_span(&body), CLOSE_MS, done, ctx);
}

void peer_words(struct hf_span said, char *to, size_t cap)
{
	size_t n = said.len < cap - 1 ? said.len : cap - 1;

	if (n)
		memcpy(to, said.ptr, n);
	to[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)to[i] < 0x20 || to[i] == 0x7f)
			to[i] = ' ';
	hf_make_utf8(to);
	while (n && to[n - 1] == ' ')
		to[--n] = '\0';
}

static hf_status refused(const struct http_reply *reply, const char *url, struct hf_err *err)
{
	char words[160];

	peer_words(reply->body, words, sizeof(words));
	switch (reply->status) {
	case 0:
		return hf_fail(err, HF_IO, "%s", reply->error);
	case 403:
		return hf_fail(err, HF_DENIED, "the token behind %.100s refuses the PIN: %s", url,
		               words);
	case 404:
		return hf_fail(err, HF_NOTFOUND, "the gateway at %.100s has no such slot: %s", url,
		               words);
	case 409:
		return hf_fail(err, HF_EXISTS, "another token is in the slot behind %.100s: %s",
		               url, words);
	case 503:
		return hf_fail(err, HF_BUSY, "the slot behind %.100s does not work now: %s", url,
		               words);
	default:
		/* without its words: it is somebody else's server */
		return hf_fail(err, HF_INVALID, "%.100s does not answer as a gateway does: HTTP %d",
		               url, reply->status);
	}
}

hf_status peer_opened(const struct http_reply *reply, const char *url, const char *serial,
                      struct slot_opened *ret, struct hf_err *err)
{
	struct slot_opened opened;

	if (reply->status != 200)
		return refused(reply, url, err);
	if (!hf_ok(slot_opened_decode(reply->body, &opened)))
		return hf_fail(err, HF_INVALID, "%.100s does not answer as a gateway does", url);
	if (*serial && strcmp(serial, opened.serial) != 0)
		return hf_fail(err, HF_EXISTS,
		               "the token behind %.100s has the serial number %s, not %s: if it is "
		               "meant to be used from now on, remove this connection and add it "
		               "anew",
		               url, opened.serial, serial);
	*ret = opened;
	return HF_SUCCESS;
}

hf_status peer_alive(const struct http_reply *reply, struct hf_err *err)
{
	struct crypto_result r;
	struct slot_results *results;
	hf_status s;

	if (reply->status == 0)
		return hf_fail(err, HF_IO, "%s", reply->error);
	HF_ENSURE(reply->status != 401, HF_STATE);
	if (reply->status != 200)
		return hf_fail(err, HF_BUSY, "the gateway answers with HTTP %d", reply->status);
	results = calloc(1, sizeof(*results));
	HF_ENSURE(results, HF_NOMEM);
	s = slot_results_decode(reply->body, results);
	if (hf_ok(s) && results->n == 1)
		s = crypto_result_decode(results->results[0], &r);
	else
		s = HF_FAILURE(HF_INVALID);
	free(results);
	if (!hf_ok(s))
		return hf_fail(err, HF_INVALID, "the gateway answers nonsense");
	if (r.outcome != OP_DONE)
		return hf_fail(err, HF_BUSY, "the slot is ill: %.200s", r.text);
	return HF_SUCCESS;
}

hf_status peer_ping(struct http_client *client, const uint8_t session[SLOT_SESSION_LEN],
                    int timeout_ms, http_done done, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf op = HF_BUF(256), body = HF_BUF(SLOT_LINK_BODY_MAX);
	const struct crypto_op ping = { .kind = CRYPTO_PING };
	struct slot_ops *ops = calloc(1, sizeof(*ops));
	hf_status s;

	HF_ENSURE(ops, HF_NOMEM);
	crypto_op_encode(&op, &ping);
	memcpy(ops->session, session, SLOT_SESSION_LEN);
	ops->deadline_ms = (uint32_t)timeout_ms;
	ops->n = 1;
	ops->ops[0] = hf_buf_span(&op);
	s = peer_ops(client, ops, &body, timeout_ms, done, ctx);
	free(ops);
	return s;
}
