/* SPDX-License-Identifier: Apache-2.0
 * A policy as its JSON says it: which activities, which rule triggers, what then happens. The same
 * reader takes what callers send and what is stored, so a policy that could not be sent is not
 * followed either.
 *
 * Pure: no database, any thread. */
#ifndef HF_SERVER_CORE_POLICIES_POLICY_H
#define HF_SERVER_CORE_POLICIES_POLICY_H

#include "json/read.h"
#include "server/core/policies/activities.h"

#define POLICY_NAME_CHARS 100
#define POLICY_GROUPS_MAX 20
#define POLICY_APPROVERS_MAX 100 /* of one group */
#define POLICY_LIST_MAX 1000     /* addresses, or ids and tags of a filter */
#define POLICY_LIMIT_TEXT_MAX 64
#define POLICY_TIMEFRAME_MAX 43200 /* minutes: 30 days */
#define POLICY_TIMEOUT_MAX 525600  /* minutes: a year */

enum policy_rule_kind {
	RULE_ALWAYS,
	RULE_RECIPIENTS,
	RULE_AMOUNT,
	RULE_AMOUNT_VELOCITY,
	RULE_COUNT_VELOCITY,
};

enum policy_action { POLICY_REQUEST_APPROVAL, POLICY_BLOCK, POLICY_NO_ACTION };

struct policy_rule {
	enum policy_rule_kind kind;
	const struct json_t *addresses;    /* RECIPIENTS */
	char limit[POLICY_LIMIT_TEXT_MAX]; /* of amounts: decimal text, in whole coins */
	const char *currency;              /* of amounts: a coin's symbol, or "USD" */
	int64_t count;                     /* COUNT_VELOCITY */
	int64_t timeframe_min;             /* both velocities */
};

struct policy_group {
	const char *name; /* "": none */
	int64_t quorum;
	const struct json_t *users; /* NULL: every user of the organisation */
	bool initiator_can_approve;
};

/* Arrays of text; NULL: the filter does not say. */
struct policy_filters {
	const struct json_t *wallets, *tags_any, *tags_all;
	const struct json_t *entities; /* permissionId or policyId */
};

/* Borrows from the JSON that it was read from. */
struct policy {
	const char *name;
	enum activity_kind activity;
	struct policy_rule rule;
	enum policy_action action;
	int64_t timeout_min; /* 0: an approval waits for ever */
	struct policy_group groups[POLICY_GROUPS_MAX];
	size_t n_groups;
	struct policy_filters filters;
	/* As they were written. */
	const struct json_t *rule_json, *action_json, *filters_json; /* filters: NULL */
};

/* The whole body: name, activityKind, rule, action, filters. HF_INVALID, or HF_UNSUPPORTED for what
 * the official API has and this server has not; with words that name the field. */
HF_MUST hf_status policy_read(const struct json_t *body, struct policy *ret, struct hf_err *err);

/* Activities, by name. HF_NOTFOUND. */
HF_MUST hf_status activity_kind_parse(const char *name, enum activity_kind *ret);

bool text_list_has(const struct json_t *list, const char *text);

#endif
