/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `key_stores`: one query, one function. */
#ifndef HF_SERVER_STORE_STORE_ROWS_H
#define HF_SERVER_STORE_STORE_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define STORE_KIND_HSM "Hsm"
#define STORE_NAME_MAX 65 /* with the NUL: what a driver can name */

struct store_row {
	char id[HF_ID_MAX];
	char kind[16]; /* STORE_KIND_HSM */
	char name[128];
	bool primary;
};

/* issuer_key_id: the intermediate whose leaves may serve it (struct tls_peer); NULL: any that the
 * listener accepts. */
HF_MUST hf_status store_row_insert(struct db *db, const struct store_row *row, const char *org_id,
                                   const char *issuer_key_id, int64_t now);
/* By id, or the primary one when id is "". HF_NOTFOUND: not in this organisation. */
HF_MUST hf_status store_row_get(struct db *db, const char *org_id, const char *id,
                                struct store_row *ret);
/* Whose store it is. HF_NOTFOUND. */
HF_MUST hf_status store_row_org(struct db *db, const char *id, char ret[HF_ID_MAX]);
/* Another intermediate for the store of this id. HF_NOTFOUND. */
HF_MUST hf_status store_row_set_issuer(struct db *db, const char *id, const char *issuer_key_id);
/* The organisation's primary one is this from now on. HF_NOTFOUND: it is not there. */
HF_MUST hf_status store_row_set_primary(struct db *db, const char *org_id, const char *id);
/* How many are open to the leaves of this intermediate (NULL: of any). */
HF_MUST hf_status store_rows_of_issuer(struct db *db, const char *issuer_key_id, int64_t *ret);
typedef hf_status (*store_row_fn)(void *ctx, const struct store_row *row);
HF_MUST hf_status store_rows_list(struct db *db, const char *org_id, store_row_fn fn, void *ctx);

#endif
