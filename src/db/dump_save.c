/* SPDX-License-Identifier: Apache-2.0
 * Rows out of tables, page by page along the primary key. */
#include "db/dump.h"

#include "base/clock.h"
#include "db/dump_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_ROWS = 1000 };

static hf_status write_file(void *ctx, struct hf_span bytes)
{
	struct dump_file *f = ctx;

	while (bytes.len) {
		ssize_t n = write(f->fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		HF_ENSURE(n > 0, HF_IO);
		bytes.ptr += n;
		bytes.len -= (size_t)n;
		f->bytes += n;
	}
	return HF_SUCCESS;
}

static hf_status sync_folder(const char *path)
{
	char folder[4096];
	char *slash;
	HF_FD int fd = -1;

	HF_ENSURE((size_t)snprintf(folder, sizeof(folder), "%s", path) < sizeof(folder), HF_TOOBIG);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	HF_ENSURE(fd >= 0 && fsync(fd) == 0, HF_IO);
	return HF_SUCCESS;
}

struct saver {
	const struct dump_config *config;
	struct db *db;
	struct dump_writer *out;
	struct dump_texts texts;
	struct dump_summary sum;
	struct dump_item item;
	struct hf_buf key; /* of the last row: its primary key, encoded as in a ROW item */
};

/* The columns that the table has at this version of its schema. */
static void describe(const struct db_table *t, int64_t version, struct dump_item *to)
{
	to->n = 0;
	snprintf(to->name, sizeof(to->name), "%s", t->name);
	for (size_t i = 0; i < t->n_columns; i++) {
		if (t->columns[i].since > version)
			continue;
		snprintf(to->columns[to->n].name, DUMP_NAME_MAX, "%s", t->columns[i].name);
		to->columns[to->n++].type = t->columns[i].type;
	}
}

static const char *select_text(struct saver *s, size_t n_key, bool first)
{
	HF_BUF_SCOPED struct hf_buf sql = HF_BUF(DUMP_SQL_MAX);

	hf_buf_text(&sql, "SELECT ");
	dump_list_columns(&sql, &s->item, s->item.n);
	hf_buf_printf(&sql, " FROM %s", s->item.name);
	if (!first) {
		hf_buf_text(&sql, " WHERE (");
		dump_list_columns(&sql, &s->item, n_key);
		hf_buf_text(&sql, ") > (");
		dump_list_parameters(&sql, n_key);
		hf_buf_text(&sql, ")");
	}
	hf_buf_text(&sql, " ORDER BY ");
	dump_list_columns(&sql, &s->item, n_key);
	hf_buf_printf(&sql, " LIMIT %d", PAGE_ROWS);
	return dump_keep_text(&s->texts, &sql);
}

/* What the last row's key was, kept beyond its statement. */
static hf_status keep_key(struct saver *s, size_t n_key)
{
	hf_buf_clear(&s->key);
	for (size_t i = 0; i < n_key; i++) {
		hf_buf_u64(&s->key, (uint64_t)s->item.values[i].number);
		hf_buf_field(&s->key, s->item.values[i].bytes);
	}
	return hf_buf_status(&s->key);
}

static void bind_key(struct saver *s, struct db_stmt *st, size_t n_key)
{
	struct hf_reader r = hf_reader(hf_buf_span(&s->key));

	for (size_t i = 0; i < n_key; i++) {
		struct dump_value v = { .number = (int64_t)hf_read_u64(&r) };

		v.bytes = hf_read_field(&r, DUMP_ITEM_MAX);
		dump_bind(st, (int)i + 1, s->item.columns[i].type, &v);
	}
}

static void read_row(struct saver *s, struct db_stmt *st)
{
	for (size_t i = 0; i < s->item.n; i++) {
		struct dump_value *v = &s->item.values[i];
		int col = (int)i;

		*v = (struct dump_value){ .null = db_col_null(st, col) };
		if (v->null)
			continue;
		switch (s->item.columns[i].type) {
		case DB_INT:
			v->number = db_col_int(st, col);
			break;
		case DB_TEXT:
			v->bytes = hf_span_text(db_col_text(st, col));
			break;
		case DB_BLOB:
			v->bytes = db_col_blob(st, col);
			break;
		}
	}
}

static hf_status save_page(struct saver *s, const char *sql, size_t n_key, bool first,
                           size_t *ret_rows)
{
	DB_STMT st = NULL;
	size_t rows = 0;
	bool row;

	HF_ENSURE(sql, HF_NOMEM);
	HF_TRY(db_query(s->db, sql, &st));
	if (!first)
		bind_key(s, st, n_key);
	for (;; rows++) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		read_row(s, st);
		s->item.kind = DUMP_ROW;
		HF_TRY(dump_write(s->out, &s->item));
		HF_TRY(keep_key(s, n_key));
	}
	*ret_rows = rows;
	return HF_SUCCESS;
}

