/* SPDX-License-Identifier: Apache-2.0
 * Rows out of tables, page by page along the primary key, and into them. */
#include "db/dump.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_ROWS = 1000, PROGRESS_ROWS = 1000, SQL_MAX = 16384, TEXTS_MAX = 256, SYNC_ROWS = 256 };

/* The statements' texts: a connection knows them by their address, so they outlive it. */
struct texts {
	char *list[TEXTS_MAX];
	size_t n;
};

static void texts_done(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	t->n = 0;
}

static const char *keep_text(struct texts *t, struct hf_buf *sql)
{
	char *text;

	hf_buf_u8(sql, 0);
	if (!hf_ok(hf_buf_status(sql)) || t->n == TEXTS_MAX)
		return NULL;
	text = hf_strdup((const char *)sql->ptr);
	if (text)
		t->list[t->n++] = text;
	return text;
}

static const struct db_schema *find_schema(const struct dump_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_schemas; i++)
		if (strcmp(c->schemas[i]->name, name) == 0)
			return c->schemas[i];
	return NULL;
}

static const struct db_table *find_table(const struct db_schema *s, const char *name)
{
	for (size_t i = 0; s && i < s->n_tables; i++)
		if (strcmp(s->tables[i].name, name) == 0)
			return &s->tables[i];
	return NULL;
}

/* -- the file -- */

struct file {
	int fd;
	int64_t bytes;
};

static hf_status write_file(void *ctx, struct hf_span bytes)
{
	struct file *f = ctx;

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

static hf_status read_file(void *ctx, void *to, size_t n, size_t *ret_n)
{
	struct file *f = ctx;
	ssize_t got;

	do {
		got = read(f->fd, to, n);
	} while (got < 0 && errno == EINTR);
	HF_ENSURE(got >= 0, HF_IO);
	f->bytes += got;
	*ret_n = (size_t)got;
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

/* -- out of the database -- */

struct saver {
	const struct dump_config *config;
	struct db *db;
	struct dump_writer *out;
	struct texts texts;
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

static void list_columns(struct hf_buf *sql, const struct dump_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hf_buf_printf(sql, "%s%s", i ? ", " : "", item->columns[i].name);
}

static void list_parameters(struct hf_buf *sql, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hf_buf_printf(sql, "%s$%zu", i ? ", " : "", i + 1);
}

static const char *select_text(struct saver *s, size_t n_key, bool first)
{
	HF_BUF_SCOPED struct hf_buf sql = HF_BUF(SQL_MAX);

	hf_buf_text(&sql, "SELECT ");
	list_columns(&sql, &s->item, s->item.n);
	hf_buf_printf(&sql, " FROM %s", s->item.name);
	if (!first) {
		hf_buf_text(&sql, " WHERE (");
		list_columns(&sql, &s->item, n_key);
		hf_buf_text(&sql, ") > (");
		list_parameters(&sql, n_key);
		hf_buf_text(&sql, ")");
	}
	hf_buf_text(&sql, " ORDER BY ");
	list_columns(&sql, &s->item, n_key);
	hf_buf_printf(&sql, " LIMIT %d", PAGE_ROWS);
	return keep_text(&s->texts, &sql);
}

static void bind_value(struct db_stmt *st, int i, enum db_type type, const struct dump_value *v)
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

		db_bind_text(st, i, text); /* out of memory binds NULL, which no key may be */
		free(text);
		break;
	}
	}
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
		bind_value(st, (int)i + 1, s->item.columns[i].type, &v);
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

static hf_status save_into(const struct dump_config *c, struct file *f, struct dump_summary *ret,
                           struct hf_err *err)
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
	texts_done(&s->texts);
	hf_buf_done(&s->key);
	return status;
}

