/* SPDX-License-Identifier: Apache-2.0
 * The queue's protocol between driver and server: POST /v1/poll over mTLS, one round trip that
 * hands in results and takes the next batch. Content type application/vnd.holdfast.poll; binary,
 * bounded, strict.
 *
 * Leases: a job belongs to the instance that took it until `lease_ms` after the last request in
 * which that instance named it under `working`. The first completion of a job wins; later ones are
 * acknowledged and ignored.
 *
 * Only drivers that check requests themselves ask for evidence, by a version of the request of its
 * own, and get it by such a one of the reply: between others nothing changes. */
#ifndef HF_OP_POLL_H
#define HF_OP_POLL_H

#include "op/op.h"

#define POLL_BATCH_MAX 256
#define POLL_WORKING_MAX 4096
#define POLL_BODY_MAX (4u << 20)
#define POLL_PATH "/v1/poll"
#define POLL_CONTENT_TYPE "application/vnd.holdfast.poll"
#define INSTANCE_ID_MAX 33 /* 16 random bytes in hex: one start of one driver */

struct poll_result {
	uint64_t job;          /* the queue's number for it */
	struct hf_span result; /* op_result_encode() */
};

struct poll_request {
	char instance[INSTANCE_ID_MAX];
	char store[65]; /* name that the operator gave this driver's HSM, for people; may be "" */
	uint32_t capacity; /* jobs wanted, at most POLL_BATCH_MAX; 0: only hand in */
	uint32_t wait_ms;  /* stay parked this long when there is nothing; 0: answer at once */
	bool recall; /* this instance's parked polls are answered now: it wants no jobs any more */
	bool evidence; /* it checks requests itself: jobs come with their evidence */
	struct poll_result *results;
	size_t n_results;
	uint64_t *working; /* jobs still held: their leases are renewed */
	size_t n_working;
};

struct poll_job {
	uint64_t job;
	uint32_t attempt;  /* from 1 */
	struct hf_span op; /* op_encode() */
	struct hf_span
	        evidence; /* evidence_encode() (proof/evidence.h), of a signature; or empty */
};

struct poll_reply {
	uint32_t lease_ms;
	bool evidence; /* was asked for: jobs have it */
	struct poll_job *jobs;
	size_t n_jobs;
};

/* Encoders append. Decoders fill arrays of the caller's, of POLL_BATCH_MAX (results, jobs) and
 * POLL_WORKING_MAX (working) entries, which the caller puts into *ret beforehand; their contents
 * are undefined after a failure. Spans point into `from`. HF_INVALID. */
void poll_request_encode(struct hf_buf *to, const struct poll_request *r);
HF_MUST hf_status poll_request_decode(struct hf_span from, struct poll_request *ret);
void poll_reply_encode(struct hf_buf *to, const struct poll_reply *r);
HF_MUST hf_status poll_reply_decode(struct hf_span from, struct poll_reply *ret);

#endif
