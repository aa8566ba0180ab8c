/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/crypto/fpe_parse.h"

#include "crypto/ff1.h"

#include <string.h>

static void fpe_part_free(struct fpe_part *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_parts; i++)
		fpe_part_free(p->parts[i]);
	free(p->parts);
	free(p->choices);
	free(p);
}

HF_DEFINE_CLEANUP(fpe_part_free, struct fpe_part *)

void fpe_format_free(struct fpe_format *f)
{
	if (!f)
		return;
	fpe_part_free(f->root);
	free(f);
}

static hf_status fpe_part_new(struct fpe_parse *ctx, enum fpe_kind kind, struct fpe_part **ret)
{
	struct fpe_part *p;

	if (++ctx->n_parts > FPE_PARTS_MAX)
		return hf_fail(ctx->err, HF_INVALID, "a format has %d parts at most",
		               FPE_PARTS_MAX);
	p = calloc(1, sizeof(*p));
	HF_ENSURE(p, HF_NOMEM);
	p->kind = kind;
	p->max = FPE_TEXT_MAX;
	*ret = p;
	return HF_SUCCESS;
}

struct chars_body {
	int64_t min, max;
	struct json_t *char_set, *cipher_char_set, *constraints, *preserve, *mask;
	bool any_length;
};

static const struct json_field chars_fields[] = {
	{ "min_length", JSON_READ_INT, offsetof(struct chars_body, min), true, false, 0,
	  FPE_TEXT_MAX },
	{ "max_length", JSON_READ_INT, offsetof(struct chars_body, max), true, false, 1,
	  FPE_TEXT_MAX },
	{ "char_set", JSON_READ_ARRAY, offsetof(struct chars_body, char_set), true, false, 0, 0 },
	{ "cipher_char_set", JSON_READ_ANY, offsetof(struct chars_body, cipher_char_set), false,
	  true, 0, 0 },
	{ "constraints", JSON_READ_OBJECT, offsetof(struct chars_body, constraints), false, true, 0,
	  0 },
	{ "preserve", JSON_READ_ANY, offsetof(struct chars_body, preserve), false, true, 0, 0 },
	{ "mask", JSON_READ_ANY, offsetof(struct chars_body, mask), false, true, 0, 0 },
	/* ours, in built-in formats: the last one, left out elsewhere */
	{ "any_length", JSON_READ_BOOL, offsetof(struct chars_body, any_length), false, false, 0,
	  0 },
};

static hf_status fill_chars(struct fpe_parse *ctx, const struct chars_body *b, struct fpe_part *p)
{
	if (b->cipher_char_set)
		return hf_fail(ctx->err, HF_UNSUPPORTED,
		               "field \"cipher_char_set\": tokens have the alphabet of their "
		               "plaintext, here");
	if (b->min > b->max)
		return hf_fail(ctx->err, HF_INVALID, "min_length is above max_length");
	p->min = (uint32_t)b->min;
	p->max = (uint32_t)b->max;
	p->any_length = b->any_length;
	HF_TRY(fpe_read_alphabet(b->char_set, &p->alphabet, ctx->err));
	if (b->preserve)
		HF_TRY(fpe_read_positions(b->preserve, "preserve", &p->preserve, ctx->err));
	if (b->mask)
		HF_TRY(fpe_read_positions(b->mask, "mask", &p->mask, ctx->err));
	return fpe_read_constraints(b->constraints, p, ctx->err);
}

static hf_status parse_chars(struct fpe_parse *ctx, const struct json_t *object,
                             struct fpe_part **ret)
{
	HF_CLEANUP(fpe_part_free_at) struct fpe_part *p = NULL;
	struct chars_body b = { 0 };

	HF_TRY(json_read(object, chars_fields, HF_COUNT(chars_fields) - !ctx->builtin, &b,
	                 ctx->err));
	HF_TRY(fpe_part_new(ctx, PART_CHARS, &p));
	HF_TRY(fill_chars(ctx, &b, p));
	*ret = hf_take(p);
	return HF_SUCCESS;
}

struct literal_body {
	struct json_t *literal;
};

static const struct json_field literal_fields[] = {
	{ "literal", JSON_READ_ARRAY, offsetof(struct literal_body, literal), true, false, 0, 0 },
};