hf_status dump_save(const struct dump_config *c, struct dump_summary *ret, struct hf_err *err)
{
	char part[4096];
	struct file f = { 0 };
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

/* -- into a database -- */

hf_status dump_scan(const struct dump_config *c, dump_row fn, void *ctx, struct dump_summary *ret,
                    struct hf_err *err)
{
	HF_CLEANUP(dump_reader_close_at) struct dump_reader *in = NULL;
	HF_FREE struct dump_item *item = calloc(1, sizeof(*item));
	struct dump_summary sum = { 0 };
	struct file f = { .fd = open(c->path, O_RDONLY | O_CLOEXEC) };
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

struct restorer {
	const struct dump_config *config;
	struct db *db;
	struct texts texts;
	const char *sql; /* of the table at hand */
	int64_t rows;
	struct hf_err *err;
};

/* The table has to be one that we know, with columns that we know: a backup writes nowhere else. */
static hf_status begin_table(struct restorer *r, const char *schema, const struct dump_item *item)
{
	const struct db_table *t = find_table(find_schema(r->config, schema), item->name);
	HF_BUF_SCOPED struct hf_buf sql = HF_BUF(SQL_MAX);

	for (size_t i = 0; i < item->n; i++) {
		bool known = false;

		for (size_t j = 0; t && j < t->n_columns && !known; j++)
			known = strcmp(t->columns[j].name, item->columns[i].name) == 0 &&
			        t->columns[j].type == item->columns[i].type;
		if (!known)
			return hf_fail(r->err, HF_STATE,
			               "the backup has the table %s with the column %s, which this "
			               "program does not know: use the release that made it",
			               item->name, item->columns[i].name);
	}
	hf_buf_printf(&sql, "INSERT INTO %s (", item->name);
	list_columns(&sql, item, item->n);
	hf_buf_text(&sql, ") VALUES (");
	list_parameters(&sql, item->n);
	hf_buf_text(&sql, ")");
	r->sql = keep_text(&r->texts, &sql);
	HF_ENSURE(r->sql, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status put_row(void *ctx, const char *schema, const struct dump_item *item)
{
	struct restorer *r = ctx;
	DB_STMT st = NULL;

	if (item->kind == DUMP_TABLE)
		return begin_table(r, schema, item);
	HF_TRY(db_query(r->db, r->sql, &st));
	for (size_t i = 0; i < item->n; i++)
		bind_value(st, (int)i + 1, item->columns[i].type, &item->values[i]);
	if (++r->rows % SYNC_ROWS == 0)
		return db_run(st, NULL);
	db_post(hf_take(st));
	return HF_SUCCESS;
}

static hf_status check_empty(struct restorer *r, const struct db_schema *schema, int64_t version)
{
	for (size_t i = 0; i < schema->n_tables; i++) {
		bool empty;

		if (schema->tables[i].since > version)
			continue;
		HF_TRY(db_table_is_empty(r->db, &schema->tables[i], &empty));
		if (!empty)
			return hf_fail(
			        r->err, HF_EXISTS,
			        "the database is not empty (table %s): restore into a new one",
			        schema->tables[i].name);
	}
	return HF_SUCCESS;
}

/* Brings each schema to the version that the backup is of, unless something is there. */
static hf_status prepare(struct restorer *r, const struct dump_summary *sum)
{
	for (size_t i = 0; i < sum->n_schemas; i++) {
		const struct db_schema *schema = find_schema(r->config, sum->schemas[i].name);
		int64_t version = sum->schemas[i].version, there;

		if (!schema || (uint64_t)version > schema->n_migrations)
			return hf_fail(
			        r->err, HF_STATE,
			        "the backup has the schema \"%s\" in version %lld, which this "
			        "program does not know: use the release that made it, or a "
			        "newer one",
			        sum->schemas[i].name, (long long)version);
		HF_TRY(db_schema_version(r->db, schema->name, &there));
		if (there)
			HF_TRY(check_empty(r, schema, there));
		if (there > version)
			return hf_fail(r->err, HF_EXISTS,
			               "the database's schema \"%s\" is newer than the backup's: "
			               "restore into a database without tables",
			               schema->name);
		HF_TRY(db_migrate(r->db, schema->name, schema->migrations, (size_t)version,
		                  r->err));
	}
	return HF_SUCCESS;
}

static hf_status fill(struct restorer *r, struct dump_summary *ret)
{
	struct dump_summary again;

	HF_TRY(db_begin(r->db));
	for (size_t i = 0; i < ret->n_schemas; i++)
		HF_TRY(check_empty(r, find_schema(r->config, ret->schemas[i].name),
		                   ret->schemas[i].version));
	HF_TRY(dump_scan(r->config, put_row, r, &again, r->err));
	return db_commit(r->db, DB_DURABLE);
}

static hf_status bring_up_to_date(struct restorer *r, const struct dump_summary *sum)
{
	for (size_t i = 0; i < sum->n_schemas; i++) {
		const struct db_schema *s = find_schema(r->config, sum->schemas[i].name);

		HF_TRY(db_migrate(r->db, s->name, s->migrations, s->n_migrations, r->err));
	}
	return HF_SUCCESS;
}

hf_status dump_restore(const struct dump_config *c, struct dump_summary *ret, struct hf_err *err)
{
	HF_FREE struct restorer *r = calloc(1, sizeof(*r));
	struct hf_err why = { 0 };
	struct dump_config check = *c;
	hf_status s;

	HF_ENSURE(r, HF_NOMEM);
	check.progress = NULL;
	HF_TRY(dump_scan(&check, NULL, NULL, ret, err));
	r->config = c;
	r->err = &why;
	HF_TRY(db_open(&c->db, &r->db, err));
	s = prepare(r, ret);
	if (hf_ok(s))
		s = fill(r, ret);
	if (hf_ok(s))
		s = bring_up_to_date(r, ret);
	if (!hf_ok(s))
		s = hf_fail(err, s.code, "%s; the database is as it was",
		            why.text[0]          ? why.text
		            : db_error(r->db)[0] ? db_error(r->db)
		                                 : hf_code_name(s.code));
	db_close(r->db);
	texts_done(&r->texts);
	return s;
}
