/* SPDX-License-Identifier: Apache-2.0
 * Signature requests: made with a job, signed once, kept with their outcome. With an external id
 * the same request is the same signature for ever: nothing is signed twice for one external id.
 * Inside a task of the database's. */
#ifndef HF_SERVER_CORE_SIGNATURES_H
#define HF_SERVER_CORE_SIGNATURES_H

#include "server/core/jobs.h"
#include "server/store/signature_rows.h"

struct signature_new {
	const char *id; /* made by the caller, who waits for it */
	const char *org_id, *key_id, *identity_id, *token_id;
	bool is_digest;       /* kind Hash; otherwise Message */
	struct hf_span input; /* the digest (32 bytes) or the message */
	struct hf_span body;
	const uint8_t *body_hash; /* BODY_HASH_LEN: of its meaning, see proof/payload.h */
	const char *external_id;  /* "": none */
	struct hf_span proof;
	int64_t now_ms;
};

struct signature_made {
	char id[HF_ID_MAX]; /* the new request's, or that of the one with this external id */
	bool existed;
};

/* Row and job, or the request that was made with this external id. HF_NOTFOUND: no such key.
 * HF_STATE: the key is archived. HF_INVALID: the key does not sign this way. HF_EXISTS: the
 * external id belongs to another request, whose id is then in *ret. All with words. */
HF_MUST hf_status signature_create(struct jobs *jobs, struct db *db,
                                   const struct signature_new *request, struct signature_made *ret,
                                   struct hf_err *err);

/* The signature of a result in its canonical form, once it is certain that it is one by the key
 * that the operation names, over its input. Needs no database: any thread. HF_UNAUTHENTIC,
 * HF_INVALID, HF_CORRUPT. */
HF_MUST hf_status signature_result_check(struct hf_span op, const struct op_result *result,
                                         struct signature *ret);

/* What a settled job means to its request: see job_settle in core/jobs.h. A signature is checked
 * before it is stored: HF_UNAUTHENTIC, and nothing is changed. *ret is what was stored. */
HF_MUST hf_status signature_settle(struct db *db, const struct job_settled *settled,
                                   struct signature_outcome *ret);

#endif
