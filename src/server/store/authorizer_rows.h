/* SPDX-License-Identifier: Apache-2.0
 * Who may sign user actions, as a file of authorizers has it. */
#ifndef HF_SERVER_STORE_AUTHORIZER_ROWS_H
#define HF_SERVER_STORE_AUTHORIZER_ROWS_H

#include "base/id.h"
#include "db/db.h"

/* Valid during the call. */
struct authorizer_row {
	const char *id, *kind, *public_key, *relying_party, *origin; /* "": none */
	const char *identity, *name;                                 /* the identity's */
};
typedef hf_status (*authorizer_row_fn)(void *ctx, const struct authorizer_row *row);
/* Active credentials of active identities, but for those that only recover; by identity. */
HF_MUST hf_status authorizer_rows(struct db *db, const char *org_id, authorizer_row_fn fn,
                                  void *ctx);
/* The keys that sign checkpoints of its audit log. */
typedef hf_status (*authorizer_key_fn)(void *ctx, const char *key_id);
HF_MUST hf_status authorizer_rows_audit_keys(struct db *db, const char *org_id,
                                             authorizer_key_fn fn, void *ctx);
/* The only organisation. HF_NOTFOUND: none; HF_EXISTS: several. */
HF_MUST hf_status authorizer_rows_org(struct db *db, char ret[HF_ID_MAX]);

#endif
