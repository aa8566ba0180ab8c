/* SPDX-License-Identifier: Apache-2.0
 * From a text that was matched to the numerals of one FF1 operation, and back.
 *
 * What is encrypted is a row of digits, each with the number of its possibilities: a character of
 * an alphabet, a number of a range, a date. Where all have the same number (a card, a name), they
 * are the numerals themselves, as the standard's own examples and the API's have it; otherwise they
 * are packed (crypto/mixed.h). */
#include "server/core/crypto/fpe_tree.h"

#include "base/secret.h"
#include "crypto/ff1.h"
#include "crypto/mixed.h"

#include <stdio.h>
#include <string.h>

#define BOUND_MAX FPE_NUMERALS_MAX

void fpe_plan_free(struct fpe_plan *p)
{
	if (!p)
		return;
	if (p->numerals.ptr)
		hf_wipe(p->numerals.ptr, p->numerals.cap);
	hf_buf_done(&p->numerals);
	hf_buf_done(&p->tweak);
	hf_buf_done(&p->bound);
	if (p->text)
		hf_wipe(p->text, sizeof(*p->text));
	free(p->text);
	free(p);
}

struct row {
	struct mixed_digit digit[MIXED_DIGITS_MAX];
	size_t n;
	bool chars_only;
};

static void put_digit(struct row *r, uint64_t size, uint64_t value)
{
	r->digit[r->n++] = (struct mixed_digit){ size, value };
}

static uint64_t run_value(const struct fpe_text *t, const struct fpe_run *run)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < run->len; i++)
		value = 10 * value + (t->slot[run->first + i].c - '0');
	return value;
}

static bool is_preserved(const struct fpe_text *t, const struct fpe_run *run)
{
	return t->slot[run->first].preserved; /* numbers are so as a whole, or not at all */
}

static hf_status out_of_range(struct hf_err *err)
{
	return hf_fail(
	        err, HF_INVALID,
	        "the text is not of the key's format: a number or a date is out of its range");
}

static hf_status row_of_number(const struct fpe_text *t, const struct fpe_run *run, struct row *r,
                               struct hf_err *err)
{
	const struct fpe_part *p = run->part;
	uint64_t rank;

	if (!hf_ok(number_rank(p, run->len, run_value(t, run), &rank)) ||
	    (p->any_length && run->len > 1 && t->slot[run->first].c == '0'))
		return out_of_range(err);
	if (!is_preserved(t, run)) {
		put_digit(r, number_count(p, run->len), rank);
		r->chars_only = false;
	}
	return HF_SUCCESS;
}

static void row_of_chars(const struct fpe_text *t, const struct fpe_run *run, struct row *r)
{
	for (uint32_t i = run->first; i < run->first + run->len; i++)
		if (!t->slot[i].preserved && !t->slot[i].computed)
			put_digit(r, run->part->alphabet.size,
			          (uint64_t)alphabet_value(&run->part->alphabet, t->slot[i].c));
}

static int64_t *place_of(struct fpe_date *d, enum date_part part)
{
	if (part == DATE_DAY)
		return &d->day;
	return part == DATE_MONTH ? &d->month : &d->year;
}

static hf_status row_of_date(const struct fpe_text *t, const struct fpe_span *date, struct row *r,
                             struct hf_err *err)
{
	const struct fpe_part *p = date->part;
	struct fpe_date d = { 0 };
	int64_t number;

	for (uint32_t i = date->first; i < date->first + date->len; i++)
		if (t->run[i].part->date_part != DATE_NONE)
			*place_of(&d, t->run[i].part->date_part) =
			        (int64_t)run_value(t, &t->run[i]);
	if (!hf_ok(date_number(p->dates, &d, &number)) || number < p->first_day ||
	    number > p->last_day)
		return out_of_range(err);
	put_digit(r, (uint64_t)(p->last_day - p->first_day + 1), (uint64_t)(number - p->first_day));
	r->chars_only = false;
	return HF_SUCCESS;
}

/* In the order of the runs, then the dates: the same for a token as for its plaintext. */
static hf_status row_of(const struct fpe_text *t, struct row *r, struct hf_err *err)
{
	r->n = 0;
	r->chars_only = true;
	for (uint32_t i = 0; i < t->n_runs; i++) {
		const struct fpe_run *run = &t->run[i];

		if (run->date >= 0)
			continue;
		if (run->part->is_number)
			HF_TRY(row_of_number(t, run, r, err));
		else
			row_of_chars(t, run, r);
	}
	for (uint32_t i = 0; i < t->n_dates; i++)
		HF_TRY(row_of_date(t, &t->date[i], r, err));
	return HF_SUCCESS;
}