static hf_status parse_literal(struct fpe_parse *ctx, const struct json_t *object,
                               struct fpe_part **ret)
{
	HF_CLEANUP(fpe_part_free_at) struct fpe_part *p = NULL;
	struct literal_body b = { 0 };
	size_t n;

	HF_TRY(json_read(object, literal_fields, HF_COUNT(literal_fields), &b, ctx->err));
	n = json_count(b.literal);
	if (!n || n > FPE_CHOICES_MAX)
		return hf_fail(ctx->err, HF_INVALID, "field \"literal\": 1 to %d texts",
		               FPE_CHOICES_MAX);
	HF_TRY(fpe_part_new(ctx, PART_LITERAL, &p));
	p->choices = calloc(n, sizeof(*p->choices));
	HF_ENSURE(p->choices, HF_NOMEM);
	for (; p->n_choices < n; p->n_choices++)
		HF_TRY(fpe_read_literal(json_value_text(json_element(b.literal, p->n_choices)),
		                        &p->choices[p->n_choices], ctx->err));
	*ret = hf_take(p);
	return HF_SUCCESS;
}

static hf_status parse_part(struct fpe_parse *ctx, const struct json_t *value, unsigned depth,
                            struct fpe_part **ret);

struct compound_body {
	struct json_t *parts, *constraints;
	bool preserve, mask;
	int64_t min, max, min_times, max_times;
};

#define COMPOUND(name, kind)                                                                         \
	{ name, kind, offsetof(struct compound_body, parts), true, false, 0, 0 },                    \
	        { "constraints",                                                                     \
		  JSON_READ_OBJECT,                                                                  \
		  offsetof(struct compound_body, constraints),                                       \
		  false,                                                                             \
		  true,                                                                              \
		  0,                                                                                 \
		  0 },                                                                               \
	        { "preserve", JSON_READ_BOOL, offsetof(struct compound_body, preserve),              \
		  false,      true,           0,                                                     \
		  0 },                                                                               \
	        { "mask", JSON_READ_BOOL, offsetof(struct compound_body, mask), false, true, 0, 0 }, \
	        { "min_length", JSON_READ_INT, offsetof(struct compound_body, min), false, true, 0,  \
		  FPE_TEXT_MAX },                                                                    \
	{                                                                                            \
		"max_length", JSON_READ_INT, offsetof(struct compound_body, max), false, true, 0,    \
		        FPE_TEXT_MAX                                                                 \
	}

static const struct json_field or_fields[] = { COMPOUND("or", JSON_READ_ARRAY) };
static const struct json_field concat_fields[] = { COMPOUND("concat", JSON_READ_ARRAY) };
static const struct json_field multiple_fields[] = {
	COMPOUND("multiple", JSON_READ_OBJECT),
	{ "min_repetitions", JSON_READ_INT, offsetof(struct compound_body, min_times), false, true,
	  0, FPE_TEXT_MAX },
	{ "max_repetitions", JSON_READ_INT, offsetof(struct compound_body, max_times), false, true,
	  1, FPE_TEXT_MAX },
};

static hf_status read_compound(const struct json_t *object, enum fpe_kind kind,
                               struct compound_body *b, struct hf_err *err)
{
	if (kind == PART_OR)
		return json_read(object, or_fields, HF_COUNT(or_fields), b, err);
	if (kind == PART_CONCAT)
		return json_read(object, concat_fields, HF_COUNT(concat_fields), b, err);
	return json_read(object, multiple_fields, HF_COUNT(multiple_fields), b, err);
}

/* All characters within, which then say nothing of it themselves. */
static hf_status set_all(struct fpe_part *p, bool preserve, struct hf_err *err)
{
	if (p->kind == PART_CHARS) {
		struct positions *of = preserve ? &p->preserve : &p->mask;

		if (of->all || of->n)
			return hf_fail(err, HF_INVALID,
			               "a part within one that says preserve or mask says it too");
		of->all = true;
		if (preserve)
			p->date_part = DATE_NONE;
	}
	for (size_t i = 0; i < p->n_parts; i++)
		HF_TRY(set_all(p->parts[i], preserve, err));
	if (preserve)
		p->dates = DATES_NONE;
	return HF_SUCCESS;
}

static hf_status parse_children(struct fpe_parse *ctx, const struct json_t *parts, unsigned depth,
                                struct fpe_part *p)
{
	bool one = p->kind == PART_MULTIPLE;
	size_t n = one ? 1 : json_count(parts);

