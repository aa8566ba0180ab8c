/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/queue/evidence.h"

#include "base/log.h"
#include "proof/evidence.h"
#include "server/store/evidence_rows.h"

#include <string.h>

/* Rows as they were read, one after another; the spans of what is encoded point into it. */
struct gathered {
	struct hf_buf bytes;
	struct {
		size_t body, proof;
	} lens[EVIDENCE_APPROVALS_MAX + 1];
	size_t n; /* the request, then its approvals */
	char wallet_id[HF_ID_MAX], network[WALLET_NETWORK_MAX], approval_id[HF_ID_MAX];
};

static hf_status keep(struct gathered *g, struct hf_span body, struct hf_span proof)
{
	hf_buf_put(&g->bytes, body.ptr, body.len);
	hf_buf_put(&g->bytes, proof.ptr, proof.len);
	g->lens[g->n].body = body.len;
	g->lens[g->n].proof = proof.len;
	g->n++;
	return hf_buf_status(&g->bytes);
}

static hf_status take_request(void *ctx, const struct evidence_row *row)
{
	struct gathered *g = ctx;

	HF_TRY(hf_span_to_text(hf_span_text(row->wallet_id), g->wallet_id, sizeof(g->wallet_id)));
	HF_TRY(hf_span_to_text(hf_span_text(row->network), g->network, sizeof(g->network)));
	HF_TRY(hf_span_to_text(hf_span_text(row->approval_id), g->approval_id,
	                       sizeof(g->approval_id)));
	return keep(g, row->body, row->proof);
}

static hf_status take_decision(void *ctx, struct hf_span body, struct hf_span proof)
{
	struct gathered *g = ctx;

	return g->n <= EVIDENCE_APPROVALS_MAX ? keep(g, body, proof) : HF_SUCCESS;
}

static hf_status gather(struct db *db, uint64_t job, struct gathered *g)
{
	hf_status s = evidence_row_get(db, job, take_request, g);

	if (s.code == HF_NOTFOUND)
		s = evidence_row_checkpoint(db, job, take_request, g);
	HF_TRY(s);
	if (g->approval_id[0])
		HF_TRY(evidence_rows_decisions(db, g->approval_id, EVIDENCE_APPROVALS_MAX,
		                               take_decision, g));
	return HF_SUCCESS;
}

static hf_status encode(const struct gathered *g, struct hf_buf *to)
{
	HF_FREE struct evidence *e = calloc(1, sizeof(*e));
	const uint8_t *at = g->bytes.ptr;

	HF_ENSURE(at, HF_NOTFOUND);
	HF_ENSURE(e, HF_NOMEM);
	/* a signature on a key may name a network, too, and its path does not */
	if (g->wallet_id[0]) {
		memcpy(e->wallet_id, g->wallet_id, sizeof(e->wallet_id));
		memcpy(e->network, g->network, sizeof(e->network));
	}
	for (size_t i = 0; i < g->n; i++) {
		struct hf_span body = HF_SPAN(at, g->lens[i].body);
		struct hf_span proof = HF_SPAN(at + body.len, g->lens[i].proof);

		at += body.len + proof.len;
		if (i == 0) {
			e->body = body;
			e->proof = proof;
		} else {
			e->approvals[e->n_approvals++] = (struct evidence_approval){ proof, body };
		}
	}
	return evidence_encode(to, e);
}

/* What cannot be told is left out, and the driver refuses: dealing goes on. */
hf_status job_evidence_load(void *ctx, struct db *db, uint64_t job, struct hf_buf *to)
{
	struct gathered g = { .bytes = HF_BUF(2 * EVIDENCE_MAX) };
	hf_status s = gather(db, job, &g);

	if (hf_ok(s))
		s = encode(&g, to);
	hf_buf_done(&g.bytes);
	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS;
	if (s.code != HF_TOOBIG && s.code != HF_INVALID)
		return s;
	HF_WARN("the evidence of a request cannot be told to a driver that wants it",
	        HF_KI("job", job), HF_KS("code", hf_code_name(s.code)));
	return HF_SUCCESS;
}
