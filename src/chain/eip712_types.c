/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/eip712_types.h"

#include "crypto/digest.h"

#include <string.h>

#define ENCODED_MAX (EIP712_FIELDS_MAX * (2 * EIP712_NAME_MAX + 2))

/* "8", "16", … up to `max`, in steps; 0: none of them. */
static unsigned size_after(struct hf_span name, const char *prefix, unsigned step, unsigned max)
{
	size_t skip = strlen(prefix);
	unsigned v = 0;

	if (name.len <= skip || name.len > skip + 3 || memcmp(name.ptr, prefix, skip) != 0 ||
	    name.ptr[skip] == '0')
		return 0;
	for (size_t i = skip; i < name.len; i++) {
		if (name.ptr[i] < '0' || name.ptr[i] > '9')
			return 0;
		v = v * 10 + (name.ptr[i] - '0');
	}
	return v <= max && v % step == 0 ? v : 0;
}

hf_status eip712_atomic_parse(struct hf_span name, struct eip712_atomic *ret)
{
	static const struct {
		const char *name;
		enum eip712_atom atom;
		unsigned step, max; /* 0: the name is all */
	} atoms[] = {
		{ "address", EIP712_ADDRESS },      { "bool", EIP712_BOOL },
		{ "string", EIP712_STRING },        { "bytes", EIP712_BYTES },
		{ "bytes", EIP712_BYTES_N, 1, 32 }, { "uint", EIP712_UINT, 8, 256 },
		{ "int", EIP712_INT, 8, 256 },
	};

	for (size_t i = 0; i < HF_COUNT(atoms); i++) {
		unsigned size =
		        atoms[i].step ? size_after(name, atoms[i].name, atoms[i].step, atoms[i].max)
		                      : 0;

		if (atoms[i].step ? size == 0 : !hf_span_is(name, atoms[i].name))
			continue;
		*ret = (struct eip712_atomic){ atoms[i].atom, size };
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_NOTFOUND);
}

static bool is_identifier(const char *name)
{
	static const char letters[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$0123456789";
	size_t len = strlen(name);

	return len > 0 && len <= EIP712_NAME_MAX && strspn(name, letters) == len &&
	       !(name[0] >= '0' && name[0] <= '9');
}

const struct eip712_type *eip712_type_find(const struct eip712_types *types, struct hf_span name)
{
	for (size_t i = 0; i < types->n; i++)
		if (hf_span_is(name, types->types[i].name))
			return &types->types[i];
	return NULL;
}

/* A type's name without "[]" and "[2]"; an empty span when the brackets are not well-formed. */
static struct hf_span element_type(const char *type)
{
	size_t len = strcspn(type, "[");
	const char *at = type + len;

	while (*at) {
		size_t digits = strspn(at + 1, "0123456789");

		if (*at != '[' || at[1 + digits] != ']' || digits > 6 || (digits && at[1] == '0'))
			return HF_SPAN(NULL, 0);
		at += digits + 2;
	}
	return HF_SPAN(type, len);
}

static hf_status add_field(struct eip712_types *t, const struct eip712_type *of,
                           const struct json_t *field, struct hf_err *err)
{
	struct eip712_field *f = &t->fields[t->n_fields];
	static const struct json_field members[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct eip712_field, name), true },
		{ "type", JSON_READ_TEXT, offsetof(struct eip712_field, type), true, false, 1,
		  EIP712_NAME_MAX },
	};

	if (t->n_fields == EIP712_FIELDS_MAX)
		return hf_fail(err, HF_TOOBIG, "field \"types\": more than %d fields",
		               EIP712_FIELDS_MAX);
	HF_TRY(hf_context(err, json_read(field, members, HF_COUNT(members), f, err),
	                  "field \"types\": %s", of->name));
	if (!is_identifier(f->name))
		return hf_fail(err, HF_INVALID,
		               "field \"types\": \"%.80s\" in %s is no name for a field", f->name,
		               of->name);
	for (size_t i = of->first; i < t->n_fields; i++)
		if (strcmp(t->fields[i].name, f->name) == 0)
			return hf_fail(err, HF_INVALID, "field \"types\": %s has two fields \"%s\"",
			               of->name, f->name);
	t->n_fields++;
	return HF_SUCCESS;
}

static hf_status add_type(struct eip712_types *t, const char *name, const struct json_t *fields,
                          struct hf_err *err)
{
	struct eip712_type *type = &t->types[t->n];
	struct eip712_atomic atomic;