static bool is_even(const struct row *r)
{
	for (size_t i = 1; i < r->n; i++)
		if (r->digit[i].size != r->digit[0].size)
			return false;
	return r->chars_only && r->n >= FF1_LEN_MIN;
}

static hf_status write_numerals(const struct row *r, struct fpe_plan *p)
{
	if (!is_even(r))
		return mixed_pack(r->digit, r->n, &p->radix, &p->numerals, &p->bound);
	p->radix = (uint32_t)r->digit[0].size;
	for (size_t i = 0; i < r->n; i++)
		hf_buf_u16(&p->numerals, (uint16_t)r->digit[i].value);
	return hf_buf_status(&p->numerals);
}

static void put_utf8(struct hf_buf *to, uint32_t c)
{
	if (c < 0x80) {
		hf_buf_u8(to, (uint8_t)c);
		return;
	}
	if (c >= 0x10000) {
		hf_buf_u8(to, (uint8_t)(0xf0 | c >> 18));
		hf_buf_u8(to, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		hf_buf_u8(to, (uint8_t)(0xe0 | c >> 12));
	} else {
		hf_buf_u8(to, (uint8_t)(0xc0 | c >> 6));
	}
	if (c >= 0x800)
		hf_buf_u8(to, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	hf_buf_u8(to, (uint8_t)(0x80 | (c & 0x3f)));
}

static hf_status write_tweak(const struct fpe_text *t, struct hf_buf *to, struct hf_err *err)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->slot[i].preserved)
			put_utf8(to, t->slot[i].c);
	if (hf_ok(hf_buf_status(to)))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "what is preserved of a text has %d bytes at most, being the tweak",
	               FF1_TWEAK_MAX);
}

static hf_status plan(struct fpe_plan *p, const struct fpe_format *f, struct hf_span text,
                      struct row *r, struct hf_err *err)
{
	HF_TRY(fpe_match(f, text, p->text, err));
	HF_TRY(row_of(p->text, r, err));
	HF_TRY(write_tweak(p->text, &p->tweak, err));
	return write_numerals(r, p);
}

hf_status fpe_plan_new(const struct fpe_format *f, struct hf_span text, struct fpe_plan **ret,
                       struct hf_err *err)
{
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = calloc(1, sizeof(*p));
	struct row *r = malloc(sizeof(*r));
	hf_status status = HF_FAILURE(HF_NOMEM);

	if (p && r) {
		p->numerals = HF_BUF(FPE_NUMERALS_MAX);
		p->tweak = HF_BUF(FF1_TWEAK_MAX);
		p->bound = HF_BUF(BOUND_MAX);
		p->text = calloc(1, sizeof(*p->text));
		if (p->text)
			status = plan(p, f, text, r, err);
	}
	if (r)
		hf_wipe(r, sizeof(*r));
	free(r);
	HF_TRY(status);
	*ret = hf_take(p);
	return HF_SUCCESS;
}

static hf_status read_numerals(const struct fpe_plan *p, struct hf_span numerals, struct row *r)
{
	HF_ENSURE(numerals.len == p->numerals.len, HF_CORRUPT);
	if (p->bound.len) {
		if (!hf_ok(mixed_unpack(numerals, p->radix, r->digit, r->n)))
			return HF_FAILURE(HF_CORRUPT);
		return HF_SUCCESS;
	}
	for (size_t i = 0; i < r->n; i++) {
		uint32_t value = (uint32_t)(numerals.ptr[2 * i] << 8 | numerals.ptr[2 * i + 1]);

		HF_ENSURE(value < p->radix, HF_CORRUPT);
		r->digit[i].value = value;
	}
	return HF_SUCCESS;
}

static void write_number(struct fpe_text *t, const struct fpe_run *run, uint64_t value)
{
	for (uint32_t i = run->len; i-- > 0; value /= 10)
		t->slot[run->first + i].c = (uint32_t)('0' + value % 10);
}

