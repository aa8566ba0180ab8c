/* SPDX-License-Identifier: Apache-2.0
 * The rows of tables `quorum_requests` and `quorum_decisions`: one query, one function. What they
 * mean is core/access/approvals.h's. */
#ifndef HF_SERVER_STORE_QUORUM_ROWS_H
#define HF_SERVER_STORE_QUORUM_ROWS_H

#include "base/uuid.h"
#include "db/db.h"

#define QUORUM_PENDING "PENDING"
#define QUORUM_APPROVED "APPROVED"
#define QUORUM_DENIED "DENIED"
#define QUORUM_FAILED "FAILED"

/* Texts and spans are the caller's, or valid inside the callback. */
struct quorum_row {
	char id[HF_UUID_MAX];
	char org_id[HF_ID_MAX];
	char group_id[HF_UUID_MAX];
	char object_id[HF_UUID_MAX]; /* "": it is about the group */
	char requester[HF_ID_MAX];   /* identity */
	bool by_app;
	const char *method, *operation;
	struct hf_span body;                        /* sealed; empty: none */
	const char *description;                    /* NULL: none */
	const char *policy;                         /* JSON */
	char status[16];                            /* QUORUM_… */
	char denier[HF_ID_MAX];                     /* "" */
	const char *reason;                         /* NULL */
	int64_t created_ms, expires_ms, running_ms; /* 0: not begun */
	int result_status;                          /* 0: none yet */
	struct hf_span result;                      /* sealed */
	bool viewed;
};

HF_MUST hf_status quorum_row_insert(struct db *db, const struct quorum_row *row);
typedef hf_status (*quorum_row_fn)(void *ctx, const struct quorum_row *row);
/* With `lock`, no other transaction changes it until this one ends. HF_NOTFOUND: none that has not
 * expired. */
HF_MUST hf_status quorum_row_get(struct db *db, const char *org_id, const char *id, int64_t now_ms,
                                 bool lock, quorum_row_fn fn, void *ctx);
/* Newest first, below the id `before` ("": all); of this status, unless NULL. */
HF_MUST hf_status quorum_rows_list(struct db *db, const char *org_id, const char *status,
                                   const char *before, int64_t now_ms, int limit, quorum_row_fn fn,
                                   void *ctx);
/* Only from PENDING. HF_STATE: it is something else by now. */
HF_MUST hf_status quorum_row_decide(struct db *db, const char *id, const char *status,
                                    const char *denier, const char *reason, int64_t expires_ms);
/* It is carried out from now on: by one only. HF_STATE: not approved, or begun before. */
HF_MUST hf_status quorum_row_begin(struct db *db, const char *id, int64_t now_ms);
/* What came of it. */
HF_MUST hf_status quorum_row_finish(struct db *db, const char *id, const char *status,
                                    const char *reason, int result_status, struct hf_span result);
HF_MUST hf_status quorum_row_viewed(struct db *db, const char *id);
/* With its decisions. */
HF_MUST hf_status quorum_row_delete(struct db *db, const char *id);
HF_MUST hf_status quorum_rows_expire(struct db *db, int64_t now_ms);

/* Deciding twice is deciding once. */
HF_MUST hf_status quorum_decision_insert(struct db *db, const char *request_id,
                                         const char *identity_id, bool by_app, int64_t now_ms);
typedef hf_status (*quorum_decision_fn)(void *ctx, const char *identity_id, bool by_app);
HF_MUST hf_status quorum_decisions(struct db *db, const char *request_id, quorum_decision_fn fn,
                                   void *ctx);

/* Those of his that have not been carried out are none any longer. */
HF_MUST hf_status quorum_decisions_forget(struct db *db, const char *identity_id);

#endif
