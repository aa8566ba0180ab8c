/* SPDX-License-Identifier: Apache-2.0
 * What saving and restoring share, and the walk through a file. */
#include "db/dump.h"

#include "base/text.h"
#include "db/backend.h"
#include "db/dump_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PROGRESS_ROWS = 1000 };

void dump_texts_done(struct dump_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	t->n = 0;
}

const char *dump_keep_text(struct dump_texts *t, struct hf_buf *sql)
{
	char *text;

	hf_buf_u8(sql, 0);
	if (!hf_ok(hf_buf_status(sql)) || t->n == HF_COUNT(t->list))
		return NULL;
	text = hf_strdup((const char *)sql->ptr);
	if (text)
		t->list[t->n++] = text;
	return text;
}

void dump_list_columns(struct hf_buf *sql, const struct dump_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hf_buf_printf(sql, "%s%s", i ? ", " : "", item->columns[i].name);
}

void dump_list_parameters(struct hf_buf *sql, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hf_buf_printf(sql, "%s$%zu", i ? ", " : "", i + 1);
}

void dump_bind(struct db_stmt *st, int i, enum db_type type, const struct dump_value *v)
{
	if (v->null) {
		db_bind_null(st, i);
		return;
	}
	switch (type) {
	case DB_INT:
		db_bind_int(st, i, v->number);
		break;
	case DB_BLOB:
		db_bind_blob(st, i, v->bytes);
		break;
	case DB_TEXT: {
		char *text = strndup(v->bytes.ptr ? (const char *)v->bytes.ptr : "", v->bytes.len);

		if (!text)
			st->failed = HF_NOMEM; /* not a NULL in its place */
		db_bind_text(st, i, text);
		free(text);
		break;
	}
	}
}

static hf_status read_file(void *ctx, void *to, size_t n, size_t *ret_n)
{
	struct dump_file *f = ctx;
	ssize_t got;

	do {
		got = read(f->fd, to, n);
	} while (got < 0 && errno == EINTR);
	HF_ENSURE(got >= 0, HF_IO);
	f->bytes += got;
	*ret_n = (size_t)got;
	return HF_SUCCESS;
}

hf_status dump_scan(const struct dump_config *c, dump_row fn, void *ctx, struct dump_summary *ret,
                    struct hf_err *err)
{
	HF_CLEANUP(dump_reader_close_at) struct dump_reader *in = NULL;
	HF_FREE struct dump_item *item = calloc(1, sizeof(*item));
	struct dump_summary sum = { 0 };
	struct dump_file f = { .fd = open(c->path, O_RDONLY | O_CLOEXEC) };
	HF_FD int fd = f.fd;
	struct dump_source source = { read_file, &f };
	size_t at = 0;

	HF_ENSURE(item, HF_NOMEM);
	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot read %s: %s", c->path, strerror(errno));
	HF_TRY(dump_reader_open(source, &in));
	do {
		HF_TRY(dump_read(in, item, err));
		if (item->kind == DUMP_HEAD) {
			sum.at_ms = item->number;
		} else if (item->kind == DUMP_SCHEMA) {
			if (sum.n_schemas == DUMP_SCHEMAS_MAX)
				return hf_fail(err, HF_CORRUPT, "too many schemas in the backup");
			at = sum.n_schemas++;
			memcpy(sum.schemas[at].name, item->name, DUMP_NAME_MAX);
			sum.schemas[at].version = item->number;
		} else if (item->kind == DUMP_ROW) {
			sum.rows++;
			sum.schemas[at].rows++;
		}
		if (fn && (item->kind == DUMP_ROW || item->kind == DUMP_TABLE))
			HF_TRY(fn(ctx, sum.schemas[at].name, item));
		if (c->progress && item->kind == DUMP_ROW && sum.rows % PROGRESS_ROWS == 0)
			c->progress(c->ctx, sum.rows);
	} while (item->kind != DUMP_END);
	sum.bytes = f.bytes;
	*ret = sum;
	return HF_SUCCESS;
}
