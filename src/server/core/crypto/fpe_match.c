/* SPDX-License-Identifier: Apache-2.0
 * Reading a text by its format: greedy, the first choice that fits, and never back again, as the
 * API's own description has it. What it says about a text that is not of the format tells a place,
 * never what is there. */
#include "server/core/crypto/fpe_tree.h"

#include "base/text.h"

struct match {
	struct fpe_text *t;
	uint32_t at;
	struct hf_err *err;
};

static hf_status not_so(struct match *m, const char *what)
{
	return hf_fail(m->err, HF_INVALID,
	               "the text is not of the key's format: %s at character %u", what, m->at + 1);
}

static hf_status match_part(struct match *m, const struct fpe_part *p);

static hf_status match_chars(struct match *m, const struct fpe_part *p)
{
	struct fpe_text *t = m->t;
	uint32_t len = 0;

	while (len < p->max && m->at + len < t->n &&
	       alphabet_value(&p->alphabet, t->slot[m->at + len].c) >= 0)
		len++;
	if (len < p->min)
		return not_so(m, "other characters, or fewer,");
	if (!len)
		return HF_SUCCESS;
	for (uint32_t i = 0; i < len; i++) {
		struct fpe_slot *slot = &t->slot[m->at + i];

		slot->part = p;
		slot->preserved = positions_have(&p->preserve, i, len);
		slot->masked = positions_have(&p->mask, i, len);
	}
	t->run[t->n_runs++] = (struct fpe_run){ p, m->at, len, -1 };
	m->at += len;
	return HF_SUCCESS;
}

static bool is_here(const struct match *m, const struct literal *l)
{
	if (l->len > m->t->n - m->at)
		return false;
	for (size_t i = 0; i < l->len; i++)
		if (m->t->slot[m->at + i].c != l->chars[i])
			return false;
	return true;
}

static hf_status match_literal(struct match *m, const struct fpe_part *p)
{
	for (size_t i = 0; i < p->n_choices; i++) {
		if (is_here(m, &p->choices[i])) {
			m->at += (uint32_t)p->choices[i].len;
			return HF_SUCCESS;
		}
	}
	return not_so(m, "another literal");
}

/* As if it had not been tried. */
static void rewind_to(struct match *m, const struct match *was, uint32_t runs, uint32_t luhn,
                      uint32_t dates)
{
	for (uint32_t i = was->at; i < m->at; i++)
		m->t->slot[i] = (struct fpe_slot){ .c = m->t->slot[i].c };
	m->t->n_runs = runs;
	m->t->n_luhn = luhn;
	m->t->n_dates = dates;
	m->at = was->at;
}

static hf_status attempt(struct match *m, const struct fpe_part *p)
{
	struct match was = *m;
	uint32_t runs = m->t->n_runs, luhn = m->t->n_luhn, dates = m->t->n_dates;
	hf_status status = match_part(m, p);

	if (!hf_ok(status))
		rewind_to(m, &was, runs, luhn, dates);
	return status;
}

static hf_status match_or(struct match *m, const struct fpe_part *p)
{
	for (size_t i = 0; i < p->n_parts; i++)
		if (hf_ok(attempt(m, p->parts[i])))
			return HF_SUCCESS;
	return not_so(m, "none of the choices fits");
}

static hf_status match_multiple(struct match *m, const struct fpe_part *p)
{
	uint32_t times = 0;

	while (times < p->max_times) {
		uint32_t before = m->at;

		if (!hf_ok(attempt(m, p->parts[0])))
			break;
		times++;
		if (m->at == before) { /* nothing, as often as one likes */
			times = p->min_times > times ? p->min_times : times;
			break;
		}
	}
	return times >= p->min_times ? HF_SUCCESS : not_so(m, "fewer repetitions");
}

