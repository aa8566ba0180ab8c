/* SPDX-License-Identifier: Apache-2.0
 * Table `server_secrets`: what the secret that all servers of this database share looks like, from
 * outside. */
#ifndef HF_SERVER_STORE_SECRET_ROWS_H
#define HF_SERVER_STORE_SECRET_ROWS_H

#include "db/db.h"

/* Puts ours there when there is none yet. *ret_same: it is ours that is there. Inside a
 * transaction.
 */
HF_MUST hf_status secret_row_compare(struct db *db, const char *fingerprint, bool *ret_same);

#endif
