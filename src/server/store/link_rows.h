/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `group_links`: one query, one function. A PIN and a client's key are sealed
 * (core/groups/link_secrets.h) and stay so here. */
#ifndef HF_SERVER_STORE_LINK_ROWS_H
#define HF_SERVER_STORE_LINK_ROWS_H

#include "base/id.h"
#include "base/uuid.h"
#include "db/db.h"

#define LINK_URL_MAX 256
#define LINK_KIND_MAX 16
#define LINK_TLS_MAX 65536 /* bytes of TlsConfig as JSON */
#define LINK_WORDS_MAX 256

struct link_row {
	char id[HF_UUID_MAX];
	char group_id[HF_UUID_MAX];
	char org_id[HF_ID_MAX];
	char kind[LINK_KIND_MAX];
	char url[LINK_URL_MAX];
	uint64_t slot;
	int order;
	const char *tls; /* JSON; of a row that was read: valid inside the callback, as these: */
	struct hf_span pin, client_key; /* sealed; empty: none */
	char serial[17];                /* of the token that it reached first; "": none yet */
	char label[33];
	char pin_refused[LINK_WORDS_MAX]; /* "": no */
	int64_t created_ms, updated_ms;
};

HF_MUST hf_status link_row_insert(struct db *db, const struct link_row *row);
/* All but id, group, organisation and the day it was made. HF_NOTFOUND. */
HF_MUST hf_status link_row_update(struct db *db, const struct link_row *row);
/* HF_NOTFOUND: not in this group. */
HF_MUST hf_status link_row_delete(struct db *db, const char *group_id, const char *id);
HF_MUST hf_status link_rows_delete(struct db *db, const char *group_id); /* all of a group */

typedef hf_status (*link_row_fn)(void *ctx, const struct link_row *row);
/* HF_NOTFOUND: not in this group. */
HF_MUST hf_status link_row_get(struct db *db, const char *group_id, const char *id, link_row_fn fn,
                               void *ctx);
/* By their order, then by id. */
HF_MUST hf_status link_rows_list(struct db *db, const char *group_id, link_row_fn fn, void *ctx);

/* What was found out about the connection as it was at `updated_ms`; about another one, nothing is
 * written, and that is fine. The token that is there: */
HF_MUST hf_status link_row_seen(struct db *db, const char *id, int64_t updated_ms,
                                const char *serial, const char *label);
/* What the token said of the PIN; NULL: it is to be tried again. */
HF_MUST hf_status link_row_refused(struct db *db, const char *id, int64_t updated_ms,
                                   const char *words);

#endif
