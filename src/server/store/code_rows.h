/* SPDX-License-Identifier: Apache-2.0
 * Table `codes`: codes that an administrator hands to a person, or a person makes for himself; each
 * is good once, and only its SHA-256 is kept (core/people/codes.h). */
#ifndef HF_SERVER_STORE_CODE_ROWS_H
#define HF_SERVER_STORE_CODE_ROWS_H

#include "base/id.h"
#include "db/db.h"

struct code_row {
	struct hf_span hash;
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	const char *kind;
	int64_t expires_ms;
};

HF_MUST hf_status code_row_insert(struct db *db, const struct code_row *row);
/* Fills in whose it is. HF_NOTFOUND: no such code of this kind, or it was used or has expired. */
HF_MUST hf_status code_row_find(struct db *db, int64_t now_ms, struct code_row *row);
/* Uses it, once. HF_NOTFOUND as above. */
HF_MUST hf_status code_row_use(struct db *db, const struct code_row *row, int64_t now_ms);
/* Those of this kind that the identity has not used. */
HF_MUST hf_status code_rows_withdraw(struct db *db, const char *identity_id, const char *kind);
/* Those that expired before. */
HF_MUST hf_status code_rows_forget(struct db *db, int64_t before_ms);

#endif
