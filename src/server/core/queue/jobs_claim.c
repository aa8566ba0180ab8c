/* SPDX-License-Identifier: Apache-2.0
 * What one poll is dealt: jobs are leased to it, and their ops and evidence gathered, as much as a
 * reply holds. In tests/model/queue.pml: claim. */
#include "server/core/queue/jobs_internal.h"

#include "proof/evidence.h"

#include <stdlib.h>

#define CLAIM_STEP 32                 /* jobs leased by one statement */
#define DEALT_BYTES_ENOUGH (1u << 20) /* a reply is finished when it is this long */
#define DEALT_BYTES_MAX (DEALT_BYTES_ENOUGH + CLAIM_STEP * OP_ENCODED_MAX)

#define OF_EACH 24 /* bytes beside its op and its evidence */
#define REPLY_ROOM (POLL_BODY_MAX - POLL_BATCH_MAX * OF_EACH - 64)

_Static_assert(DEALT_BYTES_MAX + EVIDENCE_MAX < REPLY_ROOM,
               "what is dealt fits into a reply, and the evidence of one job beside it");

static hf_status collect(void *ctx, uint64_t id, int attempt, struct hf_span op)
{
	struct jobs_poll *p = ctx;
	const struct jobs_config *config = &p->jobs->config;
	size_t before = p->dealt_ops.len;

	if (!config->reveal || !hf_ok(config->reveal(config->ctx, op, &p->dealt_ops))) {
		p->dealt_ops.len = before;
		hf_buf_put(&p->dealt_ops, op.ptr, op.len);
	}
	/* The buffer may still move: finish() sets the pointers. */
	p->dealt[p->n_dealt++] = (struct poll_job){
		.job = id,
		.attempt = (uint32_t)attempt,
		.op = { .ptr = NULL, .len = p->dealt_ops.len - before },
	};
	return hf_buf_status(&p->dealt_ops);
}

static void finish(struct jobs_poll *p)
{
	const uint8_t *op = p->dealt_ops.ptr, *evidence = p->dealt_evidence.ptr;

	for (size_t i = 0; i < p->n_dealt; i++) {
		p->dealt[i].op.ptr = op;
		op += p->dealt[i].op.len;
		if (!evidence)
			continue;
		p->dealt[i].evidence.ptr = evidence;
		evidence += p->dealt[i].evidence.len;
	}
}

/* Those from `first` on are as they were before. */
static hf_status unclaim(struct db *db, struct jobs_poll *p, size_t first)
{
	for (size_t i = first; i < p->n_dealt; i++)
		HF_TRY(job_row_unclaim(db, p->dealt[i].job, p->request.instance));
	p->n_dealt = first;
	return HF_SUCCESS;
}

/* As much as a reply holds; jobs whose evidence is too much wait for the next. */
static hf_status add_evidence(struct jobs *j, struct db *db, struct jobs_poll *p)
{
	const size_t room = REPLY_ROOM - p->dealt_ops.len;

	p->dealt_evidence = HF_BUF(room + EVIDENCE_MAX);
	for (size_t i = 0; i < p->n_dealt; i++) {
		size_t before = p->dealt_evidence.len;

		HF_TRY(j->config.evidence(j->config.ctx, db, p->dealt[i].job, &p->dealt_evidence));
		HF_TRY(hf_buf_status(&p->dealt_evidence));
		if (p->dealt_evidence.len > room)
			return unclaim(db, p, i);
		p->dealt[i].evidence.len = p->dealt_evidence.len - before;
	}
	return HF_SUCCESS;
}

hf_status jobs_claim(struct jobs *j, struct db *db, struct jobs_poll *p, size_t want,
                     bool *ret_drained)
{
	bool drained = false;
	int got;

	p->dealt = calloc(want, sizeof(*p->dealt));
	HF_ENSURE(p->dealt, HF_NOMEM);
	p->dealt_ops = HF_BUF_SECRET(DEALT_BYTES_MAX); /* of plaintext, some of it */
	while (p->n_dealt < want && !drained && p->dealt_ops.len < DEALT_BYTES_ENOUGH) {
		size_t left = want - p->n_dealt;
		int step = left < CLAIM_STEP ? (int)left : CLAIM_STEP;

		HF_TRY(job_rows_claim(db, p->store_id, p->request.instance, j->config.lease_ms,
		                      step, collect, p, &got));
		drained = got < step;
	}
	got = (int)p->n_dealt;
	if (p->request.evidence && j->config.evidence)
		HF_TRY(add_evidence(j, db, p));
	finish(p);
	drained &= p->n_dealt == (size_t)got;
	*ret_drained = drained;
	return HF_SUCCESS;
}