static void write_date(struct fpe_text *t, const struct fpe_span *date, uint64_t rank)
{
	struct fpe_date d = date_of(date->part->dates, date->part->first_day + (int64_t)rank);

	for (uint32_t i = date->first; i < date->first + date->len; i++)
		if (t->run[i].part->date_part != DATE_NONE)
			write_number(t, &t->run[i],
			             (uint64_t)*place_of(&d, t->run[i].part->date_part));
}

static const struct mixed_digit *write_chars(struct fpe_text *t, const struct fpe_run *run,
                                             const struct mixed_digit *next)
{
	for (uint32_t i = run->first; i < run->first + run->len; i++)
		if (!t->slot[i].preserved && !t->slot[i].computed)
			t->slot[i].c =
			        alphabet_char(&run->part->alphabet, (uint32_t)(next++)->value);
	return next;
}

static void write_luhn(struct fpe_text *t, const struct fpe_span *s)
{
	for (uint32_t i = s->first; i < s->first + s->len; i++) {
		if (!t->slot[i].computed)
			continue;
		for (t->slot[i].c = '0'; luhn_sum(t, s) != 0 && t->slot[i].c < '9';)
			t->slot[i].c++;
	}
}

/* A number that is written as short as it goes has its own text: *wrote, in `short_value`. */
static void put_run(const struct fpe_text *t, const struct fpe_run *run, uint64_t short_value,
                    bool masked, struct hf_buf *to)
{
	char digits[24];
	int n;

	if (!run->part->any_length || is_preserved(t, run)) {
		for (uint32_t i = run->first; i < run->first + run->len; i++) {
			const struct fpe_slot *slot = &t->slot[i];
			bool hide = masked && (t->has_mask ? slot->masked : !slot->preserved);

			put_utf8(to, hide ? '*' : slot->c);
		}
		return;
	}
	n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)short_value);
	for (int i = 0; i < n; i++)
		hf_buf_u8(to, masked && (!t->has_mask || t->slot[run->first].masked)
		                      ? '*'
		                      : (uint8_t)digits[i]);
	hf_wipe(digits, sizeof(digits));
}

/* Writes what came back into the slots; of numbers of any length, their values into `values`. */
static void write_row(struct fpe_text *t, const struct row *r, uint64_t *values)
{
	const struct mixed_digit *next = r->digit;

	for (uint32_t i = 0; i < t->n_runs; i++) {
		const struct fpe_run *run = &t->run[i];

		if (run->date >= 0)
			continue;
		if (!run->part->is_number) {
			next = write_chars(t, run, next);
		} else if (!is_preserved(t, run)) {
			values[i] = number_at(run->part, (next++)->value);
			if (!run->part->any_length)
				write_number(t, run, values[i]);
		}
	}
	for (uint32_t i = 0; i < t->n_dates; i++)
		write_date(t, &t->date[i], (next++)->value);
	for (uint32_t i = 0; i < t->n_luhn; i++)
		write_luhn(t, &t->luhn[i]);
}

static void print(const struct fpe_text *t, const uint64_t *values, bool masked, struct hf_buf *to)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < t->n_runs; i++) {
		while (at < t->run[i].first)
			put_utf8(to, t->slot[at++].c);
		put_run(t, &t->run[i], values[i], masked, to);
		at += t->run[i].len;
	}
	while (at < t->n)
		put_utf8(to, t->slot[at++].c);
}

hf_status fpe_plan_finish(struct fpe_plan *p, struct hf_span numerals, bool masked,
                          struct hf_buf *to, struct hf_err *err)
{
	struct row *r = malloc(sizeof(*r));
	uint64_t *values = calloc(FPE_RUNS_MAX, sizeof(*values));
	hf_status status = HF_FAILURE(HF_NOMEM);

	if (r && values)
		status = row_of(p->text, r, err); /* for the sizes */
	if (hf_ok(status))
		status = read_numerals(p, numerals, r);
	if (hf_ok(status)) {
		write_row(p->text, r, values);
		print(p->text, values, masked, to);
		status = hf_buf_status(to);
	}
	if (status.code == HF_CORRUPT)
		hf_ignore(hf_fail(err, HF_CORRUPT, "the HSM gave numerals that are none"));
	if (r)
		hf_wipe(r, sizeof(*r));
	if (values)
		hf_wipe(values, FPE_RUNS_MAX * sizeof(*values));
	free(r);
	free(values);
	return status;
}
