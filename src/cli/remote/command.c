/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/command.h"

#include "base/text.h"
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_LEN = 2048 };

static hf_status write_body(struct remote *r, const struct remote_request *q,
                            const struct remote_config *o, const char *id, struct hf_buf *to,
                            struct hf_err *err)
{
	struct json_writer w = JSON_WRITER(to);

	if (!q->n_fields && !q->more && !q->empty_body)
		return HF_SUCCESS;
	json_open_object(&w, NULL);
	for (size_t i = 0; i < q->n_fields; i++)
		HF_TRY(remote_field_write(r, o, &q->fields[i], &w, err));
	if (q->more)
		HF_TRY(q->more(r, o, id, &w, err));
	json_close_object(&w);
	return hf_buf_status(to);
}

static hf_status write_path(struct remote *r, const struct remote_request *q,
                            const struct remote_config *o, const char *id, struct hf_buf *to,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf query = HF_BUF(PATH_MAX_LEN);
	const char *gap = strstr(q->path, "{}");

	if (gap)
		hf_buf_printf(to, "%.*s%s%s", (int)(gap - q->path), q->path, id, gap + 2);
	else
		hf_buf_text(to, q->path);
	if (q->query)
		HF_TRY(q->query(r, o, &query, err));
	if (query.len) {
		hf_buf_text(to, strchr(q->path, '?') ? "&" : "?");
		hf_buf_put(to, query.ptr, query.len);
	}
	hf_buf_u8(to, 0);
	return hf_buf_status(to);
}

/* What was refused for want of approvals, as a request for them. */
static hf_status ask_approval(struct remote *r, const struct remote_config *o, const char *method,
                              const char *path, struct hf_span body, struct json_t **ret,
                              struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(REMOTE_REPLY_MAX);
	struct json_writer w = JSON_WRITER(&text);

	json_open_object(&w, NULL);
	json_text(&w, "method", method);
	json_text(&w, "operation", path);
	if (body.len)
		json_raw(&w, "body", body);
	json_text_if(&w, "description", o->reason);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	return remote_call(r, "POST", "/sys/v1/approval_requests", hf_buf_span(&text), ret, err);
}

static void print_raw(const struct remote *r)
{
	struct hf_span raw = remote_answer(r);

	fwrite(raw.ptr, 1, raw.len, stdout);
	if (raw.len)
		putchar('\n');
}

static hf_status say_asked(const struct remote *r, const struct remote_config *o,
                           const struct json_t *request, struct hf_err *err)
{
	const char *id = json_member_text(request, "request_id");

	if (!id)
		return hf_fail(err, HF_IO, "the server's answer names no approval request");
	if (o->json) {
		print_raw(r);
		return HF_SUCCESS;
	}
	printf("Approval is asked for: %s\nOnce enough people have approved: holdfast approval "
	       "result %s\n",
	       id, id);
	return HF_SUCCESS;
}

static hf_status remote_request(struct remote *r, const struct remote_request *q,
                                const struct remote_config *o, const char *id, struct json_t **ret,
                                struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf path = HF_BUF(PATH_MAX_LEN), body = HF_BUF(REMOTE_REPLY_MAX);
	const char *method = q->method ? q->method : "GET";
	JSON_SCOPED struct json_t *asked = NULL;
	hf_status s;

	HF_TRY(write_path(r, q, o, id, &path, err));
	HF_TRY(write_body(r, q, o, id, &body, err));
	s = remote_call(r, method, (const char *)path.ptr, hf_buf_span(&body), ret, err);
	if (hf_ok(s) || !remote_wants_approval(r))
		return s;
	if (!o->ask)
		return hf_context(err, s,
		                  "a quorum guards this: add --ask to ask for its approval");
	*err = (struct hf_err){ 0 };
	HF_TRY(ask_approval(r, o, method, (const char *)path.ptr, hf_buf_span(&body), &asked, err));
	HF_TRY(say_asked(r, o, asked, err));
	*ret = NULL;
	return HF_FAILURE(HF_BUSY); /* told already; nothing more to print */
}

static hf_status print_answer(struct remote *r, const struct remote_request *q,
                              const struct remote_config *o, const struct json_t *answer,
                              struct hf_err *err)
{
	if (o->json) {
		print_raw(r);
	} else if (q->print) {
		return q->print(r, o, answer, err);
	} else if (!answer) {
		if (q->done)
			puts(q->done);
	} else if (q->list) {
		table_print(answer, q->columns, q->n_columns);
	} else {
		table_print_one(answer, q->columns, q->n_columns);
	}
	return HF_SUCCESS;
}

static hf_status run_it(const struct remote_request *q, struct remote_config *o, const char *what,
                        struct hf_err *err)
{
	REMOTE_SCOPED struct remote *r = NULL;
	JSON_SCOPED struct json_t *answer = NULL;
	char id[64] = "";
	hf_status s;

	HF_TRY(remote_open(&o->remote, &r, err));
	if (q->subject != SUBJECT_NONE)
		HF_TRY(remote_resolve(r, q->subject, what, id, err));
	s = remote_request(r, q, o, id, &answer, err);
	if (s.code == HF_BUSY && !err->text[0])
		return HF_SUCCESS;
	HF_TRY(s);
	return print_answer(r, q, o, answer, err);
}

int remote_run(const struct remote_request *q, void *config, const char *const *args, size_t n_args)
{
	bool wants = q->subject != SUBJECT_NONE && q->subject != SUBJECT_ACCOUNT;
	struct hf_err err = { 0 };
	hf_status s;

	if (n_args != wants) {
		fprintf(stderr, "holdfast %s: %s; see: holdfast %s --help\n", q->command,
		        n_args ? "one argument too many" : "say which one, by name or id",
		        q->command);
		return 2;
	}
	s = run_it(q, config, n_args ? args[0] : NULL, &err);
	return hf_ok(s) ? 0 : cli_failed(q->command, s, &err);
}
