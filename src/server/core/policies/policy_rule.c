/* SPDX-License-Identifier: Apache-2.0
 * Reading a policy's rule. */
#include "base/text.h"
#include "server/core/policies/policy_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT_MAX 1000000000
#define SYMBOL_MAX 24
#define LIMIT_LEAST 1e-18
#define LIMIT_MOST 1e30

/* "+21", as printf() has it. */
static int exponent_of(const char *text)
{
	int value = 0;

	for (const char *c = text + 1; *c; c++)
		value = 10 * value + (*c - '0');
	return *text == '-' ? -value : value;
}

/* The shortest decimal digits that read as the same number, without an exponent: a limit of 0.1 is
 * a tenth of a coin, not what a double makes of it. */
static void print_plain(double v, char to[POLICY_LIMIT_TEXT_MAX])
{
	char sci[40], digits[24];
	size_t n = 0, at = 0;
	int exponent, p = 0;

	do
		snprintf(sci, sizeof(sci), "%.*e", p, v);
	while (strtod(sci, NULL) != v && ++p < 17);
	for (const char *c = sci; *c != 'e'; c++)
		if (*c != '.')
			digits[n++] = *c;
	exponent = exponent_of(strchr(sci, 'e') + 1);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	for (int place = exponent > 0 ? exponent : 0; place >= 0 || exponent - place < (int)n;
	     place--) {
		int i = exponent - place;

		if (place == -1)
			to[at++] = '.';
		to[at++] = i >= 0 && i < (int)n ? digits[i] : '0';
	}
	to[at] = '\0';
}

static hf_status read_limit(const struct json_t *v, char to[POLICY_LIMIT_TEXT_MAX],
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(64);
	double number;

	if (json_value_is(v, JSON_READ_INT) && json_value_int(v) >= 0) {
		snprintf(to, POLICY_LIMIT_TEXT_MAX, "%lld", (long long)json_value_int(v));
		return HF_SUCCESS;
	}
	if (v && !json_value_is(v, JSON_READ_TEXT) && !json_value_is(v, JSON_READ_OBJECT) &&
	    !json_value_is(v, JSON_READ_ARRAY) && hf_ok(json_canonical(v, &text))) {
		char *end;

		hf_buf_u8(&text, 0);
		HF_TRY(hf_buf_status(&text));
		number = strtod((const char *)text.ptr, &end);
		if (end != (const char *)text.ptr && !*end && number >= LIMIT_LEAST &&
		    number <= LIMIT_MOST) {
			print_plain(number, to);
			return HF_SUCCESS;
		}
	}
	return hf_fail(err, HF_INVALID,
	               "field \"limit\": expected a number from 0 to 1e30, in "
	               "whole coins, at least 1e-18 if it is not 0");
}

static hf_status read_currency(const char *currency, struct hf_err *err)
{
	if (strcmp(currency, "USD") == 0)
		return HF_SUCCESS;
	for (size_t i = 0; i < chain_network_count; i++)
		if (strcmp(chain_networks[i].symbol, currency) == 0)
			return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"currency\": expected the symbol of a network's "
	               "coin, such as \"ETH\" or \"BTC\". \"USD\" is taken too, but there are no "
	               "prices here, so that such a rule always triggers");
}

static hf_status read_recipients(const struct json_t *configuration, struct policy_rule *to,
                                 struct hf_err *err)
{
	struct json_t *addresses = NULL;
	static const struct json_field fields[] = {
		{ "addresses", JSON_READ_ARRAY, 0, true, false, 0, POLICY_LIST_MAX },
	};

	HF_TRY(json_read(configuration, fields, HF_COUNT(fields), &addresses, err));
	HF_TRY(policy_text_list(addresses, "addresses", CHAIN_ADDRESS_MAX - 1, err));
	to->addresses = addresses;
	return HF_SUCCESS;
}

