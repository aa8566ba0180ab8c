/* SPDX-License-Identifier: Apache-2.0 */
#include "json/plain.h"

#include "json/read.h"

#include <jansson.h>
#include <string.h>

#define DIGITS_MAX 18 /* fit into 64 bits, whatever they are */

struct plain {
	const uint8_t *at, *end;
	unsigned depth;
};

static json_t *plain_value(struct plain *p);

/* What was read in vain may be a secret, and is read again. */
static void drop(json_t **v)
{
	json_wipe(*v);
	json_decref(*v);
}

static void skip_blanks(struct plain *p)
{
	while (p->at < p->end &&
	       (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
		p->at++;
}

/* Does this come next, after blanks? Then it is behind us. */
static bool take(struct plain *p, char c)
{
	skip_blanks(p);
	if (p->at == p->end || *p->at != (uint8_t)c)
		return false;
	p->at++;
	return true;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at a time: each sum below has its highest bit where a byte is what is looked for. */
static bool are_plain(uint64_t bytes)
{
	uint64_t control = (bytes - EACH(0x20)) & ~bytes; /* smaller than a space */
	uint64_t differ = bytes ^ EACH('\\'), escape = (differ - EACH(1)) & ~differ;

	return !((control | escape | bytes) & EACH(0x80));
}

/* The rest of a text whose first quote is behind us. */
static bool take_text(struct plain *p, struct hf_span *ret)
{
	const uint8_t *from = p->at, *quote = memchr(from, '"', (size_t)(p->end - from));
	size_t n = quote ? (size_t)(quote - from) : 0;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t eight = EACH(' ');

		memcpy(&eight, from + i, n - i < 8 ? n - i : 8);
		if (!are_plain(eight))
			return false;
	}
	if (!quote)
		return false;
	*ret = HF_SPAN(from, n);
	p->at = quote + 1;
	return true;
}

static json_t *plain_text(struct plain *p)
{
	struct hf_span text;

	if (!take_text(p, &text))
		return NULL;
	return json_stringn_nocheck((const char *)text.ptr, text.len);
}

static json_t *plain_object(struct plain *p)
{
	HF_CLEANUP(drop) json_t *object = json_object();
	struct hf_span key;
	json_t *value;

	if (!object || take(p, '}'))
		return hf_take(object);
	do {
		if (!take(p, '"') || !take_text(p, &key) || !take(p, ':'))
			return NULL;
		if (json_object_getn(object, (const char *)key.ptr, key.len))
			return NULL; /* twice */
		value = plain_value(p);
		if (!value || json_object_setn_new_nocheck(object, (const char *)key.ptr, key.len,
		                                           value) != 0)
			return NULL;
	} while (take(p, ','));
	return take(p, '}') ? hf_take(object) : NULL;
}

static json_t *plain_array(struct plain *p)
{
	HF_CLEANUP(drop) json_t *array = json_array();
	json_t *value;

	if (!array || take(p, ']'))
		return hf_take(array);
	do {
		value = plain_value(p);
		if (!value || json_array_append_new(array, value) != 0)
			return NULL;
	} while (take(p, ','));
	return take(p, ']') ? hf_take(array) : NULL;
}

static bool is_digit(const struct plain *p)
{
	return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static json_t *plain_number(struct plain *p)
{
	const uint8_t *from = p->at;
	json_int_t v = 0;

	for (; is_digit(p) && p->at - from < DIGITS_MAX; p->at++)
		v = 10 * v + (*p->at - '0');
	if (p->at == from || is_digit(p) || (*from == '0' && p->at - from > 1))
		return NULL;
	return json_integer(v); /* a fraction or an exponent is no comma and no bracket */
}

static bool take_word(struct plain *p, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static json_t *nested(struct plain *p, json_t *(*read)(struct plain *p))
{
	json_t *value;

	if (p->depth == JSON_DEPTH_MAX)
		return NULL;
	p->depth++;
	value = read(p);
	p->depth--;
	return value;
}

static json_t *plain_value(struct plain *p)
{
	skip_blanks(p);
	if (take(p, '"'))
		return plain_text(p);
	if (take(p, '{'))
		return nested(p, plain_object);
	if (take(p, '['))
		return nested(p, plain_array);
	if (take_word(p, "true"))
		return json_true();
	if (take_word(p, "false"))
		return json_false();
	if (take_word(p, "null"))
		return json_null();
	return plain_number(p);
}

struct json_t *json_plain(struct hf_span text)
{
	struct plain p = { text.ptr, text.ptr + text.len, 0 };
	JSON_SCOPED json_t *doc = text.len ? plain_value(&p) : NULL;

	if (!json_is_object(doc) && !json_is_array(doc))
		return NULL;
	skip_blanks(&p);
	return p.at == p.end ? hf_take(doc) : NULL;
}