static hf_status match_concat(struct match *m, const struct fpe_part *p)
{
	uint32_t first = m->t->n_runs;

	for (size_t i = 0; i < p->n_parts; i++)
		HF_TRY(match_part(m, p->parts[i]));
	if (p->dates == DATES_NONE)
		return HF_SUCCESS;
	for (uint32_t i = first; i < m->t->n_runs; i++)
		if (m->t->run[i].part->date_part != DATE_NONE)
			m->t->run[i].date = (int)m->t->n_dates;
	m->t->date[m->t->n_dates++] = (struct fpe_span){ p, first, m->t->n_runs - first };
	return HF_SUCCESS;
}

static hf_status match_kind(struct match *m, const struct fpe_part *p)
{
	switch (p->kind) {
	case PART_CHARS:
		return match_chars(m, p);
	case PART_LITERAL:
		return match_literal(m, p);
	case PART_OR:
		return match_or(m, p);
	case PART_CONCAT:
		return match_concat(m, p);
	case PART_MULTIPLE:
		return match_multiple(m, p);
	}
	return HF_FAILURE(HF_INTERNAL);
}

static hf_status match_part(struct match *m, const struct fpe_part *p)
{
	uint32_t first = m->at, len;

	HF_TRY(match_kind(m, p));
	len = m->at - first;
	if (p->kind != PART_LITERAL && (len < p->min || len > p->max))
		return not_so(m, "a part of another length ends");
	if (p->luhn && len)
		m->t->luhn[m->t->n_luhn++] = (struct fpe_span){ p, first, len };
	return HF_SUCCESS;
}

static hf_status take_characters(struct hf_span text, struct fpe_text *t, struct hf_err *err)
{
	t->n = 0;
	for (size_t i = 0; i < text.len;) {
		size_t len = hf_utf8_at(text.ptr + i, text.len - i);
		uint32_t c = text.ptr[i];

		if (!len)
			return hf_fail(err, HF_INVALID, "the text to tokenize is not UTF-8");
		if (t->n == FPE_TEXT_MAX)
			return hf_fail(err, HF_INVALID,
			               "a text to tokenize has %d characters at most",
			               FPE_TEXT_MAX);
		if (len > 1)
			c &= 0x7fu >> len;
		for (size_t j = 1; j < len; j++)
			c = c << 6 | (text.ptr[i + j] & 0x3f);
		t->slot[t->n++] = (struct fpe_slot){ .c = c };
		i += len;
	}
	return HF_SUCCESS;
}

/* Every second digit, beginning with the last but one, counts double, and its two digits are added
 * (ISO/IEC 7812-1, annex B). */
unsigned luhn_sum(const struct fpe_text *t, const struct fpe_span *s)
{
	unsigned sum = 0;
	bool twice = false;

	for (uint32_t i = s->first + s->len; i-- > s->first;) {
		unsigned digit = (unsigned)(t->slot[i].c - '0');

		if (!t->slot[i].part)
			continue;
		if (twice)
			digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
		sum += digit;
		twice = !twice;
	}
	return sum % 10;
}

/* The last of its digits that is not preserved follows from the others. */
static hf_status check_luhn(struct fpe_text *t, struct hf_err *err)
{
	for (uint32_t i = 0; i < t->n_luhn; i++) {
		const struct fpe_span *s = &t->luhn[i];

		if (luhn_sum(t, s) != 0)
			return hf_fail(
			        err, HF_INVALID,
			        "the text is not of the key's format: its check digit (Luhn) "
			        "is wrong");
		for (uint32_t at = s->first + s->len; at-- > s->first;) {
			if (t->slot[at].part && !t->slot[at].preserved) {
				t->slot[at].computed = true;
				break;
			}
		}
	}
	return HF_SUCCESS;
}

hf_status fpe_match(const struct fpe_format *f, struct hf_span text, struct fpe_text *ret,
                    struct hf_err *err)
{
	struct match m = { .t = ret, .err = err };

	HF_TRY(take_characters(text, ret, err));
	ret->n_runs = ret->n_luhn = ret->n_dates = 0;
	ret->has_mask = f->has_mask;
	HF_TRY(match_part(&m, f->root));
	if (m.at != ret->n)
		return not_so(&m, "more than it has");
	return check_luhn(ret, err);
}
