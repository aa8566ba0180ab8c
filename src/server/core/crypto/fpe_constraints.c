/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/crypto/fpe_parse.h"

#include <string.h>

#define NONE INT64_MIN
#define NUMBER_MAX 1000000000000000000 /* 10^FPE_DIGITS_MAX */

struct constraints {
	bool luhn;
	int64_t gt, lt;
	struct json_t * not, *date, *applies_to;
};

static const struct json_field fields[] = {
	{ "luhn_check", JSON_READ_BOOL, offsetof(struct constraints, luhn), false, true, 0, 0 },
	{ "num_gt", JSON_READ_INT, offsetof(struct constraints, gt), false, true, -1, NUMBER_MAX },
	{ "num_lt", JSON_READ_INT, offsetof(struct constraints, lt), false, true, 0, NUMBER_MAX },
	{ "num_ne", JSON_READ_ARRAY, offsetof(struct constraints, not ), false, true, 0, 0 },
	{ "date", JSON_READ_ANY, offsetof(struct constraints, date), false, true, 0, 0 },
	{ "applies_to", JSON_READ_ANY, offsetof(struct constraints, applies_to), false, true, 0,
	  0 },
};

static hf_status read_not(const struct json_t *array, struct fpe_part *p, struct hf_err *err)
{
	size_t n = array ? json_count(array) : 0;

	if (n > FPE_NOT_MAX)
		return hf_fail(err, HF_INVALID, "field \"num_ne\": at most %d numbers",
		               FPE_NOT_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct json_t *element = json_element(array, i);
		uint64_t value = (uint64_t)json_value_int(element);
		size_t at = 0;

		if (!json_value_is(element, JSON_READ_INT))
			return hf_fail(err, HF_INVALID, "field \"num_ne\": whole numbers");
		while (at < p->n_not && p->not [at] < value)
			at++;
		if (value < p->low || value > p->high || (at < p->n_not && p->not [at] == value))
			continue; /* out of range anyway, or said twice */
		memmove(p->not +at + 1, p->not +at, (p->n_not - at) * sizeof(p->not [0]));
		p->not [at] = value;
		p->n_not++;
	}
	return HF_SUCCESS;
}

/* Numbers stand in decimal digits, all preserved or none. */
static hf_status check_number(const struct fpe_part *p, struct hf_err *err)
{
	if (p->kind != PART_CHARS || !alphabet_is_digits(&p->alphabet) || p->max > FPE_DIGITS_MAX ||
	    !p->min)
		return hf_fail(
		        err, HF_INVALID,
		        "num_gt, num_lt, num_ne and date are for parts of 1 to %d digits 0 to "
		        "9",
		        FPE_DIGITS_MAX);
	if (p->preserve.n && !p->preserve.all)
		return hf_fail(err, HF_INVALID,
		               "a part with num_gt, num_lt, num_ne or date is preserved as a whole "
		               "(\"all\") or not at all");
	return HF_SUCCESS;
}

static hf_status set_number(const struct constraints *c, struct fpe_part *p, struct hf_err *err)
{
	HF_TRY(check_number(p, err));
	p->is_number = true;
	p->low = c->gt == NONE ? 0 : (uint64_t)(c->gt + 1);
	p->high = c->lt == NONE ? (uint64_t)NUMBER_MAX - 1 : (uint64_t)(c->lt - 1);
	if (c->lt == 0 || p->low > p->high)
		return hf_fail(err, HF_INVALID, "there is no number above num_gt and below num_lt");
	return read_not(c->not, p, err);
}

static hf_status set_date_part(const char *word, struct fpe_part *p, struct hf_err *err)
{
	static const struct {
		const char *word;
		enum date_part part;
		uint64_t low, high;
	} parts[] = { { "day", DATE_DAY, 1, 31 },
		      { "month", DATE_MONTH, 1, 12 },
		      { "year", DATE_YEAR, 0, 99999 } };

	HF_TRY(check_number(p, err));
	for (size_t i = 0; i < HF_COUNT(parts); i++) {
		if (strcmp(word, parts[i].word) != 0)
			continue;
		p->is_number = true;
		p->low = parts[i].low;
		p->high = parts[i].high;
		p->date_part = parts[i].part;
		return HF_SUCCESS;
	}
	return hf_fail(err, HF_INVALID, "field \"date\": \"day\", \"month\" or \"year\"");
}

struct limits {
	struct json_t *before, *after;
};

static const struct json_field limit_fields[] = {
	{ "before", JSON_READ_OBJECT, offsetof(struct limits, before), false, true, 0, 0 },
	{ "after", JSON_READ_OBJECT, offsetof(struct limits, after), false, true, 0, 0 },
};
static const struct json_field day_fields[] = {
	{ "month", JSON_READ_INT, offsetof(struct fpe_date, month), true, false, 1, 12 },
	{ "year", JSON_READ_INT, offsetof(struct fpe_date, year), false, false, 0, 99999 },
	{ "day", JSON_READ_INT, offsetof(struct fpe_date, day), false, false, 1, 31 },
};

static hf_status read_limit(const struct json_t *object, enum date_kind kind, int64_t *ret,
                            struct hf_err *err)
{
	struct fpe_date d = { .year = NONE, .day = NONE };

