/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `crypto_results`: what drivers made of operations on keys, sealed, until the
 * server that asked takes it (core/backends/pool.h). Inside a write task. */
#ifndef HF_SERVER_STORE_CRYPTO_RESULT_ROWS_H
#define HF_SERVER_STORE_CRYPTO_RESULT_ROWS_H

#include "base/id.h"
#include "db/db.h"

/* HF_EXISTS: there is one of this id. */
HF_MUST hf_status crypto_result_row_insert(struct db *db, const char *id, const char *org_id,
                                           struct hf_span sealed, int64_t now_ms);
/* Appends the sealed result, and removes the row. HF_NOTFOUND: there is none (any more). */
HF_MUST hf_status crypto_result_row_take(struct db *db, const char *id, struct hf_buf *ret);
/* Nobody came for those. */
HF_MUST hf_status crypto_result_rows_forget(struct db *db, int64_t before_ms);

#endif
