/* SPDX-License-Identifier: Apache-2.0
 * What webhooks are told about policies and approvals, and the objects as the API has them. */
#ifndef HF_SERVER_CORE_POLICIES_POLICY_EVENTS_H
#define HF_SERVER_CORE_POLICIES_POLICY_EVENTS_H

#include "json/write.h"
#include "server/core/policies/activities.h"
#include "server/store/approval_rows.h"
#include "server/store/change_rows.h"
#include "server/store/policy_rows.h"

void print_policy_members(struct json_writer *w, const struct policy_row *row); /* within {} */
void print_change(struct json_writer *w, const char *key, const struct change_row *row);
/* An Approval; `activity` is JSON, the member of that name. Reads its decisions. */
HF_MUST hf_status print_approval(struct json_writer *w, const char *key, struct db *db,
                                 const struct approval_row *row, struct hf_span activity);

/* Each does nothing when no webhook wants events of the organisation. Inside a write task. */
HF_MUST hf_status tell_triggered(struct db *db, const struct activity *a, const char *policy_id,
                                 const char *reason);
HF_MUST hf_status tell_approval(struct db *db, const char *kind, const struct approval_row *row,
                                int64_t now_ms);

#endif
