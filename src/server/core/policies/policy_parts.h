/* SPDX-License-Identifier: Apache-2.0
 * The parts of a policy's reader. For policy.c and its neighbours only. */
#ifndef HF_SERVER_CORE_POLICIES_POLICY_PARTS_H
#define HF_SERVER_CORE_POLICIES_POLICY_PARTS_H

#include "server/core/policies/policy.h"

#define POLICY_TAG_MAX 400

/* That each element is text of 1 to max_chars bytes. */
HF_MUST hf_status policy_text_list(const struct json_t *list, const char *name, size_t max_chars,
                                   struct hf_err *err);

HF_MUST hf_status policy_read_rule(const struct json_t *rule, enum activity_kind activity,
                                   struct policy_rule *to, struct hf_err *err);
/* Action, time-out and groups; p->activity is set. */
HF_MUST hf_status policy_read_action(const struct json_t *action, struct policy *p,
                                     struct hf_err *err);

#endif