	if (!n || n > FPE_PARTS_MAX)
		return hf_fail(ctx->err, HF_INVALID, "a compound part has 1 to %d parts",
		               FPE_PARTS_MAX);
	p->parts = calloc(n, sizeof(struct fpe_part *));
	HF_ENSURE(p->parts, HF_NOMEM);
	for (; p->n_parts < n; p->n_parts++)
		HF_TRY(parse_part(ctx, one ? parts : json_element(parts, p->n_parts), depth + 1,
		                  &p->parts[p->n_parts]));
	return HF_SUCCESS;
}

static hf_status parse_compound(struct fpe_parse *ctx, const struct json_t *object,
                                enum fpe_kind kind, unsigned depth, struct fpe_part **ret)
{
	HF_CLEANUP(fpe_part_free_at) struct fpe_part *p = NULL;
	struct compound_body b = { .max = FPE_TEXT_MAX, .min_times = 1, .max_times = FPE_TEXT_MAX };

	HF_TRY(read_compound(object, kind, &b, ctx->err));
	if (b.min > b.max || b.min_times > b.max_times)
		return hf_fail(ctx->err, HF_INVALID, "a compound part's least is above its most");
	HF_TRY(fpe_part_new(ctx, kind, &p));
	p->min = (uint32_t)b.min;
	p->max = (uint32_t)b.max;
	p->min_times = (uint32_t)b.min_times;
	p->max_times = (uint32_t)b.max_times;
	HF_TRY(parse_children(ctx, b.parts, depth, p));
	HF_TRY(fpe_read_constraints(b.constraints, p, ctx->err));
	if (b.preserve)
		HF_TRY(set_all(p, true, ctx->err));
	if (b.mask)
		HF_TRY(set_all(p, false, ctx->err));
	*ret = hf_take(p);
	return HF_SUCCESS;
}

static hf_status parse_part(struct fpe_parse *ctx, const struct json_t *value, unsigned depth,
                            struct fpe_part **ret)
{
	if (depth > FPE_DEPTH_MAX)
		return hf_fail(ctx->err, HF_INVALID, "parts are nested %d deep at most",
		               FPE_DEPTH_MAX);
	if (!json_value_is(value, JSON_READ_OBJECT))
		return hf_fail(ctx->err, HF_INVALID, "a part of a format is an object");
	if (json_member(value, "literal"))
		return parse_literal(ctx, value, ret);
	if (json_member(value, "or"))
		return parse_compound(ctx, value, PART_OR, depth, ret);
	if (json_member(value, "concat"))
		return parse_compound(ctx, value, PART_CONCAT, depth, ret);
	if (json_member(value, "multiple"))
		return parse_compound(ctx, value, PART_MULTIPLE, depth, ret);
	return parse_chars(ctx, value, ret);
}

struct basic_body {
	int64_t radix, min, max;
	struct json_t *preserve, *mask;
	bool luhn;
	const char *name;
};

static const struct json_field basic_fields[] = {
	{ "radix", JSON_READ_INT, offsetof(struct basic_body, radix), true, false, 2, 36 },
	{ "min_length", JSON_READ_INT, offsetof(struct basic_body, min), true, false, 0,
	  FPE_TEXT_MAX },
	{ "max_length", JSON_READ_INT, offsetof(struct basic_body, max), true, false, 1,
	  FPE_TEXT_MAX },
	{ "preserve", JSON_READ_ARRAY, offsetof(struct basic_body, preserve), true, false, 0, 0 },
	{ "mask", JSON_READ_ARRAY, offsetof(struct basic_body, mask), false, true, 0, 0 },
	{ "luhn_check", JSON_READ_BOOL, offsetof(struct basic_body, luhn), false, true, 0, 0 },
	{ "name", JSON_READ_TEXT, offsetof(struct basic_body, name), false, true, 0, 4096 },
};

/* Digits, and from radix 11 on upper-case letters. */
static struct alphabet basic_alphabet(uint32_t radix)
{
	struct alphabet a = { .n = radix > 10 ? 2 : 1, .size = radix };

	a.range[0].from = '0';
	a.range[0].to = '0' + (radix > 10 ? 10 : radix) - 1;
	if (radix > 10) {
		a.range[1].from = 'A';
		a.range[1].to = 'A' + radix - 11;
	}
	return a;
}

