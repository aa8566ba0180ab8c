/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/link.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define OPEN_BODY_MAX 2048
#define CLOSE_BODY_MAX 64

static void refuse(struct http_request *req, int status, const char *why)
{
	http_reply(req, status, "text/plain", hf_span_text(why));
}

static void refuse_malformed(struct link *l, struct http_request *req)
{
	hf_count(&l->metrics->malformed, 1);
	refuse(req, 400, "The body is malformed: server and gateway have to be of one version.");
}

static bool is_ours(struct http_request *req)
{
	const char *type = http_header(req, "content-type");

	if (type && strcmp(type, SLOT_LINK_CONTENT_TYPE) == 0)
		return true;
	refuse(req, 415, "The content type has to be " SLOT_LINK_CONTENT_TYPE ".");
	return false;
}

static struct session_owner owner_of(const struct http_request *req)
{
	const struct tls_peer *peer = http_peer(req);
	struct session_owner owner;
	char host[64];

	hf_bare_host(http_peer_address(req), host, sizeof(host));
	snprintf(owner.text, sizeof(owner.text), "%s %s", peer ? "certificate" : "address",
	         peer ? peer->fingerprint : host);
	return owner;
}

static int status_of(enum hf_code code)
{
	switch (code) {
	case HF_DENIED:
		return 403;
	case HF_NOTFOUND:
		return 404;
	case HF_EXISTS:
		return 409;
	case HF_OK:
	case HF_NOMEM:
	case HF_INVALID:
	case HF_TOOBIG:
	case HF_UNAUTHENTIC:
	case HF_IO:
	case HF_TIMEOUT:
	case HF_CLOSED:
	case HF_BUSY:
	case HF_UNSUPPORTED:
	case HF_CORRUPT:
	case HF_STATE:
	case HF_STOP:
	case HF_INTERNAL:
	case HF_CODE_COUNT_:
		break;
	}
	return 503;
}

static void opened(void *ctx, hf_status s, const struct slot_opened *o, const struct hf_err *err)
{
	struct hf_buf body = HF_BUF(OPEN_BODY_MAX);
	struct http_request *req = ctx;

	if (!hf_ok(s)) {
		refuse(req, status_of(s.code), err->text);
		return;
	}
	slot_opened_encode(&body, o);
	if (hf_ok(hf_buf_status(&body)))
		http_reply(req, 200, SLOT_LINK_CONTENT_TYPE, hf_buf_span(&body));
	else
		refuse(req, 503, "The gateway is out of memory.");
	work_wipe(&body);
}

static void answer_open(struct http_request *req, void *ctx)
{
	struct session_owner owner = owner_of(req);
	struct slot_open open = { 0 };
	struct link *l = ctx;
	hf_status s;

	if (!is_ours(req))
		return;
	s = slot_open_decode(http_body(req), &open);
	if (s.code == HF_NOMEM)
		refuse(req, 503,
		       "The gateway has no locked memory for the PIN: raise its RLIMIT_MEMLOCK.");
	else if (!hf_ok(s))
		refuse_malformed(l, req);
	else
		slots_open(l->slots, &open, &owner, opened, req);
}

static void finished(struct work *w)
{
	struct hf_buf body = HF_BUF(SLOT_LINK_BODY_MAX);
	struct http_request *req = w->ctx;

	if (hf_ok(work_reply(w, &body)))
		http_reply(req, 200, SLOT_LINK_CONTENT_TYPE, hf_buf_span(&body));
	else
		refuse(req, 503, "The gateway is out of memory.");
	work_free(w); /* after the reply at the latest its operations' bytes are gone */
	work_wipe(&body);
}

/* A whole request that could not be begun: each operation may be tried elsewhere. */
static void give_back(struct work *w, enum hf_code code, const char *why)
{
	for (uint32_t i = 0, n = w->n; i < n; i++) {
		bool last = w->answered + 1 == n;

		if (!work_is_open(&w->items[i]))
			continue;
		work_fail(&w->items[i], OP_RETRY, code, false, why);
		if (last)
			return; /* it is finished, and gone */
	}
}

static void begin(struct link *l, struct http_request *req, const struct session_slot *where,
                  const struct slot_ops *ops)
{
	struct work *w;
	hf_status s;

	if (!hf_ok(work_new(ops, l->metrics, finished, req, &w))) {
		refuse(req, 503, "The gateway is out of memory.");
		return;
	}
	if (w->answered == w->n) {
		finished(w);
		return;
	}
	s = slots_submit(l->slots, *where, w);
	if (hf_ok(s))
		return;
	if (s.code == HF_NOTFOUND) {
		work_free(w);
		refuse(req, 401, "The slot of this session was closed: open it again.");
	} else {
		give_back(w, s.code,
		          s.code == HF_BUSY ? "too many operations wait for this slot"
		                            : "the gateway closes this slot");
	}
}

static void answer_ops(struct http_request *req, void *ctx)
{
	struct session_owner owner = owner_of(req);
	struct session_slot where;
	struct link *l = ctx;
	struct slot_ops ops;

	if (!is_ours(req))
		return;
	if (!hf_ok(slot_ops_decode(http_body(req), &ops)))
		refuse_malformed(l, req);
	else if (!hf_ok(sessions_find(l->sessions, ops.session, &owner, &where)))
		refuse(req, 401, "There is no such session: open the slot again.");
	else
		begin(l, req, &where, &ops);
}

static void answer_close(struct http_request *req, void *ctx)
{
	struct session_owner owner = owner_of(req);
	uint8_t session[SLOT_SESSION_LEN];
	struct link *l = ctx;

	if (!is_ours(req))
		return;
	if (!hf_ok(slot_close_decode(http_body(req), session))) {
		refuse_malformed(l, req);
		return;
	}
	sessions_close(l->sessions, session, &owner);
	http_reply(req, 204, NULL, HF_SPAN(NULL, 0));
}

/* Of the gateway itself: no HSM is asked. */
static void answer_alive(struct http_request *req, void *ctx)
{
	http_reply(req, 204, NULL, HF_SPAN(NULL, 0));
}

const struct http_route link_routes[] = {
	{ .method = "GET", .pattern = SLOT_LINK_ALIVE, .handler = answer_alive },
	{ .method = "POST",
	  .pattern = SLOT_LINK_OPEN,
	  .handler = answer_open,
	  .max_body = OPEN_BODY_MAX,
	  .secret = true },
	{ .method = "POST",
	  .pattern = SLOT_LINK_OPS,
	  .handler = answer_ops,
	  .max_body = SLOT_LINK_BODY_MAX,
	  .secret = true },
	{ .method = "POST",
	  .pattern = SLOT_LINK_CLOSE,
	  .handler = answer_close,
	  .max_body = CLOSE_BODY_MAX,
	  .secret = true },
};
const size_t link_route_count = HF_COUNT(link_routes);

void link_error_body(struct hf_buf *to, int status, const char *message)
{
	hf_buf_printf(to, "%d %s\n", status, message);
}
