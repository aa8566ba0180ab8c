/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `outflows`, by the database's clock: what a key has been asked to sign, kept
 * while a policy limits that over time. One query, one function. */
#ifndef HF_SERVER_STORE_OUTFLOW_ROWS_H
#define HF_SERVER_STORE_OUTFLOW_ROWS_H

#include "chain/amount.h"
#include "db/db.h"

/* Until this transaction ends, nobody else accounts for this key. */
HF_MUST hf_status outflow_lock(struct db *db, const char *key_id);
/* symbol NULL: nothing is known about what it pays. Forgets what is older than any limit looks
 * back. Posted. */
HF_MUST hf_status outflow_row_insert(struct db *db, const char *key_id, const char *signature_id,
                                     const char *symbol, const struct chain_amount *amount);
/* A request that will not be signed counts no more. Posted. */
HF_MUST hf_status outflow_row_remove(struct db *db, const char *signature_id);

/* In the last so many minutes. */
HF_MUST hf_status outflow_count(struct db *db, const char *key_id, int64_t minutes, int64_t *ret);
/* HF_TOOBIG: beyond 256 bits. */
HF_MUST hf_status outflow_sum(struct db *db, const char *key_id, const char *symbol,
                              int64_t minutes, struct chain_amount *ret);

#endif
