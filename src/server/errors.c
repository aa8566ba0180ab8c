/* SPDX-License-Identifier: Apache-2.0 */
#include "server/errors.h"

#include "base/id.h"
#include "base/log.h"
#include "json/write.h"

static void error_body(struct hf_buf *to, const char *id, int status, const char *message,
                       struct hf_span details)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_open_object(&w, "error");
	json_text(&w, "id", id);
	json_int(&w, "status", status);
	json_text(&w, "message", message);
	if (details.len)
		json_raw(&w, "details", details);
	json_close_object(&w);
	json_close_object(&w);
}

void api_error_body(struct hf_buf *to, int status, const char *message)
{
	char id[HF_ID_MAX];

	hf_id_new("err", id);
	error_body(to, id, status, message, HF_SPAN(NULL, 0));
}

void api_error_reply(struct http_request *req, int status, const char *message)
{
	api_error_reply_details(req, status, message, HF_SPAN(NULL, 0));
}

void api_error_reply_details(struct http_request *req, int status, const char *message,
                             struct hf_span details)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(64u << 10);
	char id[HF_ID_MAX];

	hf_id_new("err", id);
	error_body(&body, id, status, message, details);
	if (status >= 500)
		HF_WARN("request failed", HF_KS("id", id), HF_KI("status", status),
		        HF_KS("method", http_method(req)), HF_KS("path", http_path(req)),
		        HF_KS("reason", message));
	http_reply(req, status, API_CONTENT_TYPE, hf_buf_span(&body));
}

int api_error_status(enum hf_code code)
{
	switch (code) {
	case HF_OK:
		return 200;
	case HF_INVALID:
	case HF_UNSUPPORTED:
		return 400;
	case HF_UNAUTHENTIC:
		return 401;
	case HF_DENIED:
		return 403;
	case HF_NOTFOUND:
		return 404;
	case HF_EXISTS:
	case HF_STATE:
		return 409;
	case HF_TOOBIG:
		return 413;
	case HF_BUSY:
	case HF_CLOSED:
	case HF_TIMEOUT:
		return 503;
	case HF_NOMEM:
	case HF_IO:
	case HF_CORRUPT:
	case HF_STOP:
	case HF_INTERNAL:
	case HF_CODE_COUNT_:
		return 500;
	}
	return 500;
}
