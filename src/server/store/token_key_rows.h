/* SPDX-License-Identifier: Apache-2.0
 * Table `token_keys`: the generations of the key that signs access tokens. The keys themselves are
 * derived (core/people/token_keys.h), never stored. */
#ifndef HF_SERVER_STORE_TOKEN_KEY_ROWS_H
#define HF_SERVER_STORE_TOKEN_KEY_ROWS_H

#include "db/db.h"

struct token_key_row {
	int64_t generation; /* from 1 */
	int64_t created_ms;
	bool retired; /* its tokens are no longer taken */
};

/* HF_EXISTS: another server was faster. */
HF_MUST hf_status token_key_row_insert(struct db *db, int64_t generation, int64_t now_ms);
/* The newest first, at most `max`. */
HF_MUST hf_status token_key_rows_read(struct db *db, struct token_key_row *rows, size_t max,
                                      size_t *ret);
/* All below this generation. */
HF_MUST hf_status token_key_rows_retire(struct db *db, int64_t below, int64_t now_ms);

#endif
