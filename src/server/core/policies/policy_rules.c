/* SPDX-License-Identifier: Apache-2.0
 * The rules. Each begins with what makes it trigger, and ends with the one case in which it does
 * not. */
#include "server/core/policies/policy_judge.h"

#include "server/store/outflow_rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SAY(outcome, triggers, ...)                                                                \
	do {                                                                                       \
		(outcome)->triggered = (triggers);                                                 \
		snprintf((outcome)->reason, sizeof((outcome)->reason), __VA_ARGS__);               \
	} while (0)

static bool is_readable(const struct activity *a)
{
	return a->network && a->plan && a->plan->readable;
}

static bool same_address(const struct chain_network *network, const char *a, const char *b)
{
	bool hex = strcmp(chain_name(network->chain), "Evm") == 0; /* its case is a checksum */

	return (hex ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

static bool is_listed(const struct policy_rule *r, const struct chain_network *network,
                      const char *address)
{
	for (size_t i = 0, n = json_count(r->addresses); i < n; i++)
		if (same_address(network, json_value_text(json_element(r->addresses, i)), address))
			return true;
	return false;
}

static void judge_recipients(const struct policy_rule *r, const struct activity *a,
                             struct rule_outcome *ret)
{
	if (!is_readable(a)) {
		SAY(ret, true,
		    "What is signed cannot be read as payments: its recipients are "
		    "not known");
		return;
	}
	for (size_t i = 0; i < a->plan->n_transfers; i++) {
		if (is_listed(r, a->network, a->plan->transfers[i].to))
			continue;
		SAY(ret, true, "Recipient %s is not on the list", a->plan->transfers[i].to);
		return;
	}
	SAY(ret, false, "All recipients are on the list");
}

bool plan_total(const struct activity *a, struct chain_amount *ret)
{
	struct chain_amount sum = chain_amount_u64(0);

	if (!is_readable(a))
		return false;
	for (size_t i = 0; i < a->plan->n_transfers; i++) {
		const struct chain_transfer *t = &a->plan->transfers[i];

		if (!t->native || !hf_ok(chain_amount_add(&sum, &t->amount, &sum)))
			return false;
	}
	*ret = sum;
	return true;
}

/* In the smallest unit. Digits beyond that are dropped: the limit gets stricter. False: more than
 * an amount can be, which nothing exceeds. */
static bool limit_in_units(const char *text, unsigned decimals, struct chain_amount *ret)
{
	char cut[POLICY_LIMIT_TEXT_MAX];
	char *point;

	snprintf(cut, sizeof(cut), "%s", text);
	point = strchr(cut, '.');
	if (point && !decimals)
		*point = '\0';
	else if (point && strlen(point + 1) > decimals)
		point[1 + decimals] = '\0';
	return hf_ok(chain_amount_parse(cut, decimals, ret));
}

/* The amount, when it can be compared with the rule's limit; otherwise the rule triggers. */
static bool comparable(const struct policy_rule *r, const struct activity *a,
                       struct chain_amount *amount, struct rule_outcome *ret)
{
	if (strcmp(r->currency, "USD") == 0)
		SAY(ret, true,
		    "The limit is in USD, and this server knows no prices: give it in "
		    "the network's own coin");
	else if (!is_readable(a))
		SAY(ret, true,
		    "What is signed cannot be read as payments: its amount is not "
		    "known");
	else if (strcmp(a->network->symbol, r->currency) != 0)
		SAY(ret, true,
		    "The limit is in %s, which cannot be compared with what is paid on "
		    "%s",
		    r->currency, a->network->name);
	else if (!plan_total(a, amount))
		SAY(ret, true, "It moves something else than %s, whose worth is not known",
		    r->currency);
	else
		return true;
	return false;
}

static void compare(const struct policy_rule *r, const struct activity *a,
                    const struct chain_amount *amount, const char *what, struct rule_outcome *ret)
{
	unsigned decimals = a->network->decimals;
	char text[CHAIN_AMOUNT_TEXT_MAX];
	struct chain_amount limit;
	bool over = limit_in_units(r->limit, decimals, &limit) &&
	            chain_amount_compare(amount, &limit) > 0;

	chain_amount_print(amount, decimals, text);
	SAY(ret, over, "%s of %s %s is %s the limit of %s", what, text, r->currency,
	    over ? "above" : "within", r->limit);
}

static void judge_amount(const struct policy_rule *r, const struct activity *a,
                         struct rule_outcome *ret)
{
	struct chain_amount amount;

	if (comparable(r, a, &amount, ret))
		compare(r, a, &amount, "Amount", ret);
}

static hf_status judge_amount_velocity(struct db *db, const struct policy_rule *r,
                                       const struct activity *a, struct rule_outcome *ret)
{
	struct chain_amount amount, before;
	hf_status s;

	if (!comparable(r, a, &amount, ret))
		return HF_SUCCESS;
	s = outflow_sum(db, a->key_id, r->currency, r->timeframe_min, &before);
	if (hf_ok(s))
		s = chain_amount_add(&amount, &before, &amount);
	if (s.code == HF_TOOBIG) {
		SAY(ret, true, "Amounts beyond all counting");
		return HF_SUCCESS;
	}
	HF_TRY(s);
	compare(r, a, &amount, "Sum over time", ret);
	return HF_SUCCESS;
}

static hf_status judge_count_velocity(struct db *db, const struct policy_rule *r,
                                      const struct activity *a, struct rule_outcome *ret)
{
	int64_t before;

	HF_TRY(outflow_count(db, a->key_id, r->timeframe_min, &before));
	SAY(ret, before >= r->count, "Request %lld of this key in %lld minutes, of %lld allowed",
	    (long long)before + 1, (long long)r->timeframe_min, (long long)r->count);
	return HF_SUCCESS;
}

hf_status policy_rule_judge(struct db *db, const struct policy_rule *r, const struct activity *a,
                            struct rule_outcome *ret)
{
	switch (r->kind) {
	case RULE_ALWAYS:
		SAY(ret, true, "This policy always triggers");
		return HF_SUCCESS;
	case RULE_RECIPIENTS:
		judge_recipients(r, a, ret);
		return HF_SUCCESS;
	case RULE_AMOUNT:
		judge_amount(r, a, ret);
		return HF_SUCCESS;
	case RULE_AMOUNT_VELOCITY:
		return judge_amount_velocity(db, r, a, ret);
	case RULE_COUNT_VELOCITY:
		return judge_count_velocity(db, r, a, ret);
	}
	return HF_FAILURE(HF_INTERNAL);
}
