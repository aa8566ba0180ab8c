/* SPDX-License-Identifier: Apache-2.0
 * Which keys have a date ahead that nobody was told of yet. objects.told_deactivation and
 * told_rotation are the date that was told of: another date is told of anew. */
#ifndef HF_SERVER_STORE_NOTICE_ROWS_H
#define HF_SERVER_STORE_NOTICE_ROWS_H

#include "server/store/object_rows.h"

enum notice { NOTICE_DEACTIVATION, NOTICE_ROTATION };

/* Active, with that date after `now_ms` and by `until_ms`; the nearest first. */
HF_MUST hf_status object_rows_to_tell(struct db *db, enum notice of, int64_t now_ms,
                                      int64_t until_ms, int limit, object_row_fn fn, void *ctx);
/* *ret: it was not told of before, by any server; and now it is. */
HF_MUST hf_status object_row_told(struct db *db, enum notice of, const char *id, int64_t due_ms,
                                  bool *ret);

#endif
