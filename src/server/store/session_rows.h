/* SPDX-License-Identifier: Apache-2.0
 * Sessions of the Crypto API. One query, one function. */
#ifndef HF_SERVER_STORE_SESSION_ROWS_H
#define HF_SERVER_STORE_SESSION_ROWS_H

#include "base/id.h"
#include "crypto/digest.h"
#include "db/db.h"

struct session_row {
	uint8_t hash[SHA256_LEN]; /* of the token */
	char id[HF_ID_MAX];       /* for people and logs: says nothing of the token */
	char org_id[HF_ID_MAX], identity_id[HF_ID_MAX];
	int64_t created_ms, expires_ms;
	int64_t idle_ms; /* a use moves expires_ms this far; 0: it stays */
	bool is_bound;
	uint8_t bound[SHA256_LEN]; /* of the certificate that goes with it */
	int64_t ends_ms;           /* expires_ms never goes beyond; 0: no such time */
	int64_t factor_ms;         /* since when the second factor is shown; 0: it is not */
	int64_t unlocked_ms;       /* until when it may change second factors; 0: it may not */
	bool by_previous;          /* the secret before the present one opened it */
};

HF_MUST hf_status session_row_insert(struct db *db, const struct session_row *row);
/* HF_NOTFOUND. Its time may be over. */
HF_MUST hf_status session_row_get(struct db *db, struct hf_span hash, struct session_row *ret);
/* Never back, and never beyond its end. */
HF_MUST hf_status session_row_extend(struct db *db, struct hf_span hash, int64_t expires_ms);
/* Its second factor is shown. */
HF_MUST hf_status session_row_factor(struct db *db, struct hf_span hash, int64_t now_ms);
/* It may change second factors until then; 0: no longer. */
HF_MUST hf_status session_row_unlock(struct db *db, struct hf_span hash, int64_t until_ms);
HF_MUST hf_status session_row_delete(struct db *db, struct hf_span hash);
HF_MUST hf_status session_rows_delete_of(struct db *db, const char *identity_id);
/* The present secret is the one before from now on: what it opened ends then at the latest; what
 * one before it opened, now. */
HF_MUST hf_status session_rows_end(struct db *db, const char *identity_id, int64_t ends_ms);
/* What the secret before opened ends now. */
HF_MUST hf_status session_rows_delete_previous(struct db *db, const char *identity_id);
/* But this one. */
HF_MUST hf_status session_rows_delete_others(struct db *db, const char *identity_id,
                                             struct hf_span hash);
/* Those whose time is over, a few at a time. */
HF_MUST hf_status session_rows_forget(struct db *db, int64_t now_ms);

#endif
