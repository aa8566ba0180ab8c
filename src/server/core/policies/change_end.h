/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a change that was held. For approval_end.c. */
#ifndef HF_SERVER_CORE_POLICIES_CHANGE_END_H
#define HF_SERVER_CORE_POLICIES_CHANGE_END_H

#include "server/core/policies/changes.h"

/* Makes the change, or drops it for a reason. One that cannot be made any more, because the thing
 * is not as it was, is kept as failed with the applier's words: that is HF_OK. */
HF_MUST hf_status change_end(struct db *db, const char *org_id, const char *id, bool approved,
                             const char *reason, int64_t now_ms);

#endif
