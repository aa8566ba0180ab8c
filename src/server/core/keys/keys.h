/* SPDX-License-Identifier: Apache-2.0
 * Keys: rows that an HSM answers for. A key is made by a job; until that is settled it is not
 * shown. Inside a task of the database's; keys of other organisations are not found, as if they did
 * not exist. */
#ifndef HF_SERVER_CORE_KEYS_KEYS_H
#define HF_SERVER_CORE_KEYS_KEYS_H

#include "server/core/queue/jobs.h"
#include "server/store/key_rows.h"

struct key_new {
	const char *id; /* made by the caller, who waits for it */
	const char *org_id, *identity_id;
	const char *store_id; /* "": the organisation's primary one */
	const char *scheme, *curve;
	enum key_type type;
	const char *name; /* "": none */
	struct hf_span proof;
	int64_t now_ms;
};

/* Row and job. HF_NOTFOUND with words when there is no such key store. */
HF_MUST hf_status key_create(struct jobs *jobs, struct db *db, const struct key_new *key,
                             struct hf_err *err);
/* A key that is shown. HF_NOTFOUND with words. */
HF_MUST hf_status key_get(struct db *db, const char *org_id, const char *id, struct key_row *ret,
                          struct hf_err *err);
/* name NULL: cleared. *ret is the key as it is afterwards. */
HF_MUST hf_status key_rename(struct db *db, const char *org_id, const char *id, const char *name,
                             struct key_row *ret, struct hf_err *err);
/* Archives it and its wallets; once archived, it stays as it is. */
HF_MUST hf_status key_archive(struct db *db, const char *org_id, const char *id, int64_t now_ms,
                              struct key_row *ret, struct hf_err *err);

/* What a settled job means to its key, and the wallet that it is made for: see job_settle in
 * core/queue/jobs.h. org_id: whose it is; "": nobody is told. */
HF_MUST hf_status key_settle(struct db *db, const char *org_id, const struct job_settled *settled);

#endif
