/* SPDX-License-Identifier: Apache-2.0 */
#include "json/read.h"

#include "base/secret.h"
#include "json/plain.h"

#include <jansson.h>
#include <string.h>

/* jansson recurses while it parses, so depth is settled before it starts. */
static bool too_deep(struct hf_span text)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

hf_status json_parse(struct hf_span text, size_t max_bytes, struct json_t **ret, struct hf_err *err)
{
	json_error_t fault;
	json_t *doc;

	if (text.len > max_bytes)
		return hf_fail(err, HF_TOOBIG, "JSON of %zu bytes: at most %zu are allowed",
		               text.len, max_bytes);
	doc = json_plain(text);
	if (doc) {
		*ret = doc;
		return HF_SUCCESS;
	}
	if (too_deep(text))
		return hf_fail(err, HF_INVALID, "JSON is nested deeper than %d levels",
		               JSON_DEPTH_MAX);
	doc = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &fault);
	if (!doc)
		return hf_fail(err, HF_INVALID, "not valid JSON: %s (line %d, column %d)",
		               fault.text, fault.line, fault.column);
	*ret = doc;
	return HF_SUCCESS;
}

void json_done(struct json_t *doc)
{
	json_decref(doc);
}

void json_wipe(struct json_t *doc)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_string(doc)) {
		hf_wipe((void *)(uintptr_t)json_string_value(doc), json_string_length(doc));
	} else if (json_is_object(doc)) {
		json_object_foreach(doc, name, value)
			json_wipe(value);
	} else {
		json_array_foreach(doc, i, value)
			json_wipe(value);
	}
}

static const char *kind_name(enum json_kind kind)
{
	switch (kind) {
	case JSON_READ_TEXT:
		return "text";
	case JSON_READ_INT:
		return "a whole number";
	case JSON_READ_BOOL:
		return "true or false";
	case JSON_READ_OBJECT:
		return "an object";
	case JSON_READ_ARRAY:
		return "an array";
	case JSON_READ_ANY:
		return "a value";
	}
	return "";
}

static bool is_counted(const struct json_field *f)
{
	return f->min != 0 || f->max != 0;
}

static hf_status unexpected(const struct json_field *f, const char *what, struct hf_err *err)
{
	const char *unit = f->kind == JSON_READ_TEXT ? "characters" : "elements";
	const char *null = f->nullable ? " or null" : "";

	if (!is_counted(f))
		return hf_fail(err, HF_INVALID, "field \"%s\"%s: expected %s%s", f->name, what,
		               kind_name(f->kind), null);
	if (f->kind == JSON_READ_INT)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\"%s: expected a whole number from %lld to %lld%s",
		               f->name, what, (long long)f->min, (long long)f->max, null);
	return hf_fail(err, HF_INVALID, "field \"%s\"%s: expected %s of %lld to %lld %s%s", f->name,
	               what, kind_name(f->kind), (long long)f->min, (long long)f->max, unit, null);
}

static bool in_bounds(const struct json_field *f, int64_t v)
{
	return !is_counted(f) || (v >= f->min && v <= f->max);
}

static int64_t characters(const char *utf8)
{
	int64_t n = 0;

	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80; /* every byte but continuations */
	return n;
}

/* False when the value is not what the field wants. */
static bool store(const struct json_field *f, json_t *v, void *to)
{
	void *at = (char *)to + f->offset;

	switch (f->kind) {
	case JSON_READ_TEXT:
		if (!json_is_string(v))
			return false;
		if (is_counted(f) && !in_bounds(f, characters(json_string_value(v))))
			return false;
		*(const char **)at = json_string_value(v);
		return true;
	case JSON_READ_INT:
		if (!json_is_integer(v) || !in_bounds(f, json_integer_value(v)))
			return false;
		*(int64_t *)at = json_integer_value(v);
		return true;
	case JSON_READ_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(bool *)at = json_is_true(v);
		return true;
	case JSON_READ_OBJECT:
		if (!json_is_object(v))
			return false;
		*(json_t **)at = v;
		return true;
	case JSON_READ_ARRAY:
		if (!json_is_array(v) || !in_bounds(f, (int64_t)json_array_size(v)))
			return false;
		*(json_t **)at = v;
		return true;
	case JSON_READ_ANY:
		*(json_t **)at = v;
		return true;
	}
	return false;
}

