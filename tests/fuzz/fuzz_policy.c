/* SPDX-License-Identifier: Apache-2.0
 * Policies as callers send them. One that is taken is understood again after it was stored, says
 * the same, and triggers for what nobody can read. */
#include "fuzz.h"

#include "server/core/policies/policy_judge.h"
#include "server/core/policies/policy_set.h"

#include <string.h>

#define MAX (256u << 10)

static void put(const struct json_t *json, struct hf_buf *to)
{
	FUZZ_CHECK(hf_ok(json_canonical(json, to)));
	hf_buf_u8(to, 0);
	FUZZ_CHECK(hf_ok(hf_buf_status(to)));
}

static void check_same(const struct policy *a, const struct policy *b)
{
	FUZZ_CHECK(a->activity == b->activity && a->action == b->action);
	FUZZ_CHECK(a->rule.kind == b->rule.kind && a->n_groups == b->n_groups);
	FUZZ_CHECK(strcmp(a->name, b->name) == 0 && strcmp(a->rule.limit, b->rule.limit) == 0);
	FUZZ_CHECK(a->timeout_min == b->timeout_min && a->rule.count == b->rule.count);
	for (size_t i = 0; i < a->n_groups; i++)
		FUZZ_CHECK(a->groups[i].quorum == b->groups[i].quorum &&
		           (!a->groups[i].users ||
		            json_count(a->groups[i].users) >= (size_t)a->groups[i].quorum));
}

static void check_stored(const struct policy *p)
{
	HF_BUF_SCOPED struct hf_buf rule = HF_BUF(4 * MAX), action = HF_BUF(4 * MAX),
	                            filters = HF_BUF(4 * MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct policy_row row = { .name = p->name, .activity = activity_kind_name(p->activity) };
	struct policy again;

	put(p->rule_json, &rule);
	put(p->action_json, &action);
	row.rule = (const char *)rule.ptr;
	row.action = (const char *)action.ptr;
	if (p->filters_json) {
		put(p->filters_json, &filters);
		row.filters = (const char *)filters.ptr;
	}
	FUZZ_CHECK(hf_ok(policy_row_json(&row, &doc)));
	FUZZ_CHECK(hf_ok(policy_read(doc, &again, NULL)));
	check_same(p, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct activity unread = { .kind = ACTIVITY_WALLETS_SIGN, .key_id = "" };
	struct rule_outcome outcome;
	struct policy p;
	struct hf_err err;

	if (!hf_ok(json_parse(HF_SPAN(data, size), MAX, &doc, &err)) ||
	    !hf_ok(policy_read(doc, &p, &err)))
		return 0;
	check_stored(&p);
	if (p.rule.kind == RULE_COUNT_VELOCITY)
		return 0;
	FUZZ_CHECK(hf_ok(policy_rule_judge(NULL, &p.rule, &unread, &outcome)));
	FUZZ_CHECK(outcome.triggered && *outcome.reason);
	return 0;
}
