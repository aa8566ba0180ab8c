/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_crypto.h"

#include "base/clock.h"
#include "http/load.h"

#include <stdio.h>
#include <string.h>

enum { STEP_MS = 100 };

struct run;

struct caller {
	struct run *run;
	unsigned index;
	int64_t began;
	bool idle;
};

struct run {
	const struct crypto_load *load;
	struct http_load *http;
	int64_t ends;
	uint64_t operations;
	struct bench_result *result;
	unsigned busy;
	hf_status failed;
	struct hf_err *err;
};

static void fail(struct run *r, const struct http_reply *reply)
{
	if (hf_ok(r->failed))
		r->failed =
		        hf_fail(r->err, HF_IO, "%s: HTTP %d %s %.*s", r->load->path, reply->status,
		                reply->error, (int)(reply->body.len < 300 ? reply->body.len : 300),
		                reply->body.len ? (const char *)reply->body.ptr : "");
}

static unsigned count_of(struct hf_span text, const char *what)
{
	size_t n = strlen(what);
	unsigned count = 0;
	const uint8_t *at = text.ptr, *end = text.ptr + text.len;

	while (at && (at = memmem(at, (size_t)(end - at), what, n)) != NULL) {
		count++;
		at += n;
	}
	return count;
}

static void answered(void *ctx, const struct http_reply *reply);

static void ask(struct caller *c)
{
	struct run *r = c->run;
	const char *head[] = { "Authorization: ", r->load->authorization, "\r\n", NULL };

	c->began = hf_mono_us();
	r->busy++;
	if (!hf_ok(http_load_post(r->http, c->index, r->load->path, head, r->load->body, answered,
	                          c))) {
		static const struct http_reply nothing = { .error = "cannot be sent" };

		r->busy--;
		fail(r, &nothing);
	}
}

static void answered(void *ctx, const struct http_reply *reply)
{
	struct caller *c = ctx;
	struct run *r = c->run;
	int64_t now = hf_mono_us();

	r->busy--;
	if (reply->status != 200 || count_of(reply->body, r->load->expect) != r->load->items) {
		fail(r, reply);
		return;
	}
	r->operations += r->load->items;
	hf_latency_add(&r->result->latency, now - c->began);
	if (now < r->ends && hf_ok(r->failed))
		ask(c);
}

static hf_status run(struct run *r, struct caller *callers)
{
	int64_t began = hf_mono_us();

	r->ends = began + r->load->ms * 1000;
	for (unsigned i = 0; i < r->load->callers; i++) {
		callers[i] = (struct caller){ .run = r, .index = i };
		ask(&callers[i]);
	}
	while (r->busy && hf_ok(r->failed))
		HF_TRY(http_load_step(r->http, STEP_MS));
	r->result->seconds = (double)(hf_mono_us() - began) / 1e6;
	return r->failed;
}

hf_status crypto_load_run(const struct crypto_load *load, struct bench_result *ret,
                          double *ret_rate, struct hf_err *err)
{
	HF_FREE struct caller *callers = calloc(load->callers, sizeof(*callers));
	const struct http_load_config config = { .port = load->port,
		                                 .callers = load->callers,
		                                 .ca_file = load->ca_file,
		                                 .content_type = "application/json" };
	struct run r = { .load = load, .result = ret, .err = err };
	hf_status s;

	HF_ENSURE(callers, HF_NOMEM);
	memset(ret, 0, sizeof(*ret));
	HF_TRY(http_load_new(&config, &r.http, err));
	s = run(&r, callers);
	http_load_free(r.http);
	*ret_rate = ret->seconds > 0 ? (double)r.operations / ret->seconds : 0;
	return s;
}