static hf_status parse_basic(struct fpe_parse *ctx, const struct json_t *options,
                             struct fpe_part **ret)
{
	HF_CLEANUP(fpe_part_free_at) struct fpe_part *p = NULL;
	struct basic_body b = { 0 };

	HF_TRY(json_read(options, basic_fields, HF_COUNT(basic_fields), &b, ctx->err));
	if (b.min > b.max)
		return hf_fail(ctx->err, HF_INVALID, "min_length is above max_length");
	if (b.luhn && b.radix != 10)
		return hf_fail(ctx->err, HF_INVALID, "field \"luhn_check\": only with radix 10");
	HF_TRY(fpe_part_new(ctx, PART_CHARS, &p));
	p->min = (uint32_t)b.min;
	p->max = (uint32_t)b.max;
	p->luhn = b.luhn;
	p->alphabet = basic_alphabet((uint32_t)b.radix);
	HF_TRY(fpe_read_positions(b.preserve, "preserve", &p->preserve, ctx->err));
	if (b.mask)
		HF_TRY(fpe_read_positions(b.mask, "mask", &p->mask, ctx->err));
	*ret = hf_take(p);
	return HF_SUCCESS;
}

struct advanced_body {
	struct json_t *format;
	const char *description;
};

static const struct json_field advanced_fields[] = {
	{ "format", JSON_READ_OBJECT, offsetof(struct advanced_body, format), true, false, 0, 0 },
	{ "description", JSON_READ_TEXT, offsetof(struct advanced_body, description), false, true,
	  0, 4096 },
};

static hf_status parse_advanced(struct fpe_parse *ctx, const struct json_t *options,
                                struct fpe_part **ret)
{
	struct advanced_body b = { 0 };

	HF_TRY(json_read(options, advanced_fields, HF_COUNT(advanced_fields), &b, ctx->err));
	return parse_part(ctx, b.format, 1, ret);
}

struct builtin_body {
	const char *name;
};

static const struct json_field builtin_fields[] = {
	{ "builtin", JSON_READ_TEXT, offsetof(struct builtin_body, name), true, false, 1, 64 },
};

static hf_status parse_builtin(struct fpe_parse *ctx, const struct json_t *options,
                               struct fpe_part **ret)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct builtin_body b = { 0 };
	const char *text;

	HF_TRY(json_read(options, builtin_fields, HF_COUNT(builtin_fields), &b, ctx->err));
	text = fpe_builtin(b.name);
	if (!text)
		return hf_fail(ctx->err, HF_INVALID, "field \"builtin\": there is no such format");
	HF_TRY(json_parse(hf_span_text(text), FPE_OPTIONS_MAX, &doc, ctx->err));
	ctx->builtin = true;
	return parse_part(ctx, doc, 1, ret);
}

static bool has_mask(const struct fpe_part *p)
{
	if (p->mask.all || p->mask.n)
		return true;
	for (size_t i = 0; i < p->n_parts; i++)
		if (has_mask(p->parts[i]))
			return true;
	return false;
}

static hf_status parse_options(struct fpe_parse *ctx, const struct json_t *options,
                               struct fpe_part **ret)
{
	if (!json_value_is(options, JSON_READ_OBJECT))
		return hf_fail(ctx->err, HF_INVALID, "field \"fpe\": an object");
	if (json_member(options, "format_v2"))
		return hf_fail(ctx->err, HF_UNSUPPORTED,
		               "field \"format_v2\": not here: say it with \"format\"");
	if (json_member(options, "builtin"))
		return parse_builtin(ctx, options, ret);
	if (json_member(options, "format"))
		return parse_advanced(ctx, options, ret);
	return parse_basic(ctx, options, ret);
}

hf_status fpe_format_parse(const struct json_t *options, struct fpe_format **ret,
                           struct hf_err *err)
{
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = calloc(1, sizeof(*f));
	struct fpe_parse ctx = { .err = err };

	HF_ENSURE(f, HF_NOMEM);
	HF_TRY(parse_options(&ctx, options, &f->root));
	HF_TRY(fpe_check(f->root, err));
	f->has_mask = has_mask(f->root);
	*ret = hf_take(f);
	return HF_SUCCESS;
}
