/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/crypto/fpe_tree.h"

#define MONTHS 12
#define LEAP_YEAR 4 /* any */

static uint64_t greatest(uint32_t digits)
{
	uint64_t power = 1;

	for (uint32_t i = 0; i < digits; i++)
		power *= 10;
	return power - 1;
}

/* What `digits` can write, of low to high. */
static uint64_t top(const struct fpe_part *p, uint32_t digits)
{
	uint64_t most = greatest(digits);

	return p->any_length || p->high < most ? p->high : most;
}

uint64_t number_count(const struct fpe_part *p, uint32_t digits)
{
	uint64_t high = top(p, digits), n;

	if (high < p->low)
		return 0;
	n = high - p->low + 1;
	for (size_t i = 0; i < p->n_not && p->not [i] <= high; i++)
		n--;
	return n;
}

hf_status number_rank(const struct fpe_part *p, uint32_t digits, uint64_t value, uint64_t *ret)
{
	uint64_t rank;

	HF_ENSURE(value >= p->low && value <= top(p, digits), HF_INVALID);
	rank = value - p->low;
	for (size_t i = 0; i < p->n_not && p->not [i] <= value; i++) {
		HF_ENSURE(p->not [i] != value, HF_INVALID);
		rank--;
	}
	*ret = rank;
	return HF_SUCCESS;
}

uint64_t number_at(const struct fpe_part *p, uint64_t rank)
{
	uint64_t value = p->low + rank;

	for (size_t i = 0; i < p->n_not && p->not [i] <= value; i++)
		value++;
	return value;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_before_year(int64_t year)
{
	int64_t last = year - 1; /* the year 0 is a leap year */

	return year ? 366 + 365 * last + last / 4 - last / 100 + last / 400 : 0;
}

static int64_t month_len(int64_t year, int64_t month)
{
	static const uint8_t len[MONTHS] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return len[month - 1] + (month == 2 && is_leap(year));
}

static hf_status day_number(int64_t year, int64_t month, int64_t day, int64_t *ret)
{
	int64_t days = days_before_year(year);

	HF_ENSURE(month >= 1 && month <= MONTHS, HF_INVALID);
	HF_ENSURE(day >= 1 && day <= month_len(year, month), HF_INVALID);
	for (int64_t m = 1; m < month; m++)
		days += month_len(year, m);
	*ret = days + day - 1;
	return HF_SUCCESS;
}

hf_status date_number(enum date_kind kind, const struct fpe_date *date, int64_t *ret)
{
	switch (kind) {
	case DATES_DMY:
		return day_number(date->year, date->month, date->day, ret);
	case DATES_MONTH_DAY:
		HF_TRY(day_number(LEAP_YEAR, date->month, date->day, ret));
		*ret -= days_before_year(LEAP_YEAR);
		return HF_SUCCESS;
	case DATES_MONTH_YEAR:
		HF_ENSURE(date->month >= 1 && date->month <= MONTHS, HF_INVALID);
		*ret = MONTHS * date->year + date->month - 1;
		return HF_SUCCESS;
	case DATES_NONE:
		break;
	}
	return HF_FAILURE(HF_INTERNAL);
}

static struct fpe_date date_of_day(int64_t number)
{
	struct fpe_date d = { .year = number / 366, .month = 1 };

	while (days_before_year(d.year + 1) <= number)
		d.year++;
	number -= days_before_year(d.year);
	while (number >= month_len(d.year, d.month))
		number -= month_len(d.year, d.month++);
	d.day = number + 1;
	return d;
}

struct fpe_date date_of(enum date_kind kind, int64_t number)
{
	if (kind == DATES_MONTH_YEAR)
		return (struct fpe_date){ .year = number / MONTHS, .month = number % MONTHS + 1 };
	if (kind == DATES_MONTH_DAY)
		number += days_before_year(LEAP_YEAR);
	return date_of_day(number);
}
