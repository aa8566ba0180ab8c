/* SPDX-License-Identifier: Apache-2.0
 * The rows of tables `approvals` and `approval_decisions`: one query, one function. */
#ifndef HF_SERVER_STORE_APPROVAL_ROWS_H
#define HF_SERVER_STORE_APPROVAL_ROWS_H

#include "base/id.h"
#include "db/db.h"

/* Stored by name: append only. */
enum approval_status { APPROVAL_PENDING, APPROVAL_APPROVED, APPROVAL_DENIED, APPROVAL_EXPIRED };
const char *approval_status_name(enum approval_status s); /* "Pending" */
/* HF_NOTFOUND. */
HF_MUST hf_status approval_status_parse(const char *name, enum approval_status *ret);

/* Texts of a row that was read live until the callback returns. */
struct approval_row {
	const char *id, *seq;
	const char *org_id;
	const char *activity;
	const char *subject_id, *initiator_id;
	enum approval_status status;
	bool overdue;            /* its time is over, by the database's clock */
	int64_t expires_ms;      /* 0: never */
	const char *evaluations; /* JSON, as the API has it */
	const char *groups;      /* JSON: core/policies/approvals.h */
	int64_t created_ms, updated_ms, resolved_ms;
};

/* expires_ms is not taken: it is so many minutes from now, by the database's clock; 0: never. */
HF_MUST hf_status approval_row_insert(struct db *db, const struct approval_row *row,
                                      int64_t timeout_min);

typedef hf_status (*approval_row_fn)(void *ctx, const struct approval_row *row);
/* HF_NOTFOUND. */
HF_MUST hf_status approval_row_get(struct db *db, const char *org_id, const char *id,
                                   approval_row_fn fn, void *ctx);
/* The same, and nobody else changes it until this transaction has ended. */
HF_MUST hf_status approval_row_lock(struct db *db, const char *org_id, const char *id,
                                    approval_row_fn fn, void *ctx);

struct approval_filter {
	const char *org_id;
	const char *status, *initiator_id, *approver_id; /* "": any */
};
/* Newest first, after the seq `after` ("": from the newest), at most `limit`. */
HF_MUST hf_status approval_rows_list(struct db *db, const struct approval_filter *f,
                                     const char *after, int limit, approval_row_fn fn, void *ctx);
/* Pending ones whose time is over, locked; those that somebody else has locked are left to him. */
HF_MUST hf_status approval_rows_overdue(struct db *db, int limit, approval_row_fn fn, void *ctx);

/* From pending. HF_STATE when it is not: nothing has happened then. */
HF_MUST hf_status approval_row_resolve(struct db *db, const char *id, enum approval_status to,
                                       int64_t now_ms);
/* Something was decided, but not all. Posted. */
HF_MUST hf_status approval_row_touch(struct db *db, const char *id, int64_t now_ms);

struct decision_row {
	const char *approval_id, *identity_id;
	bool approved;
	const char *reason; /* NULL: none */
	int64_t decided_ms;
	struct hf_span proof, body; /* not read */
};
/* HF_EXISTS: this identity has decided already; nothing is changed. */
HF_MUST hf_status decision_row_insert(struct db *db, const struct decision_row *row);
typedef hf_status (*decision_row_fn)(void *ctx, const struct decision_row *row);
/* Oldest first. */
HF_MUST hf_status decision_rows_each(struct db *db, const char *approval_id, decision_row_fn fn,
                                     void *ctx);

/* Who has made this service account; "" when it was nobody, and for users. */
HF_MUST hf_status account_maker(struct db *db, const char *org_id, const char *account_id,
                                char ret[HF_ID_MAX]);
/* Users who may decide: people of the organisation, active and not archived. */
HF_MUST hf_status approver_is_active(struct db *db, const char *org_id, const char *identity_id,
                                     bool *ret);
/* Whoever it is, person or account: still active. */
HF_MUST hf_status identity_is_active(struct db *db, const char *org_id, const char *identity_id,
                                     bool *ret);
HF_MUST hf_status approvers_count(struct db *db, const char *org_id, int64_t *ret);

#endif
