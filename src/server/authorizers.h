/* SPDX-License-Identifier: Apache-2.0
 * A first file of authorizers (proof/authorizers.h) out of the server's database, for an operator
 * to review: from then on it is his word, not the server's. */
#ifndef HF_SERVER_AUTHORIZERS_H
#define HF_SERVER_AUTHORIZERS_H

#include "base/buf.h"
#include "db/db.h"

/* Appends the active credentials of the organisation's active identities, one rule that lets each
 * of these have every key used, and the audit log's keys. `org_id` NULL: the only one that there
 * is. HF_NOTFOUND, HF_STATE, HF_TOOBIG with words. */
HF_MUST hf_status server_export_authorizers(const struct db_config *db, const char *org_id,
                                            struct hf_buf *to, struct hf_err *err);

#endif
