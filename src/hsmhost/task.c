/* SPDX-License-Identifier: Apache-2.0 */
#include "hsmhost/task.h"

#include "base/clock.h"
#include "base/text.h"
#include "hsmhost/proc.h"
#include "json/read.h"
#include "os/self.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { START_MS = 120000, END_MS = 10000 };

struct runner {
	struct proc proc;
	bool running;
	bool reported;
	struct hf_buf report;
};

struct task {
	struct runner *runners;
	unsigned n;
	char path[4096];
	int start_ms;
	hsmhost_news news;
	void *ctx;
};

/* Waits for one frame. HF_TIMEOUT; HF_IO, with words, when the signer ended instead. */
static hf_status next_frame(struct runner *r, int64_t until_ms, struct wire_frame *ret,
                            struct hf_err *err)
{
	hf_status s;
	char how[128];

	while ((s = proc_next(&r->proc, ret)).code == HF_BUSY) {
		int64_t left = until_ms == INT64_MAX ? -1 : until_ms - hf_mono_ms();
		struct pollfd fd = { .fd = r->proc.os.from, .events = POLLIN };

		if (until_ms != INT64_MAX && left <= 0)
			return hf_fail(
			        err, HF_TIMEOUT,
			        "the signer does not get ready: the HSM or its library hangs");
		(void)poll(&fd, 1, (int)left);
		if (hf_ok(proc_receive(&r->proc)))
			continue;
		r->running = false;
		(void)proc_bury(&r->proc, how, sizeof(how));
		return hf_fail(err, HF_IO, "the signer %s: see its messages in the log", how);
	}
	if (!hf_ok(s))
		return hf_fail(err, HF_IO, "the signer is of another version: reinstall Holdfast");
	return HF_SUCCESS;
}

static bool is_wrong_pin(enum wire_type want, const struct hf_err *told)
{
	return want == WIRE_READY && told->code == HF_UNAUTHENTIC;
}

/* FAILED gives its words; any other frame than `want` is a broken signer. */
static hf_status expect(const struct wire_frame *frame, enum wire_type want, struct hf_err *err)
{
	struct hf_err told;

	if (frame->type == want)
		return HF_SUCCESS;
	if (frame->type == WIRE_FAILED && hf_ok(wire_get_failed(frame->body, &told)))
		return hf_fail(err, is_wrong_pin(want, &told) ? HF_STOP : told.code, "%s",
		               told.text);
	return hf_fail(err, HF_IO, "the signer is of another version: reinstall Holdfast");
}

/* Up to its first frame. */
static hf_status start(struct task *t, struct runner *r, const struct signer_setup *setup,
                       enum wire_type first, struct wire_frame *ret, struct hf_err *err)
{
	HF_TRY(proc_start(t->path, setup, &r->proc, err));
	r->running = true;
	HF_TRY(next_frame(r, hf_mono_ms() + t->start_ms, ret, err));
	return expect(ret, first, err);
}

static hf_status collect(struct task *t, struct runner *r, struct hf_err *err)
{
	while (!r->reported) {
		char line[512];
		struct wire_frame frame;

		HF_TRY(next_frame(r, INT64_MAX, &frame, err));
		if (frame.type != WIRE_NEWS) {
			HF_TRY(expect(&frame, WIRE_REPORT, err));
			hf_buf_put(&r->report, frame.body.ptr, frame.body.len);
			r->reported = true;
		} else if (t->news && hf_ok(hf_span_to_text(frame.body, line, sizeof(line)))) {
			t->news(t->ctx, line);
		}
	}
	return hf_buf_status(&r->report);
}

static hf_status run(struct task *t, const struct signer_setup *setup, enum signer_task task,
                     const char *json, struct hf_err *err)
{
	struct wire_frame ready;

	for (unsigned i = 0; i < t->n; i++)
		HF_TRY(start(t, &t->runners[i], setup, WIRE_READY, &ready, err));
	for (unsigned i = 0; i < t->n; i++) {
		wire_put_task(&t->runners[i].proc.out, task, json);
		HF_TRY(proc_send(&t->runners[i].proc));
	}
	for (unsigned i = 0; i < t->n; i++)
		HF_TRY(collect(t, &t->runners[i], err));
	return HF_SUCCESS;
}

/* A signer that may be logging in is asked to end and waited for; only one that does not is killed.
 */
static void finish(struct task *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->runners[i].running)
			os_process_hang_up(&t->runners[i].proc.os);
	for (unsigned i = 0; i < t->n; i++) {
		struct runner *r = &t->runners[i];
		struct os_exit gone;

		if (r->running)
			hf_ignore(os_process_wait(&r->proc.os, END_MS, &gone));
		proc_done(&r->proc);
		hf_buf_done(&r->report);
	}
}

