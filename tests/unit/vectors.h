/* SPDX-License-Identifier: Apache-2.0
 * Published test vectors: the files of tests/vectors, fields between spaces, one vector a line; '#'
 * begins a comment. What a line's fields are is written in its file. */
#ifndef HF_TESTS_VECTORS_H
#define HF_TESTS_VECTORS_H

#include "check.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define VECTOR_FIELDS 12
#define VECTOR_LINE 16384

struct vectors {
	FILE *file;
	unsigned line;
	size_t n;
	char *field[VECTOR_FIELDS];
	char text[VECTOR_LINE];
};

static inline void vectors_open(struct vectors *v, const char *path)
{
	memset(v, 0, sizeof(*v));
	v->file = fopen(path, "r");
	if (!v->file)
		fail_msg("%s cannot be read", path);
}

/* The next line that says something; false at the end, and the file is closed. */
static inline bool vectors_next(struct vectors *v)
{
	while (fgets(v->text, sizeof(v->text), v->file)) {
		char *at = v->text, *word;

		v->line++;
		v->n = 0;
		if (*at == '#')
			continue;
		while (v->n < VECTOR_FIELDS && (word = strsep(&at, " \n")))
			if (*word)
				v->field[v->n++] = word;
		if (v->n)
			return true;
	}
	fclose(v->file);
	return false;
}

static inline bool vectors_is(const struct vectors *v, const char *word)
{
	return strcmp(v->field[0], word) == 0;
}

/* The bytes of a field in hex, "-" for none. Decoded where it stands: once each, until the next
 * line. */
static inline struct hf_span vectors_bytes(const struct vectors *v, size_t field)
{
	uint8_t *to;
	char *text;
	size_t n;

	if (field >= v->n)
		fail_msg("line %u has no field %zu", v->line, field);
	text = v->field[field];
	to = (uint8_t *)text;
	if (strcmp(text, "-") == 0)
		return HF_SPAN(to, 0);
	n = strlen(text) / 2;
	for (size_t i = 0; i < n; i++) {
		int high = hf_hex_digit((uint8_t)text[2 * i]);
		int low = hf_hex_digit((uint8_t)text[2 * i + 1]);

		if (high < 0 || low < 0)
			fail_msg("line %u, field %zu is no hex", v->line, field);
		to[i] = (uint8_t)(high << 4 | low);
	}
	return HF_SPAN(to, n);
}

#endif
