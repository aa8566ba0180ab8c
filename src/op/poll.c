/* SPDX-License-Identifier: Apache-2.0 */
#include "op/poll.h"

#include "op/fields.h"
#include "proof/evidence.h"

enum {
	REQUEST = 2,
	REQUEST_FOR_EVIDENCE = 3, /* the same, and jobs are to come with theirs */
	REPLY = 1,
	REPLY_WITH_EVIDENCE = 2,
};

void poll_request_encode(struct hf_buf *to, const struct poll_request *r)
{
	hf_buf_u8(to, r->evidence ? REQUEST_FOR_EVIDENCE : REQUEST);
	hf_buf_field(to, hf_span_text(r->instance));
	hf_buf_field(to, hf_span_text(r->store));
	hf_buf_u32(to, r->capacity);
	hf_buf_u32(to, r->wait_ms);
	hf_buf_u8(to, r->recall);
	hf_buf_u32(to, (uint32_t)r->n_results);
	for (size_t i = 0; i < r->n_results; i++) {
		hf_buf_u64(to, r->results[i].job);
		hf_buf_field(to, r->results[i].result);
	}
	hf_buf_u32(to, (uint32_t)r->n_working);
	for (size_t i = 0; i < r->n_working; i++)
		hf_buf_u64(to, r->working[i]);
}

/* A number of entries, of which more than `max` is a failure like a read past the end. */
static size_t read_count(struct hf_reader *r, size_t max)
{
	uint32_t n = hf_read_u32(r);

	if (n > max) {
		r->failed = true;
		return 0;
	}
	return n;
}

hf_status poll_request_decode(struct hf_span from, struct poll_request *ret)
{
	struct hf_reader r = hf_reader(from);
	struct poll_request req = { .results = ret->results, .working = ret->working };
	uint8_t version = hf_read_u8(&r), recall;

	req.evidence = version == REQUEST_FOR_EVIDENCE;
	HF_ENSURE(from.len <= POLL_BODY_MAX && (version == REQUEST || req.evidence), HF_INVALID);
	hf_read_text(&r, req.instance, sizeof(req.instance));
	hf_read_text(&r, req.store, sizeof(req.store));
	req.capacity = hf_read_u32(&r);
	req.wait_ms = hf_read_u32(&r);
	recall = hf_read_u8(&r);
	req.recall = recall != 0;
	req.n_results = read_count(&r, POLL_BATCH_MAX);
	for (size_t i = 0; i < req.n_results && !r.failed; i++) {
		req.results[i].job = hf_read_u64(&r);
		req.results[i].result = hf_read_field(&r, OP_RESULT_ENCODED_MAX);
	}
	req.n_working = read_count(&r, POLL_WORKING_MAX);
	for (size_t i = 0; i < req.n_working && !r.failed; i++)
		req.working[i] = hf_read_u64(&r);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(field_is_hex(req.instance, INSTANCE_ID_MAX - 1), HF_INVALID);
	HF_ENSURE(req.capacity <= POLL_BATCH_MAX && recall <= 1, HF_INVALID);
	*ret = req;
	return HF_SUCCESS;
}

void poll_reply_encode(struct hf_buf *to, const struct poll_reply *r)
{
	hf_buf_u8(to, r->evidence ? REPLY_WITH_EVIDENCE : REPLY);
	hf_buf_u32(to, r->lease_ms);
	hf_buf_u32(to, (uint32_t)r->n_jobs);
	for (size_t i = 0; i < r->n_jobs; i++) {
		hf_buf_u64(to, r->jobs[i].job);
		hf_buf_u32(to, r->jobs[i].attempt);
		hf_buf_field(to, r->jobs[i].op);
		if (r->evidence)
			hf_buf_field(to, r->jobs[i].evidence);
	}
}

hf_status poll_reply_decode(struct hf_span from, struct poll_reply *ret)
{
	struct hf_reader r = hf_reader(from);
	struct poll_reply reply = { .jobs = ret->jobs };
	uint8_t version = hf_read_u8(&r);

	reply.evidence = version == REPLY_WITH_EVIDENCE;
	HF_ENSURE(from.len <= POLL_BODY_MAX && (version == REPLY || reply.evidence), HF_INVALID);
	reply.lease_ms = hf_read_u32(&r);
	reply.n_jobs = read_count(&r, POLL_BATCH_MAX);
	for (size_t i = 0; i < reply.n_jobs && !r.failed; i++) {
		reply.jobs[i].job = hf_read_u64(&r);
		reply.jobs[i].attempt = hf_read_u32(&r);
		reply.jobs[i].op = hf_read_field(&r, OP_ENCODED_MAX);
		reply.jobs[i].evidence =
		        reply.evidence ? hf_read_field(&r, EVIDENCE_MAX) : HF_SPAN(NULL, 0);
		if (reply.jobs[i].attempt == 0)
			r.failed = true;
	}
	HF_TRY(hf_reader_end(&r));
	*ret = reply;
	return HF_SUCCESS;
}
