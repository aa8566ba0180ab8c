/* SPDX-License-Identifier: Apache-2.0
 * Doing what a quorum has approved: once, in the name of who asked, as an inner call; and keeping
 * the answer. */
#include "server/crypto_api/approvals/approvals.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define RESULT_MAX 60000 /* of an answer that is kept: a sealed secret has at most 64 KiB */

struct carrying {
	struct db_task task; /* first */
	struct crypto_api *api;
	char org_id[HF_ID_MAX], id[HF_UUID_MAX];
	struct approval_run run;
	struct principal *who;
	int status;
	struct hf_buf answer;
	void (*then)(void *ctx);
	void *ctx;
};

static void end(struct carrying *k)
{
	void (*then)(void *ctx) = k->then;
	void *ctx = k->ctx;

	approval_run_done(&k->run);
	principal_unref(k->who);
	hf_wipe(k->answer.ptr, k->answer.len);
	hf_buf_done(&k->answer);
	free(k);
	then(ctx);
}

static hf_status keep(struct db_task *task, struct db *db)
{
	struct carrying *k = (struct carrying *)task;

	return approval_finish(k->api->core, db, k->id, k->status, hf_buf_span(&k->answer));
}

static void kept(struct db_task *task, hf_status s)
{
	struct carrying *k = (struct carrying *)task;

	if (!hf_ok(s))
		HF_ERROR("the answer to an approved request could not be kept",
		         HF_KS("request", k->id), HF_KS("reason", hf_code_name(s.code)));
	end(k);
}

static void submit(struct carrying *k, hf_status (*run)(struct db_task *task, struct db *db),
                   void (*done)(struct db_task *task, hf_status s))
{
	k->task = (struct db_task){ .run = run,
		                    .done = done,
		                    .durability = core_durability(k->api->core) };
	hf_status s = db_work_submit(k->api->core->writer, &k->task);

	if (!hf_ok(s))
		done(&k->task, s);
}

static void ended(void *ctx, int status, struct hf_span body)
{
	struct carrying *k = ctx;

	k->status = status;
	if (body.len > RESULT_MAX) {
		hf_buf_text(&k->answer, "the answer is too long to be kept; what was approved has "
		                        "been done");
		k->status = 413;
	} else {
		hf_buf_put(&k->answer, body.ptr, body.len);
	}
	submit(k, keep, kept);
}

static hf_status begin(struct db_task *task, struct db *db)
{
	struct carrying *k = (struct carrying *)task;

	principal_unref(k->who);
	k->who = NULL;
	HF_TRY(approval_begin(k->api->core, db, k->org_id, k->id, hf_wall_ms(), &k->run, NULL));
	return principal_load(db, k->org_id, k->run.requester, &k->who);
}

/* Of somebody who may not call any longer, too: it is refused then, and that is kept. */
static void begun(struct db_task *task, hf_status s)
{
	struct carrying *k = (struct carrying *)task;
	struct crypto_inner inner = {
		.who = k->who,
		.method = k->run.method,
		.path = k->run.operation,
		.body = HF_SPAN(k->run.body.ptr, k->run.body.len),
		.approved_group = k->run.group_id,
		.ended = ended,
		.ctx = k,
	};

	if (hf_ok(s))
		crypto_call_inner(k->api, &inner);
	else
		end(k);
}

void approval_carry_out(struct crypto_api *api, const char *org_id, const char *id,
                        void (*then)(void *ctx), void *ctx)
{
	struct carrying *k = calloc(1, sizeof(*k));

	if (!k) {
		then(ctx);
		return;
	}
	k->api = api;
	snprintf(k->org_id, sizeof(k->org_id), "%s", org_id);
	snprintf(k->id, sizeof(k->id), "%s", id);
	k->answer = HF_BUF(RESULT_MAX);
	k->then = then;
	k->ctx = ctx;
	submit(k, begin, begun);
}
