/* SPDX-License-Identifier: Apache-2.0
 * Signature requests, of keys and of wallets: judged, made with a job, signed once, kept with their
 * outcome. With an external id the same request is the same signature for ever: nothing is signed
 * twice for one external id.
 *
 *   Pending ──► Executing ──► Signed, or Failed        Pending: policies hold it (activities.h)
 *      └──────► Rejected                               a policy that blocks: Rejected at once
 *
 * What is signed comes from the body alone (chain/chain.h). A request with several inputs has one
 * job after the other: settling one adds the next in the same transaction. Inside a task of the
 * database's. */
#ifndef HF_SERVER_CORE_KEYS_SIGNATURES_H
#define HF_SERVER_CORE_KEYS_SIGNATURES_H

#include "chain/chain.h"
#include "server/core/queue/jobs.h"
#include "server/store/signature_rows.h"

struct signature_new {
	const char *id; /* made by the caller, who waits for it */
	const char *org_id, *identity_id, *token_id;
	const char *key_id;    /* "" when wallet_id says whose key it is */
	const char *wallet_id; /* "": asked of the key itself */
	struct hf_span body;
	const struct json_t *doc; /* the body, parsed */
	const uint8_t *body_hash; /* BODY_HASH_LEN: of its meaning, see proof/payload.h */
	const char *external_id;  /* "": none */
	struct hf_span proof;
	int64_t now_ms;
};

struct signature_made {
	bool existed; /* `row` has its id only: it is that of the one with this external id */
	bool plain;   /* an outcome that is told (waiters.h) is all that will come of it */
	struct signature_row row; /* as it stands; its body is the caller's */
};

/* Row and job, or row and approval, or a row that says why not (SIGNATURE_REJECTED); or the request
 * that was made with this external id. HF_NOTFOUND: no such key or wallet. HF_STATE: it is
 * archived. HF_INVALID, HF_UNSUPPORTED: it is not signed this way. HF_EXISTS: the external id
 * belongs to another request, whose id is then in *ret. All with words. */
HF_MUST hf_status signature_create(struct jobs *jobs, struct db *db,
                                   const struct signature_new *request, struct signature_made *ret,
                                   struct hf_err *err);

/* What people decided about a held request, from inside the transaction of their decision. HF_STATE
 * when it is not held (any more): nothing has happened then, so that each is released or rejected
 * once. Release adds its first job: after the commit, jobs_added(). One whose key or wallet was
 * archived meanwhile fails, with the reason kept: that is HF_OK. */
HF_MUST hf_status signature_release(struct jobs *jobs, struct db *db, const char *id,
                                    int64_t now_ms);
HF_MUST hf_status signature_reject(struct db *db, const char *id, const char *reason,
                                   int64_t now_ms);

/* The signature of a result in its canonical form, once it is certain that it is one by the key
 * that the operation names, over its input. Needs no database: any thread. HF_UNAUTHENTIC,
 * HF_INVALID, HF_CORRUPT. */
HF_MUST hf_status signature_result_check(struct hf_span op, const struct op_result *result,
                                         struct signature *ret);

/* What a settled job means to its request: see job_settle in core/queue/jobs.h. A signature is
 * checked before it is stored: HF_UNAUTHENTIC, and nothing is changed. org_id: whose it is; "":
 * nobody is told. *ret is what was stored, and to be told, of a JOB_FOR_SIGNATURE. */
HF_MUST hf_status signature_settle(struct jobs *jobs, struct db *db, const char *org_id,
                                   const struct job_settled *settled,
                                   struct signature_outcome *ret);

#endif