	if (t->n == EIP712_TYPES_MAX)
		return hf_fail(err, HF_TOOBIG, "field \"types\": more than %d types",
		               EIP712_TYPES_MAX);
	if (strcmp(name, "EIP712Domain") == 0)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"types\": leave EIP712Domain out: it follows from \"domain\"");
	if (!is_identifier(name) || hf_ok(eip712_atomic_parse(hf_span_text(name), &atomic)))
		return hf_fail(err, HF_INVALID, "field \"types\": \"%.80s\" is no name for a type",
		               name);
	if (!json_value_is(fields, JSON_READ_ARRAY))
		return hf_fail(err, HF_INVALID, "field \"types\": %s: expected an array of fields",
		               name);
	*type = (struct eip712_type){ .name = name, .first = t->n_fields };
	for (size_t i = 0; i < json_count(fields); i++)
		HF_TRY(add_field(t, type, json_element(fields, i), err));
	type->n = t->n_fields - type->first;
	t->n++;
	return HF_SUCCESS;
}

static hf_status resolve(struct eip712_types *t, struct eip712_field *f, struct hf_err *err)
{
	struct hf_span name = element_type(f->type);
	const struct eip712_type *type = eip712_type_find(t, name);
	struct eip712_atomic atomic;

	f->refers_to = type ? (int)(type - t->types) : -1;
	if (type || hf_ok(eip712_atomic_parse(name, &atomic)))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"types\": \"%s\" of field \"%s\" is no type: neither one of "
	               "\"types\", nor address, bool, string, bytes, bytes1 to bytes32, uint8 to "
	               "uint256, int8 to int256, nor an array of them",
	               f->type, f->name);
}

/* Marks what a type refers to, itself included. A type that is met while it is on the way contains
 * itself. */
static bool mark(const struct eip712_types *t, size_t type, bool *seen, bool *on_the_way)
{
	bool sound = true;

	if (seen[type])
		return !on_the_way[type];
	seen[type] = on_the_way[type] = true;
	for (size_t i = 0; i < t->types[type].n && sound; i++) {
		int next = t->fields[t->types[type].first + i].refers_to;

		sound = next < 0 || mark(t, (size_t)next, seen, on_the_way);
	}
	on_the_way[type] = false;
	return sound;
}

static void put_type(const struct eip712_types *t, const struct eip712_type *type,
                     struct hf_buf *to)
{
	hf_buf_printf(to, "%s(", type->name);
	for (size_t i = 0; i < type->n; i++) {
		const struct eip712_field *f = &t->fields[type->first + i];

		hf_buf_printf(to, "%s%s %s", i ? "," : "", f->type, f->name);
	}
	hf_buf_text(to, ")");
}

/* The type itself, then those it refers to, sorted by name (EIP-712, "Definition of encodeType").
 */
static hf_status hash_type(struct eip712_types *t, size_t type, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(ENCODED_MAX);
	bool seen[EIP712_TYPES_MAX] = { 0 }, on_the_way[EIP712_TYPES_MAX] = { 0 };

	if (!mark(t, type, seen, on_the_way))
		return hf_fail(err, HF_INVALID, "field \"types\": %s contains itself",
		               t->types[type].name);
	put_type(t, &t->types[type], &encoded);
	seen[type] = false;
	for (;;) {
		size_t next = t->n;

		for (size_t i = 0; i < t->n; i++)
			if (seen[i] &&
			    (next == t->n || strcmp(t->types[i].name, t->types[next].name) < 0))
				next = i;
		if (next == t->n)
			break;
		put_type(t, &t->types[next], &encoded);
		seen[next] = false;
	}
	HF_TRY(hf_buf_status(&encoded));
	return keccak256(hf_buf_span(&encoded), t->types[type].hash);
}

static hf_status find_primary(struct eip712_types *t, struct hf_err *err)
{
	bool referred[EIP712_TYPES_MAX] = { 0 };
	size_t found = t->n;

	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].refers_to >= 0)
			referred[t->fields[i].refers_to] = true;
	for (size_t i = 0; i < t->n; i++) {
		if (referred[i])
			continue;
		if (found < t->n)
			return hf_fail(
			        err, HF_INVALID,
			        "field \"types\": which is the message's type? No type "
			        "refers to %s, nor to %s: leave out the one that is not used",
			        t->types[found].name, t->types[i].name);
		found = i;
	}
	if (found == t->n)
		return hf_fail(err, HF_INVALID,
		               "field \"types\": there is no type to which no other refers, and "
		               "which would be the message's");
	t->primary = found;
	return HF_SUCCESS;
}

hf_status eip712_types_read(const struct json_t *types, struct eip712_types *ret,
                            struct hf_err *err)
{
	struct json_t *fields;
	const char *name;
	void *at = NULL;

	ret->n = ret->n_fields = 0;
	while ((name = json_member_next(types, &at, &fields)))
		HF_TRY(add_type(ret, name, fields, err));
	for (size_t i = 0; i < ret->n_fields; i++)
		HF_TRY(resolve(ret, &ret->fields[i], err));
	for (size_t i = 0; i < ret->n; i++)
		HF_TRY(hash_type(ret, i, err));
	return find_primary(ret, err);
}
