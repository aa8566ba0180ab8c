/* SPDX-License-Identifier: Apache-2.0
 * User actions that were used, so that each is used once; kept as long as they could be presented
 * again. */
#ifndef HF_SERVER_STORE_ACTION_ROWS_H
#define HF_SERVER_STORE_ACTION_ROWS_H

#include "db/db.h"

/* HF_EXISTS: it was spent before. HF_TIMEOUT: its time to be forgotten has come, so that nobody
 * could tell whether it was. The database's clock decides of both (clock.h): a server whose own
 * clock is wrong can neither spend an action twice nor make another forget that it was spent. */
HF_MUST hf_status action_row_spend(struct db *db, const char *id, int64_t forget_ms);
/* Forgets at most `limit` of those that no longer matter. */
HF_MUST hf_status action_rows_forget(struct db *db, int limit);

#endif
