/* SPDX-License-Identifier: Apache-2.0
 * When a key is rotated by itself. */
#include "base/clock.h"
#include "json/read.h"
#include "server/core/objects/object_rotate.h"

#include <time.h>

enum { DAYS_MAX = 36500, MONTHS_MAX = 1200 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

struct policy_fields {
	int64_t days, months;
	const char *effective_at;
	bool deactivate;
};
static const struct json_field policy_fields[] = {
	{ "interval_days", JSON_READ_INT, offsetof(struct policy_fields, days), false, true, 1,
	  DAYS_MAX },
	{ "interval_months", JSON_READ_INT, offsetof(struct policy_fields, months), false, true, 1,
	  MONTHS_MAX },
	{ "effective_at", JSON_READ_TEXT, offsetof(struct policy_fields, effective_at), false, true,
	  0, 32 },
	{ "deactivate_rotated_key", JSON_READ_BOOL, offsetof(struct policy_fields, deactivate),
	  false, true, 0, 0 },
};

hf_status rotation_policy_read(const struct json_t *from, struct rotation_policy *ret,
                               struct hf_err *err)
{
	struct policy_fields in = { 0 };
	int64_t effective = 0;

	if (json_member(from, "rotate_copied_keys"))
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "rotation_policy: rotate_copied_keys is not supported: it would take "
		        "keys out of their HSM with nobody asking for it. Rotate, then copy "
		        "the new key (POST /crypto/v1/keys/copy)");
	HF_TRY(hf_context(err, json_read(from, policy_fields, HF_COUNT(policy_fields), &in, err),
	                  "rotation_policy"));
	if (!in.days == !in.months)
		return hf_fail(err, HF_INVALID,
		               "rotation_policy has interval_days or interval_months, one of the "
		               "two");
	if (in.effective_at && !hf_ok(hf_basic_parse(in.effective_at, &effective)))
		return hf_fail(err, HF_INVALID,
		               "rotation_policy: effective_at is a time like 20261231T235959Z");
	*ret = (struct rotation_policy){
		.days = in.days,
		.months = in.months,
		.effective_ms = effective,
		.deactivate = in.deactivate,
	};
	return HF_SUCCESS;
}

/* The same day of another month, or its last when it has no such day. */
static int64_t add_months(int64_t ms, int64_t months)
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm, first;

	if (!gmtime_r(&at, &tm))
		return ms;
	tm.tm_mon += (int)months;
	first = tm;
	first.tm_mday = 1;
	timegm(&first); /* the month it is, normalised */
	at = timegm(&tm);
	if (gmtime_r(&at, &tm) && tm.tm_mon != first.tm_mon) {
		/* Beyond its end: the day before the first of the month that it ran into. */
		tm.tm_mday = 0;
		at = timegm(&tm);
	}
	return (int64_t)at * 1000 + ms % 1000;
}

int64_t rotation_policy_next(const struct rotation_policy *p, int64_t from_ms, int64_t after_ms)
{
	int64_t from = p->effective_ms ? p->effective_ms : from_ms;
	int64_t steps = p->effective_ms ? 0 : 1;
	int64_t next;

	if (p->days) {
		int64_t each = p->days * DAY_MS;

		if (from + steps * each <= after_ms)
			steps = (after_ms - from) / each + 1;
		return from + steps * each;
	}
	if (from < after_ms) /* a month has at most 31 days: never beyond it */
		steps = (after_ms - from) / (31 * p->months * DAY_MS);
	if (!p->effective_ms && steps < 1)
		steps = 1;
	while ((next = add_months(from, steps * p->months)) <= after_ms)
		steps++;
	return next;
}
