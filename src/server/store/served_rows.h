/* SPDX-License-Identifier: Apache-2.0
 * Table `key_stores`, as drivers see it: which stores a certificate may serve. */
#ifndef HF_SERVER_STORE_SERVED_ROWS_H
#define HF_SERVER_STORE_SERVED_ROWS_H

#include "base/id.h"
#include "db/db.h"

struct served_row {
	char id[HF_ID_MAX];
	char name[128];
	bool by_issuer; /* bound to this issuer; otherwise open to every driver that the listener
	                   accepts */
};

/* The stores that leaves of this issuer may serve, those bound to it first. */
typedef hf_status (*served_fn)(void *ctx, const struct served_row *row);
HF_MUST hf_status served_rows_list(struct db *db, const char *issuer_key_id, served_fn fn,
                                   void *ctx);

#endif
