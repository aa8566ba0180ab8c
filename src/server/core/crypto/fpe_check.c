/* SPDX-License-Identifier: Apache-2.0
 * What a format must not be, found out when it is made. */
#include "server/core/crypto/fpe_tree.h"

#include "crypto/ff1.h"

#define ENOUGH FF1_DOMAIN_MIN
#define CEILING (1ull << 32) /* products stop here, far above enough */

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) || product > CEILING ? CEILING : product;
}

static uint64_t to_the(uint64_t base, uint32_t exponent)
{
	uint64_t power = 1;

	for (uint32_t i = 0; i < exponent && power < CEILING && base != 1; i++)
		power = times(power, base);
	return power;
}

/* Of the texts of one length of a part, how many tokens there may be: the fewest of all lengths. */
static uint64_t fewest_chars(const struct fpe_part *p)
{
	uint64_t fewest = CEILING;

	for (uint32_t len = p->min; len <= p->max; len++) {
		uint32_t free = 0;
		uint64_t n;

		for (uint32_t i = 0; i < len; i++)
			free += !positions_have(&p->preserve, i, len);
		n = to_the(p->alphabet.size, free);
		if (p->is_number && free)
			n = number_count(p, len);
		if (n < fewest)
			fewest = n;
	}
	return fewest;
}

static uint64_t fewest(const struct fpe_part *p);

static uint64_t fewest_of_all(const struct fpe_part *p)
{
	uint64_t n = 1;

	for (size_t i = 0; i < p->n_parts; i++)
		if (p->dates == DATES_NONE || p->parts[i]->date_part == DATE_NONE)
			n = times(n, fewest(p->parts[i]));
	if (p->dates != DATES_NONE)
		n = times(n, (uint64_t)(p->last_day - p->first_day + 1));
	return n;
}

static uint64_t fewest_of_one(const struct fpe_part *p)
{
	uint64_t n = CEILING;

	for (size_t i = 0; i < p->n_parts; i++) {
		uint64_t of = fewest(p->parts[i]);

		if (of < n)
			n = of;
	}
	return n;
}

static uint64_t fewest_of_kind(const struct fpe_part *p)
{
	switch (p->kind) {
	case PART_CHARS:
		return fewest_chars(p);
	case PART_LITERAL:
		return 1;
	case PART_OR:
		return fewest_of_one(p);
	case PART_CONCAT:
		return fewest_of_all(p);
	case PART_MULTIPLE:
		return to_the(fewest(p->parts[0]), p->min_times);
	}
	return 0;
}

/* A Luhn check takes one digit from those that are free, where there are any. */
static uint64_t fewest(const struct fpe_part *p)
{
	uint64_t n = fewest_of_kind(p);

	return p->luhn && n > 1 && n < CEILING ? (n + 9) / 10 : n;
}

/* All alphabets, and all characters of literals as alphabets of one. */
struct sets {
	const struct alphabet *plain[FPE_PARTS_MAX];
	bool encrypted[FPE_PARTS_MAX];
	size_t n;
	struct hf_err *err;
};

static void collect(const struct fpe_part *p, struct sets *to)
{
	if (p->kind == PART_CHARS) {
		to->plain[to->n] = &p->alphabet;
		to->encrypted[to->n++] = !p->preserve.all;
	}
	for (size_t i = 0; i < p->n_parts; i++)
		collect(p->parts[i], to);
}

/* Every character of `a` is in `b`, or none is: then to replace one of them by another changes
 * nothing about how a text is read. */
static bool alike(const struct alphabet *a, const struct alphabet *b)
{
	uint64_t common = alphabet_common(a, b);

	return common == 0 || common == a->size;
}

static hf_status check_alphabet(const struct alphabet *a, const struct sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		if (!alike(a, sets->plain[i]))
			return hf_fail(
			        sets->err, HF_INVALID,
			        "the format cannot be read one way only: two char_set overlap in "
			        "part, so that a token may look like another choice than its "
			        "plaintext; make them equal or disjoint");
	return HF_SUCCESS;
}

static hf_status check_literals(const struct fpe_part *p, const struct sets *sets)
{
	for (size_t i = 0; i < p->n_choices; i++)
		for (size_t j = 0; j < p->choices[i].len; j++)
			for (size_t k = 0; k < sets->n; k++)
				if (sets->encrypted[k] && sets->plain[k]->size > 1 &&
				    alphabet_value(sets->plain[k], p->choices[i].chars[j]) >= 0)
					return hf_fail(
					        sets->err, HF_INVALID,
					        "the format cannot be read one way only: a "
					        "character "
					        "of a literal is in a char_set that is encrypted");
	for (size_t i = 0; i < p->n_parts; i++)
		HF_TRY(check_literals(p->parts[i], sets));
	return HF_SUCCESS;
}

hf_status fpe_check(const struct fpe_part *root, struct hf_err *err)
{
	struct sets sets = { .err = err };

	collect(root, &sets);
	for (size_t i = 0; i < sets.n; i++)
		if (sets.encrypted[i])
			HF_TRY(check_alphabet(sets.plain[i], &sets));
	HF_TRY(check_literals(root, &sets));
	if (fewest(root) < ENOUGH)
		return hf_fail(
		        err, HF_INVALID,
		        "the format allows texts of which there are less than %d alike, so that "
		        "tokens could be undone by trying (SP 800-38G revision 1): raise "
		        "min_length, preserve less, or take a larger char_set or range",
		        ENOUGH);
	return HF_SUCCESS;
}
