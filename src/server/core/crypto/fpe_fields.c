/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/crypto/fpe_parse.h"

#include "base/text.h"

#include <string.h>

/* Characters of a text, at most `max`. */
static hf_status characters(const char *text, size_t max, uint32_t *ret, size_t *ret_n)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), n = 0;

	while (left) {
		size_t len = hf_utf8_at(p, left);
		uint32_t c = p[0];

		HF_ENSURE(len && n < max, HF_INVALID);
		if (len > 1)
			c &= 0x7fu >> len;
		for (size_t j = 1; j < len; j++)
			c = c << 6 | (p[j] & 0x3f);
		ret[n++] = c;
		p += len;
		left -= len;
	}
	*ret_n = n;
	return HF_SUCCESS;
}

static hf_status one_character(const struct json_t *value, uint32_t *ret)
{
	const char *text = json_value_text(value);
	size_t n = 0;

	HF_ENSURE(text, HF_INVALID);
	HF_TRY(characters(text, 1, ret, &n));
	return n == 1 ? HF_SUCCESS : HF_FAILURE(HF_INVALID);
}

static hf_status bad_set(struct hf_err *err, const char *why)
{
	return hf_fail(err, HF_INVALID, "field \"char_set\": %s", why);
}

hf_status fpe_read_alphabet(const struct json_t *array, struct alphabet *ret, struct hf_err *err)
{
	struct alphabet a = { .n = json_count(array) };

	if (!a.n || a.n > FPE_RANGES_MAX)
		return bad_set(err, "1 to 32 ranges of characters");
	for (size_t i = 0; i < a.n; i++) {
		const struct json_t *pair = json_element(array, i);
		struct alphabet one = { .n = 1 }, before = a;

		if (json_count(pair) != 2 ||
		    !hf_ok(one_character(json_element(pair, 0), &one.range[0].from)) ||
		    !hf_ok(one_character(json_element(pair, 1), &one.range[0].to)) ||
		    one.range[0].from > one.range[0].to)
			return bad_set(err, "each range is [from, to], two characters in order");
		if (one.range[0].from < 0xd800 && one.range[0].to > 0xdfff)
			return bad_set(err, "a range goes over the surrogates");
		before.n = i;
		if (alphabet_common(&one, &before))
			return bad_set(err, "its ranges overlap");
		a.range[i].from = one.range[0].from;
		a.range[i].to = one.range[0].to;
		a.size += one.range[0].to - one.range[0].from + 1;
	}
	if (a.size > FPE_ALPHABET_MAX)
		return bad_set(err, "more than 65536 characters");
	*ret = a;
	return HF_SUCCESS;
}

hf_status fpe_read_positions(const struct json_t *value, const char *name, struct positions *ret,
                             struct hf_err *err)
{
	const char *text = json_value_text(value);
	struct positions p = { 0 };

	if (text && strcmp(text, "all") == 0) {
		ret->all = true;
		return HF_SUCCESS;
	}
	if (!json_value_is(value, JSON_READ_ARRAY) || json_count(value) > FPE_POSITIONS_MAX)
		return hf_fail(err, HF_INVALID, "field \"%s\": \"all\", or at most %d positions",
		               name, FPE_POSITIONS_MAX);
	p.n = json_count(value);
	for (size_t i = 0; i < p.n; i++) {
		const struct json_t *at = json_element(value, i);
		int64_t place = json_value_int(at);

		if (!json_value_is(at, JSON_READ_INT) || place < -FPE_TEXT_MAX ||
		    place >= FPE_TEXT_MAX)
			return hf_fail(err, HF_INVALID,
			               "field \"%s\": a position is a number from %d to %d", name,
			               -FPE_TEXT_MAX, FPE_TEXT_MAX - 1);
		p.at[i] = (int32_t)place;
	}
	*ret = p;
	return HF_SUCCESS;
}

hf_status fpe_read_literal(const char *text, struct literal *ret, struct hf_err *err)
{
	if (!text || !hf_ok(characters(text, FPE_LITERAL_MAX, ret->chars, &ret->len)))
		return hf_fail(err, HF_INVALID, "field \"literal\": texts of at most %d characters",
		               FPE_LITERAL_MAX);
	return HF_SUCCESS;
}
