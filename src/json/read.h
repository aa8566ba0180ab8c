/* SPDX-License-Identifier: Apache-2.0
 * Reading JSON (RFC 8259) from outside: size and depth are limited before anything is parsed,
 * duplicate keys, NUL characters, invalid UTF-8 and bytes after the end are refused, and objects
 * are read by a table that knows every field it may have.
 *
 * A document is a tree of `struct json_t` (jansson's own). Whatever is read out of it points into
 * it. */
#ifndef HF_JSON_READ_H
#define HF_JSON_READ_H

#include "base/buf.h"

#define JSON_DEPTH_MAX 32

struct json_t;

/* Parses a whole document, whose root is an object or an array. The caller owns *ret: json_done().
 * HF_TOOBIG beyond max_bytes, HF_INVALID beyond JSON_DEPTH_MAX or when malformed, with the place of
 * the fault. */
HF_MUST hf_status json_parse(struct hf_span text, size_t max_bytes, struct json_t **ret,
                             struct hf_err *err);
void json_done(struct json_t *doc);
/* Wipes every text in it, for a document that holds secrets. Only the owner of all of it. */
void json_wipe(struct json_t *doc);
HF_DEFINE_CLEANUP(json_done, struct json_t *)
#define JSON_SCOPED HF_CLEANUP(json_done_at)

enum json_kind {
	JSON_READ_TEXT,   /* const char *; min and max count characters */
	JSON_READ_INT,    /* int64_t; a whole number within [min, max] */
	JSON_READ_BOOL,   /* bool */
	JSON_READ_OBJECT, /* struct json_t *, borrowed */
	JSON_READ_ARRAY,  /* struct json_t *, borrowed; min and max count elements */
	JSON_READ_ANY,    /* struct json_t *, borrowed: any value, null too */
};

struct json_field {
	const char *name;
	enum json_kind kind;
	size_t offset; /* of the field in the struct that is filled */
	bool required;
	bool nullable;    /* null is allowed and leaves the field as it was */
	int64_t min, max; /* both 0: no bound */
};

/* Reads an object into `to`, whose fields keep their values where the object has none. Fails
 * closed: a field that the table does not know is an error. HF_INVALID with words that name the
 * field and what was expected. */
HF_MUST hf_status json_read(const struct json_t *object, const struct json_field *fields, size_t n,
                            void *to, struct hf_err *err);
/* The same, but fields that the table does not know are passed over: for documents of others that
 * grow. */
HF_MUST hf_status json_read_some(const struct json_t *object, const struct json_field *fields,
                                 size_t n, void *to, struct hf_err *err);

/* Text of a member, or NULL when there is none or it is no text. */
const char *json_member_text(const struct json_t *object, const char *name);
/* Number of elements, and one of them (borrowed); 0 and NULL when it is no array. */
size_t json_count(const struct json_t *array);
struct json_t *json_element(const struct json_t *array, size_t i);
/* Text of a value, or NULL when it is none; a whole number, or 0; true only for true. */
const char *json_value_text(const struct json_t *value);
int64_t json_value_int(const struct json_t *value);
bool json_value_true(const struct json_t *value);
bool json_value_null(const struct json_t *value); /* null, or NULL: there is no value */
/* A member of any kind (borrowed), or NULL. */
struct json_t *json_member(const struct json_t *object, const char *name);

/* Whether a value is of this kind; NULL is of none, and everything else JSON_READ_ANY. */
bool json_value_is(const struct json_t *value, enum json_kind kind);
/* One member after the other, in no particular order: *at is NULL before the first, and belongs to
 * the document. The name, or NULL after the last; *value may be NULL. */
const char *json_member_next(const struct json_t *object, void **at, struct json_t **value);

/* Puts a text member in the place of another, or beside the rest when that is not there. */
HF_MUST hf_status json_member_replace(struct json_t *object, const char *old, const char *name,
                                      const char *text);

/* Appends the canonical form: compact, members sorted by name. Equal documents give equal bytes
 * whatever their spacing, order and escapes were. */
HF_MUST hf_status json_canonical(const struct json_t *doc, struct hf_buf *to);

#endif