	HF_TRY(json_read(object, day_fields, HF_COUNT(day_fields), &d, err));
	if ((d.year == NONE) != (kind == DATES_MONTH_DAY) ||
	    (d.day == NONE) != (kind == DATES_MONTH_YEAR) || !hf_ok(date_number(kind, &d, ret)))
		return hf_fail(err, HF_INVALID, "field \"date\": there is no such date");
	return HF_SUCCESS;
}

/* The parts of a date are the part's own, each of a length, once. */
static hf_status find_parts(const struct fpe_part *p, enum date_kind kind, uint32_t *ret_year_len,
                            struct hf_err *err)
{
	unsigned found[DATE_YEAR + 1] = { 0 };

	*ret_year_len = 1;
	for (size_t i = 0; i < p->n_parts; i++) {
		const struct fpe_part *part = p->parts[i];

		found[part->date_part]++;
		if (part->date_part == DATE_NONE)
			continue;
		if (part->min != part->max || part->preserve.all ||
		    (part->date_part != DATE_YEAR && part->max != 2) || part->max > 5)
			return hf_fail(err, HF_UNSUPPORTED,
			               "the parts of a date have a length each (days and months 2, "
			               "years up to 5), and none of them is preserved");
		if (part->date_part == DATE_YEAR)
			*ret_year_len = part->max;
	}
	if (found[DATE_DAY] != (kind != DATES_MONTH_YEAR) || found[DATE_MONTH] != 1 ||
	    found[DATE_YEAR] != (kind != DATES_MONTH_DAY))
		return hf_fail(err, HF_INVALID,
		               "field \"date\": its parts are a concat's own, with date \"day\", "
		               "\"month\" and \"year\", each once");
	return HF_SUCCESS;
}

static hf_status set_limits(struct fpe_part *p, enum date_kind kind, uint32_t year_len,
                            const struct limits *l, struct hf_err *err)
{
	struct fpe_date first = { 0, 1, 1 }, last = { 9, 12, 31 };

	for (uint32_t i = 1; i < year_len; i++)
		last.year = 10 * last.year + 9;
	HF_TRY(date_number(kind, &first, &p->first_day));
	HF_TRY(date_number(kind, &last, &p->last_day));
	if (l->after) {
		HF_TRY(read_limit(l->after, kind, &p->first_day, err));
		p->first_day++;
	}
	if (l->before) {
		int64_t before;

		HF_TRY(read_limit(l->before, kind, &before, err));
		if (before <= p->last_day)
			p->last_day = before - 1;
	}
	if (p->first_day > p->last_day)
		return hf_fail(err, HF_INVALID,
		               "field \"date\": no date is after and before these");
	p->dates = kind;
	return HF_SUCCESS;
}

static hf_status set_dates(const struct json_t *date, struct fpe_part *p, struct hf_err *err)
{
	static const struct {
		const char *name;
		enum date_kind kind;
	} kinds[] = { { "dmy_date", DATES_DMY },
		      { "month_day_date", DATES_MONTH_DAY },
		      { "month_year_date", DATES_MONTH_YEAR } };

	if (p->kind != PART_CONCAT)
		return hf_fail(err, HF_INVALID, "field \"date\": a whole date is of a concat");
	for (size_t i = 0; i < HF_COUNT(kinds); i++) {
		const struct json_t *within = json_member(date, kinds[i].name);
		struct limits l = { 0 };
		uint32_t year_len;

		if (!within)
			continue;
		HF_TRY(json_read(within, limit_fields, HF_COUNT(limit_fields), &l, err));
		HF_TRY(find_parts(p, kinds[i].kind, &year_len, err));
		return set_limits(p, kinds[i].kind, year_len, &l, err);
	}
	return hf_fail(err, HF_INVALID,
	               "field \"date\": dmy_date, month_day_date or month_year_date");
}

/* All characters within are digits, and stand under nothing else. */
static hf_status check_luhn(const struct fpe_part *p, struct hf_err *err)
{
	if (p->kind == PART_CHARS && (!alphabet_is_digits(&p->alphabet) || p->is_number))
		return hf_fail(err, HF_INVALID,
		               "field \"luhn_check\": only over digits, which have no other "
		               "constraint");
	for (size_t i = 0; i < p->n_parts; i++) {
		if (p->parts[i]->luhn)
			return hf_fail(err, HF_INVALID, "field \"luhn_check\": one within another");
		HF_TRY(check_luhn(p->parts[i], err));
	}
	return HF_SUCCESS;
}

hf_status fpe_read_constraints(const struct json_t *object, struct fpe_part *p, struct hf_err *err)
{
	struct constraints c = { .gt = NONE, .lt = NONE };

	if (!object)
		return HF_SUCCESS;
	HF_TRY(json_read(object, fields, HF_COUNT(fields), &c, err));
	if (c.applies_to &&
	    (!json_value_text(c.applies_to) || strcmp(json_value_text(c.applies_to), "all") != 0))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"applies_to\": constraints stand at the part that they are "
		               "about, here");
	if (c.gt != NONE || c.lt != NONE || (c.not &&json_count(c.not )))
		HF_TRY(set_number(&c, p, err));
	if (c.date && p->is_number)
		return hf_fail(err, HF_INVALID,
		               "field \"date\": together with num_gt and the like");
	if (c.date && json_value_text(c.date))
		HF_TRY(set_date_part(json_value_text(c.date), p, err));
	else if (c.date)
		HF_TRY(set_dates(c.date, p, err));
	if (!c.luhn)
		return HF_SUCCESS;
	p->luhn = true;
	return check_luhn(p, err);
}