static hf_status read_amount(const struct json_t *configuration, struct policy_rule *to,
                             struct hf_err *err)
{
	struct {
		struct json_t *limit;
		const char *currency;
		int64_t timeframe;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "limit", JSON_READ_ANY, offsetof(__typeof__(in), limit), true },
		{ "currency", JSON_READ_TEXT, offsetof(__typeof__(in), currency), true, false, 1,
		  SYMBOL_MAX },
		{ "timeframe", JSON_READ_INT, offsetof(__typeof__(in), timeframe), true, false, 1,
		  POLICY_TIMEFRAME_MAX },
	};
	size_t n = to->kind == RULE_AMOUNT_VELOCITY ? HF_COUNT(fields) : HF_COUNT(fields) - 1;

	HF_TRY(json_read(configuration, fields, n, &in, err));
	HF_TRY(read_currency(in.currency, err));
	to->currency = in.currency;
	to->timeframe_min = in.timeframe;
	return read_limit(in.limit, to->limit, err);
}

static hf_status read_count(const struct json_t *configuration, struct policy_rule *to,
                            struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "limit", JSON_READ_INT, offsetof(struct policy_rule, count), true, false, 0,
		  COUNT_MAX },
		{ "timeframe", JSON_READ_INT, offsetof(struct policy_rule, timeframe_min), true,
		  false, 1, POLICY_TIMEFRAME_MAX },
	};

	return json_read(configuration, fields, HF_COUNT(fields), to, err);
}

static hf_status read_configuration(const struct json_t *configuration, struct policy_rule *to,
                                    struct hf_err *err)
{
	if (!configuration && to->kind != RULE_ALWAYS)
		return hf_fail(err, HF_INVALID, "field \"configuration\" is missing");
	switch (to->kind) {
	case RULE_ALWAYS:
		return configuration ? json_read(configuration, NULL, 0, NULL, err) : HF_SUCCESS;
	case RULE_RECIPIENTS:
		return read_recipients(configuration, to, err);
	case RULE_AMOUNT:
	case RULE_AMOUNT_VELOCITY:
		return read_amount(configuration, to, err);
	case RULE_COUNT_VELOCITY:
		return read_count(configuration, to, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}

static const char *const rule_names[] = {
	[RULE_ALWAYS] = "AlwaysTrigger",
	[RULE_RECIPIENTS] = "TransactionRecipientWhitelist",
	[RULE_AMOUNT] = "TransactionAmountLimit",
	[RULE_AMOUNT_VELOCITY] = "TransactionAmountVelocity",
	[RULE_COUNT_VELOCITY] = "TransactionCountVelocity",
};

static hf_status read_kind(const char *name, enum policy_rule_kind *ret, struct hf_err *err)
{
	for (size_t i = 0; i < HF_COUNT(rule_names); i++) {
		if (strcmp(rule_names[i], name) == 0) {
			*ret = (enum policy_rule_kind)i;
			return HF_SUCCESS;
		}
	}
	if (strncmp(name, "Chainalysis", 11) == 0 || strncmp(name, "TravelRule", 10) == 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "rule: field \"kind\": \"%s\" asks a service on the internet, which "
		               "this server does not do. Use TransactionRecipientWhitelist, or "
		               "AlwaysTrigger with RequestApproval",
		               name);
	return hf_fail(err, HF_INVALID,
	               "rule: field \"kind\": expected AlwaysTrigger, "
	               "TransactionRecipientWhitelist, TransactionAmountLimit, "
	               "TransactionAmountVelocity or TransactionCountVelocity");
}

hf_status policy_read_rule(const struct json_t *rule, enum activity_kind activity,
                           struct policy_rule *to, struct hf_err *err)
{
	struct {
		const char *kind;
		struct json_t *configuration;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "kind", JSON_READ_TEXT, offsetof(__typeof__(in), kind), true, false, 1, 64 },
		{ "configuration", JSON_READ_OBJECT, offsetof(__typeof__(in), configuration) },
	};

	HF_TRY(hf_context(err, json_read(rule, fields, HF_COUNT(fields), &in, err), "rule"));
	HF_TRY(read_kind(in.kind, &to->kind, err));
	if (to->kind != RULE_ALWAYS && activity != ACTIVITY_WALLETS_SIGN)
		return hf_fail(err, HF_INVALID,
		               "rule: field \"kind\": for \"%s\" expected AlwaysTrigger",
		               activity_kind_name(activity));
	return hf_context(err, read_configuration(in.configuration, to, err), "rule.configuration");
}