static void put_reports(const struct task *t, struct hf_buf *report)
{
	if (t->n > 1)
		hf_buf_text(report, "[");
	for (unsigned i = 0; i < t->n; i++) {
		if (i)
			hf_buf_text(report, ",");
		hf_buf_put(report, t->runners[i].report.ptr, t->runners[i].report.len);
	}
	if (t->n > 1)
		hf_buf_text(report, "]");
}

static hf_status find_signer(const struct hsmhost_config *config, struct task *t,
                             struct hf_err *err)
{
	t->start_ms = config->slow_deadline_ms ? config->slow_deadline_ms : START_MS;
	if (!config->signer_path)
		return os_helper_path("holdfast-signer", t->path, sizeof(t->path), err);
	snprintf(t->path, sizeof(t->path), "%s", config->signer_path);
	return HF_SUCCESS;
}

static void empty_runner(struct runner *r)
{
	*r = (struct runner){ .report = HF_BUF(WIRE_REPORT_MAX) };
	r->proc.os = (struct os_process){ .pidfd = -1, .to = -1, .from = -1 };
}

hf_status hsmhost_task(const struct hsmhost_config *config, enum signer_task task,
                       const char *json_args, hsmhost_news news, void *ctx, struct hf_buf *report,
                       struct hf_err *err)
{
	struct task t = { .n = config->processes ? config->processes : 1,
		          .news = news,
		          .ctx = ctx };
	struct signer_setup setup = config->setup; /* the PIN in it stays the caller's */
	HF_FREE struct runner *runners = calloc(t.n, sizeof(*runners));
	hf_status s;

	HF_ENSURE(runners, HF_NOMEM);
	t.runners = runners;
	setup.needs_master = false; /* tasks say themselves what they need */
	setup.threads = setup.threads ? setup.threads : 1;
	for (unsigned i = 0; i < t.n; i++)
		empty_runner(&runners[i]);
	HF_TRY(find_signer(config, &t, err));
	s = run(&t, &setup, task, json_args, err);
	if (hf_ok(s)) {
		put_reports(&t, report);
		s = hf_buf_status(report);
	}
	finish(&t);
	return s;
}

static void take_words(const struct json_t *from, const char *name, char *to, size_t cap)
{
	const char *text = json_member_text(from, name);

	snprintf(to, cap, "%s", text ? text : "");
	hf_make_utf8(to); /* what was cut off in the middle of a character */
}

static hf_status take_token(const struct json_t *from, struct hsmhost_token *ret)
{
	const char *slot = json_member_text(from, "slot");
	int64_t number;

	HF_ENSURE(slot && hf_ok(hf_parse_i64(slot, 0, INT64_MAX, &number)), HF_INVALID);
	ret->slot = (uint64_t)number;
	take_words(from, "label", ret->label, sizeof(ret->label));
	take_words(from, "manufacturer", ret->manufacturer, sizeof(ret->manufacturer));
	take_words(from, "model", ret->model, sizeof(ret->model));
	take_words(from, "serial", ret->serial, sizeof(ret->serial));
	return HF_SUCCESS;
}

static hf_status take_tokens(struct hf_span report, struct hsmhost_tokens *ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct json_t *tokens;

	HF_TRY(json_parse(report, WIRE_REPORT_MAX, &doc, err));
	tokens = json_member(doc, "tokens");
	take_words(doc, "library", ret->library, sizeof(ret->library));
	ret->n = 0;
	for (size_t i = 0; i < json_count(tokens) && ret->n < HSMHOST_TOKENS_MAX; i++)
		/* A slot number beyond what a selector can name is nobody's to open. */
		if (hf_ok(take_token(json_element(tokens, i), &ret->list[ret->n])))
			ret->n++;
	return HF_SUCCESS;
}

hf_status hsmhost_list_tokens(const struct hsmhost_config *config, struct hsmhost_tokens *ret,
                              struct hf_err *err)
{
	struct runner runner;
	struct task t = { .n = 1, .runners = &runner };
	struct signer_setup setup = config->setup;
	struct wire_frame frame;
	hf_status s;

	setup.pin = (struct hf_secret){ 0 };
	setup.needs_master = false;
	setup.list_tokens = true;
	setup.threads = 1;
	empty_runner(&runner);
	HF_TRY(find_signer(config, &t, err));
	s = start(&t, &runner, &setup, WIRE_REPORT, &frame, err);
	if (hf_ok(s))
		s = take_tokens(frame.body, ret, err);
	finish(&t);
	return s;
}
