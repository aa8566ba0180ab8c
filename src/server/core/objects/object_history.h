/* SPDX-License-Identifier: Apache-2.0
 * What a security object was before a change, so that the change can be taken back: in groups with
 * a key_history_policy, until its undo_time_window is over. State, key_ops, dates and rotation
 * policy are kept; a key's material never is: with it the history ends. EXPORT, once it is gone
 * from the key_ops, is not given back: that a key may not leave is for good. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_HISTORY_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_HISTORY_H

#include "server/core/objects/object.h"
#include "server/store/history_rows.h"

/* In the transaction of a change: what `was` becomes `is`. Nothing, where the group keeps none. */
HF_MUST hf_status object_history_keep(struct db *db, const struct group *group,
                                      const struct object_row *was, const struct object_row *is,
                                      int64_t now_ms);
/* With texts of its own. */
HF_MUST hf_status object_history_copy(const struct history_row *from, struct history_row *ret);
void object_history_done(struct history_row *row);

/* May this be gone back to? HF_STATE, HF_DENIED with words. Who may is the guard's to say. */
HF_MUST hf_status object_history_check(const struct object *o, const struct history_row *to,
                                       struct hf_err *err);
/* Inside the change's transaction. The row borrows from `to`. */
HF_MUST hf_status object_history_apply(const struct history_row *to, int64_t now_ms,
                                       struct object_row *row, struct hf_err *err);

#endif
