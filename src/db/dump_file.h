/* SPDX-License-Identifier: Apache-2.0
 * The file of a backup: what stands in the tables, free of any engine.
 *
 *   "HFBACKUP", u32 version (1), then items: u8 kind, u32 length, body:
 *   HEAD    text program version, u64 ms since 1970, text engine
 *   SCHEMA  text name, u64 version
 *   TABLE   text name, u16 columns, for each: text name, u8 type (enum db_type)
 *   ROW     for each column: u8 0 (null) or 1, then u64 (a number) or a field of bytes
 *   END     u64 rows; behind it, bare, the SHA-256 of every byte before
 *
 * One HEAD; a TABLE belongs to the SCHEMA before it, a ROW to the TABLE before it. Numbers are
 * big-endian, texts and fields carry their length (base/buf.h). The checksum tells an accident, not
 * an attacker: wrapped keys have the HSM's MAC, and the rest has to be kept where nobody writes. */
#ifndef HF_DB_DUMP_FILE_H
#define HF_DB_DUMP_FILE_H

#include "db/schema.h"

#define DUMP_VERSION 1
#define DUMP_ITEM_MAX ((size_t)16 << 20)
#define DUMP_NAME_MAX 64
#define DUMP_COLUMNS_MAX 64
#define DUMP_SUM_LEN 32

/* Stored: append only. */
enum dump_kind { DUMP_HEAD = 1, DUMP_SCHEMA = 2, DUMP_TABLE = 3, DUMP_ROW = 4, DUMP_END = 5 };

struct dump_column {
	char name[DUMP_NAME_MAX];
	enum db_type type;
};

struct dump_value {
	bool null;
	int64_t number;       /* DB_INT */
	struct hf_span bytes; /* DB_TEXT, DB_BLOB */
};

struct dump_item {
	enum dump_kind kind;
	char name[DUMP_NAME_MAX]; /* SCHEMA, TABLE and its ROWs; HEAD: the engine */
	char program[DUMP_NAME_MAX];
	int64_t number;                               /* HEAD: when; SCHEMA: version; END: rows */
	size_t n;                                     /* TABLE, ROW */
	struct dump_column columns[DUMP_COLUMNS_MAX]; /* TABLE; stays for its rows */
	struct dump_value values[DUMP_COLUMNS_MAX];   /* ROW: valid until the next item */
};

/* Where bytes go, and come from. */
struct dump_sink {
	hf_status (*write)(void *ctx, struct hf_span bytes);
	void *ctx;
};
struct dump_source {
	hf_status (*read)(void *ctx, void *to, size_t n, size_t *ret_n); /* 0: the end */
	void *ctx;
};

struct dump_writer;
HF_MUST hf_status dump_writer_open(struct dump_sink sink, struct dump_writer **ret);
/* The kinds in their order; END writes the checksum too. HF_TOOBIG: a row beyond DUMP_ITEM_MAX. */
HF_MUST hf_status dump_write(struct dump_writer *w, const struct dump_item *item);
void dump_writer_close(struct dump_writer *w);
HF_DEFINE_CLEANUP(dump_writer_close, struct dump_writer *)

struct dump_reader;
HF_MUST hf_status dump_reader_open(struct dump_source source, struct dump_reader **ret);
/* The next item, in *ret, which is the same for all of a file: a row needs its table's columns.
 * END comes only when the checksum is right and nothing follows. HF_CORRUPT, with words: not a
 * backup, damaged, cut off, or of a newer release. */
HF_MUST hf_status dump_read(struct dump_reader *r, struct dump_item *ret, struct hf_err *err);
void dump_reader_close(struct dump_reader *r);
HF_DEFINE_CLEANUP(dump_reader_close, struct dump_reader *)

#endif
