/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 12, CELL_MAX = 4096 };

/* "20170509T070912Z" */
static bool is_time(const char *text)
{
	for (size_t i = 0; i < 16; i++) {
		bool letter = i == 8 || i == 15;

		if (letter ? text[i] != (i == 8 ? 'T' : 'Z') : !isdigit((unsigned char)text[i]))
			return false;
	}
	return text[16] == 0;
}

static void put_text(struct hf_buf *to, const char *text)
{
	if (strcmp(text, "19700101T000000Z") == 0) { /* how the API says that something never was */
		hf_buf_text(to, "never");
		return;
	}
	if (is_time(text)) {
		hf_buf_printf(to, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", text, text + 4, text + 6,
		              text + 9, text + 11, text + 13);
		return;
	}
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		hf_buf_u8(to, c < 0x20 || c == 0x7f ? '?' : c);
	}
}

static void put_value(struct hf_buf *to, const struct json_t *value);

static void put_list(struct hf_buf *to, const struct json_t *array)
{
	for (size_t i = 0; i < json_count(array); i++) {
		hf_buf_text(to, i ? ", " : "");
		put_value(to, json_element(array, i));
	}
}

static void put_names(struct hf_buf *to, const struct json_t *object)
{
	void *at = NULL;
	const char *name, *comma = "";

	while ((name = json_member_next(object, &at, NULL)) != NULL) {
		hf_buf_text(to, comma);
		put_text(to, name);
		comma = ", ";
	}
}

static void put_value(struct hf_buf *to, const struct json_t *value)
{
	if (json_value_is(value, JSON_READ_TEXT))
		put_text(to, json_value_text(value));
	else if (json_value_is(value, JSON_READ_INT))
		hf_buf_printf(to, "%lld", (long long)json_value_int(value));
	else if (json_value_is(value, JSON_READ_BOOL))
		hf_buf_text(to, json_value_true(value) ? "yes" : "no");
	else if (json_value_is(value, JSON_READ_ARRAY))
		put_list(to, value);
	else if (json_value_is(value, JSON_READ_OBJECT))
		hf_ignore(json_canonical(value, to));
}

static bool is_filled(const struct json_t *value)
{
	void *at = NULL;

	return json_value_is(value, JSON_READ_OBJECT) && json_member_next(value, &at, NULL);
}

void table_value(const struct json_t *object, const char *path, struct hf_buf *to)
{
	const struct json_t *value = object;

	while (value && *path) {
		size_t n = strcspn(path, ".?");
		char name[64];

		if (strncmp(path, "*", n) == 0) {
			put_names(to, value);
			return;
		}
		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		value = json_value_is(value, JSON_READ_OBJECT) ? json_member(value, name) : NULL;
		if (path[n] == '?') {
			hf_buf_text(to, is_filled(value) ? "yes" : "");
			return;
		}
		path += n + (path[n] == '.');
	}
	if (value)
		put_value(to, value);
}

/* Characters, not bytes. */
static size_t width(struct hf_span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += (text.ptr[i] & 0xc0) != 0x80;
	return n;
}

static void print_cell(struct hf_span text, size_t room, bool last)
{
	fwrite(text.ptr, 1, text.len, stdout);
	if (last)
		putchar('\n');
	else
		printf("%*s  ", (int)(room - width(text)), "");
}

static void measure(const struct json_t *rows, const struct table_column *columns, size_t n,
                    size_t *widths)
{
	HF_BUF_SCOPED struct hf_buf cell = HF_BUF(CELL_MAX);

	for (size_t c = 0; c < n; c++)
		widths[c] = strlen(columns[c].title);
	for (size_t r = 0; r < json_count(rows); r++)
		for (size_t c = 0; c < n; c++) {
			hf_buf_clear(&cell);
			table_value(json_element(rows, r), columns[c].path, &cell);
			if (width(hf_buf_span(&cell)) > widths[c])
				widths[c] = width(hf_buf_span(&cell));
		}
}

void table_print(const struct json_t *rows, const struct table_column *columns, size_t n)
{
	HF_BUF_SCOPED struct hf_buf cell = HF_BUF(CELL_MAX);
	size_t widths[COLUMNS_MAX];

	if (json_value_is(rows, JSON_READ_OBJECT))
		rows = json_member(rows, "items");
	n = n > COLUMNS_MAX ? COLUMNS_MAX : n;
	measure(rows, columns, n, widths);
	for (size_t c = 0; c < n; c++)
		print_cell(hf_span_text(columns[c].title), widths[c], c + 1 == n);
	for (size_t r = 0; r < json_count(rows); r++)
		for (size_t c = 0; c < n; c++) {
			hf_buf_clear(&cell);
			table_value(json_element(rows, r), columns[c].path, &cell);
			print_cell(hf_buf_span(&cell), widths[c], c + 1 == n);
		}
}

void table_print_one(const struct json_t *object, const struct table_column *columns, size_t n)
{
	HF_BUF_SCOPED struct hf_buf cell = HF_BUF(CELL_MAX);
	size_t room = 0;

	for (size_t c = 0; c < n; c++)
		room = strlen(columns[c].title) > room ? strlen(columns[c].title) : room;
	for (size_t c = 0; c < n; c++) {
		hf_buf_clear(&cell);
		table_value(object, columns[c].path, &cell);
		if (!cell.len)
			continue;
		print_cell(hf_span_text(columns[c].title), room, false);
		print_cell(hf_buf_span(&cell), 0, true);
	}
}