static hf_status check_known(const json_t *object, const struct json_field *fields, size_t n,
                             struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf names = HF_BUF(512);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		bool known = false;

		for (size_t i = 0; i < n && !known; i++)
			known = strcmp(fields[i].name, key) == 0;
		if (known)
			continue;
		if (!n)
			return hf_fail(err, HF_INVALID,
			               "unknown field \"%.100s\": none is expected", key);
		for (size_t i = 0; i < n; i++)
			hf_buf_printf(&names, "%s%s", i ? ", " : "", fields[i].name);
		return hf_fail(err, HF_INVALID, "unknown field \"%.100s\"; known are: %.*s", key,
		               (int)names.len, names.len ? (const char *)names.ptr : "");
	}
	return HF_SUCCESS;
}

hf_status json_read_some(const struct json_t *object, const struct json_field *fields, size_t n,
                         void *to, struct hf_err *err)
{
	if (!json_is_object(object))
		return hf_fail(err, HF_INVALID, "expected a JSON object");
	for (size_t i = 0; i < n; i++) {
		const struct json_field *f = &fields[i];
		json_t *v = json_object_get(object, f->name);

		if (!v && f->required)
			return unexpected(f, " is missing", err);
		if (!v || (json_is_null(v) && f->nullable))
			continue;
		if (!store(f, v, to))
			return unexpected(f, "", err);
	}
	return HF_SUCCESS;
}

hf_status json_read(const struct json_t *object, const struct json_field *fields, size_t n,
                    void *to, struct hf_err *err)
{
	if (json_is_object(object))
		HF_TRY(check_known(object, fields, n, err));
	return json_read_some(object, fields, n, to, err);
}

const char *json_member_text(const struct json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

size_t json_count(const struct json_t *array)
{
	return json_array_size(array);
}

struct json_t *json_element(const struct json_t *array, size_t i)
{
	return json_array_get(array, i);
}

const char *json_value_text(const struct json_t *value)
{
	return json_string_value(value);
}

int64_t json_value_int(const struct json_t *value)
{
	return json_integer_value(value);
}

bool json_value_true(const struct json_t *value)
{
	return json_is_true(value);
}

bool json_value_null(const struct json_t *value)
{
	return !value || json_is_null(value);
}

struct json_t *json_member(const struct json_t *object, const char *name)
{
	return json_object_get(object, name);
}

bool json_value_is(const struct json_t *value, enum json_kind kind)
{
	switch (kind) {
	case JSON_READ_TEXT:
		return json_is_string(value);
	case JSON_READ_INT:
		return json_is_integer(value);
	case JSON_READ_BOOL:
		return json_is_boolean(value);
	case JSON_READ_OBJECT:
		return json_is_object(value);
	case JSON_READ_ARRAY:
		return json_is_array(value);
	case JSON_READ_ANY:
		return value != NULL;
	}
	return false;
}

const char *json_member_next(const struct json_t *object, void **at, struct json_t **value)
{
	json_t *o = (json_t *)object; /* jansson's iterators take no const */

	*at = *at ? json_object_iter_next(o, *at) : json_object_iter(o);
	if (!*at)
		return NULL;
	if (value)
		*value = json_object_iter_value(*at);
	return json_object_iter_key(*at);
}

static int append(const char *bytes, size_t n, void *to)
{
	hf_buf_put(to, bytes, n);
	return 0;
}

hf_status json_member_replace(struct json_t *object, const char *old, const char *name,
                              const char *text)
{
	HF_ENSURE(json_object_set_new(object, name, json_string(text)) == 0, HF_NOMEM);
	if (strcmp(old, name) != 0)
		json_object_del(object, old); /* that it is not there is no failure */
	return HF_SUCCESS;
}

hf_status json_canonical(const struct json_t *doc, struct hf_buf *to)
{
	int rc = json_dump_callback(doc, append, to,
	                            JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

	HF_TRY(hf_buf_status(to));
	HF_ENSURE(rc == 0, HF_NOMEM);
	return HF_SUCCESS;
}