static hf_status save_table(struct saver *s, const struct db_table *t, int64_t version)
{
	const char *first_sql, *next_sql;
	size_t rows = PAGE_ROWS;

	describe(t, version, &s->item);
	s->item.kind = DUMP_TABLE;
	HF_TRY(dump_write(s->out, &s->item));
	first_sql = select_text(s, t->n_key, true);
	next_sql = select_text(s, t->n_key, false);
	for (bool first = true; rows == PAGE_ROWS; first = false) {
		HF_TRY(save_page(s, first ? first_sql : next_sql, t->n_key, first, &rows));
		s->sum.rows += (int64_t)rows;
		s->sum.schemas[s->sum.n_schemas - 1].rows += (int64_t)rows;
		if (s->config->progress)
			s->config->progress(s->config->ctx, s->sum.rows);
	}
	return HF_SUCCESS;
}

static hf_status save_schema(struct saver *s, const struct db_schema *schema, struct hf_err *err)
{
	int64_t version;

	HF_TRY(db_schema_version(s->db, schema->name, &version));
	if (version == 0)
		return HF_SUCCESS;
	if ((uint64_t)version > schema->n_migrations)
		return hf_fail(
		        err, HF_STATE,
		        "the database's schema \"%s\" is at version %lld, this program knows "
		        "up to %zu: use the newer release that brought it there",
		        schema->name, (long long)version, schema->n_migrations);
	snprintf(s->item.name, sizeof(s->item.name), "%s", schema->name);
	snprintf(s->sum.schemas[s->sum.n_schemas].name, DUMP_NAME_MAX, "%s", schema->name);
	s->sum.schemas[s->sum.n_schemas++].version = version;
	s->item.kind = DUMP_SCHEMA;
	s->item.number = version;
	HF_TRY(dump_write(s->out, &s->item));
	for (size_t i = 0; i < schema->n_tables; i++)
		if (schema->tables[i].since <= version)
			HF_TRY(save_table(s, &schema->tables[i], version));
	return HF_SUCCESS;
}

static hf_status save_all(struct saver *s, struct hf_err *err)
{
	s->item.kind = DUMP_HEAD;
	s->item.number = s->sum.at_ms = hf_wall_ms();
	snprintf(s->item.program, sizeof(s->item.program), "holdfast %s", HF_VERSION);
	snprintf(s->item.name, sizeof(s->item.name), "%s",
	         db_dialect(s->db, "sqlite", "postgresql"));
	HF_TRY(dump_write(s->out, &s->item));
	for (size_t i = 0; i < s->config->n_schemas; i++)
		HF_TRY(save_schema(s, s->config->schemas[i], err));
	if (!s->sum.n_schemas)
		return hf_fail(err, HF_NOTFOUND,
		               "there is no database of Holdfast here: nothing to back up");
	s->item.kind = DUMP_END;
	s->item.number = s->sum.rows;
	return dump_write(s->out, &s->item);
}

static hf_status save_into(const struct dump_config *c, struct dump_file *f,
                           struct dump_summary *ret, struct hf_err *err)
{
	HF_FREE struct saver *s = calloc(1, sizeof(*s));
	struct dump_sink sink = { write_file, f };
	struct db_config db = c->db;
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	db.read_only = true;
	s->config = c;
	s->key = HF_BUF(DUMP_ITEM_MAX);
	HF_TRY(db_open(&db, &s->db, err));
	status = db_begin_snapshot(s->db);
	if (hf_ok(status))
		status = dump_writer_open(sink, &s->out);
	if (hf_ok(status))
		status = save_all(s, err);
	if (!hf_ok(status) && (!err || err->code != status.code))
		status = hf_fail(err, status.code, "%s",
		                 db_error(s->db)[0] ? db_error(s->db) : strerror(errno));
	s->sum.bytes = f->bytes;
	*ret = s->sum;
	dump_writer_close(s->out);
	db_close(s->db);
	dump_texts_done(&s->texts);
	hf_buf_done(&s->key);
	return status;
}

hf_status dump_save(const struct dump_config *c, struct dump_summary *ret, struct hf_err *err)
{
	char part[4096];
	struct dump_file f = { 0 };
	hf_status s;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", c->path) >= sizeof(part))
		return hf_fail(err, HF_TOOBIG, "the path of the backup is too long");
	if (access(c->path, F_OK) == 0)
		return hf_fail(err, HF_EXISTS, "%s is there already: a backup overwrites nothing",
		               c->path);
	f.fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f.fd < 0 && errno == EEXIST)
		return hf_fail(
		        err, HF_EXISTS,
		        "%s is there: another backup writes it, or one was killed; remove it "
		        "when none runs",
		        part);
	if (f.fd < 0)
		return hf_fail(err, HF_IO, "cannot write %s: %s", part, strerror(errno));
	s = save_into(c, &f, ret, err);
	if (hf_ok(s) && (fsync(f.fd) != 0 || link(part, c->path) != 0))
		s = hf_fail(err, errno == EEXIST ? HF_EXISTS : HF_IO, "cannot write %s: %s",
		            c->path, strerror(errno));
	close(f.fd);
	unlink(part);
	return hf_ok(s) ? sync_folder(c->path) : s;
}
