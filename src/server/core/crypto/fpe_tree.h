/* SPDX-License-Identifier: Apache-2.0
 * A format as a tree of parts. For fpe_*.c only. */
#ifndef HF_SERVER_CORE_CRYPTO_FPE_TREE_H
#define HF_SERVER_CORE_CRYPTO_FPE_TREE_H

#include "server/core/crypto/fpe_format.h"

#define FPE_DEPTH_MAX 8
#define FPE_PARTS_MAX 64
#define FPE_RANGES_MAX 32
#define FPE_ALPHABET_MAX 65536 /* FF1_RADIX_MAX */
#define FPE_POSITIONS_MAX 64   /* of one `preserve` or `mask` */
#define FPE_CHOICES_MAX 16     /* of one literal */
#define FPE_LITERAL_MAX 32     /* characters */
#define FPE_NOT_MAX 64         /* of one num_ne */
#define FPE_DIGITS_MAX 18      /* of a number with a range */

struct alphabet {
	struct {
		uint32_t from, to;
	} range[FPE_RANGES_MAX];
	size_t n;
	uint32_t size;
};

/* Python-like: negative ones count from the end; those beyond a text's length are passed over. */
struct positions {
	bool all;
	size_t n;
	int32_t at[FPE_POSITIONS_MAX];
};

struct literal {
	size_t len;
	uint32_t chars[FPE_LITERAL_MAX];
};

enum date_part { DATE_NONE, DATE_DAY, DATE_MONTH, DATE_YEAR };
enum date_kind { DATES_NONE, DATES_DMY, DATES_MONTH_DAY, DATES_MONTH_YEAR };

enum fpe_kind { PART_CHARS, PART_LITERAL, PART_OR, PART_CONCAT, PART_MULTIPLE };

struct fpe_part {
	enum fpe_kind kind;
	uint32_t min, max; /* characters: of PART_CHARS, and of a compound part as a whole */

	/* PART_CHARS */
	struct alphabet alphabet;
	struct positions preserve, mask;
	bool is_number;     /* all of it one number, within */
	uint64_t low, high; /* these, both included */
	size_t n_not;
	uint64_t not [FPE_NOT_MAX]; /* and none of these, in order, all between low and high */
	bool any_length;            /* written without leading zeros, so that its length changes */
	enum date_part date_part;

	/* PART_LITERAL */
	size_t n_choices;
	struct literal *choices;

	/* the others */
	size_t n_parts;
	struct fpe_part **parts; /* owned */
	uint32_t min_times, max_times;
	enum date_kind dates;        /* of PART_CONCAT: its parts of each date_part are one date */
	int64_t first_day, last_day; /* both included: days, or days of a leap year, or months */

	bool luhn; /* over all digits within */
};

struct fpe_format {
	struct fpe_part *root;
	bool has_mask;
};

/* fpe_alphabet.c. The value of a character, or -1. */
int64_t alphabet_value(const struct alphabet *a, uint32_t c);
uint32_t alphabet_char(const struct alphabet *a, uint32_t value);
bool alphabet_is_digits(const struct alphabet *a);
/* How many characters both have. */
uint64_t alphabet_common(const struct alphabet *a, const struct alphabet *b);
bool positions_have(const struct positions *p, uint32_t at, uint32_t len);

/* fpe_number.c: a part's numbers of so many digits: how many, the place of one among them, and the
 * one at a place. */
uint64_t number_count(const struct fpe_part *p, uint32_t digits);
/* HF_INVALID: it is none of them. */
HF_MUST hf_status number_rank(const struct fpe_part *p, uint32_t digits, uint64_t value,
                              uint64_t *ret);
uint64_t number_at(const struct fpe_part *p, uint64_t rank);
/* A date as a number: days of the proleptic Gregorian calendar, days of a leap year, or months. */
struct fpe_date {
	int64_t year, month, day;
};
HF_MUST hf_status date_number(enum date_kind kind, const struct fpe_date *date, int64_t *ret);
struct fpe_date date_of(enum date_kind kind, int64_t number);

/* fpe_check.c. HF_INVALID with words: too few texts, or more ways than one to read them. */
HF_MUST hf_status fpe_check(const struct fpe_part *root, struct hf_err *err);

/* fpe_match.c: a text of the format, character by character. */
#define FPE_RUNS_MAX FPE_TEXT_MAX
struct fpe_slot {
	uint32_t c;
	bool preserved, masked, computed; /* the digit that a Luhn check gives */
	const struct fpe_part *part;      /* PART_CHARS that it is in; NULL: literal */
};
/* Characters that one PART_CHARS has matched, in one go. */
struct fpe_run {
	const struct fpe_part *part;
	uint32_t first, len;
	int date; /* of these, or -1 */
};
struct fpe_span {
	const struct fpe_part *part;
	uint32_t first, len; /* characters; of a date: runs */
};
struct fpe_text {
	uint32_t n;
	struct fpe_slot slot[FPE_TEXT_MAX];
	uint32_t n_runs, n_luhn, n_dates;
	struct fpe_run run[FPE_RUNS_MAX];
	struct fpe_span luhn[FPE_TEXT_MAX], date[FPE_TEXT_MAX];
	bool has_mask;
};
HF_MUST hf_status fpe_match(const struct fpe_format *f, struct hf_span text, struct fpe_text *ret,
                            struct hf_err *err);
/* The digits of these characters by Luhn's formula: modulo 10, 0 where they are right. */
unsigned luhn_sum(const struct fpe_text *t, const struct fpe_span *s);

#endif
