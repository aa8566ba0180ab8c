/* SPDX-License-Identifier: Apache-2.0 */
#include "db/dump_file.h"

#include "crypto/digest.h"

#include <string.h>

static const char magic[8] = { 'H', 'F', 'B', 'A', 'C', 'K', 'U', 'P' };

enum { READ_AT_ONCE = 65536, ITEM_HEAD = 5 };

struct dump_writer {
	struct dump_sink sink;
	struct sha256_run *sum;
	struct hf_buf item;
	enum db_type types[DUMP_COLUMNS_MAX];
};

static hf_status put(struct dump_writer *w, struct hf_span bytes)
{
	HF_TRY(sha256_add(w->sum, bytes));
	return w->sink.write(w->sink.ctx, bytes);
}

hf_status dump_writer_open(struct dump_sink sink, struct dump_writer **ret)
{
	HF_CLEANUP(dump_writer_close_at) struct dump_writer *w = calloc(1, sizeof(*w));

	HF_ENSURE(w, HF_NOMEM);
	w->sink = sink;
	w->item = HF_BUF(DUMP_ITEM_MAX);
	HF_TRY(sha256_begin(&w->sum));
	hf_buf_put(&w->item, magic, sizeof(magic));
	hf_buf_u32(&w->item, DUMP_VERSION);
	HF_TRY(hf_buf_status(&w->item));
	HF_TRY(put(w, hf_buf_span(&w->item)));
	*ret = hf_take(w);
	return HF_SUCCESS;
}

void dump_writer_close(struct dump_writer *w)
{
	if (!w)
		return;
	sha256_done(w->sum);
	hf_buf_done(&w->item);
	free(w);
}

static void put_table(struct dump_writer *w, const struct dump_item *item)
{
	hf_buf_field(&w->item, hf_span_text(item->name));
	hf_buf_u16(&w->item, (uint16_t)item->n);
	for (size_t i = 0; i < item->n; i++) {
		hf_buf_field(&w->item, hf_span_text(item->columns[i].name));
		hf_buf_u8(&w->item, (uint8_t)item->columns[i].type);
		w->types[i] = item->columns[i].type;
	}
}

static void put_row(struct dump_writer *w, const struct dump_item *item)
{
	for (size_t i = 0; i < item->n; i++) {
		const struct dump_value *v = &item->values[i];

		hf_buf_u8(&w->item, !v->null);
		if (v->null)
			continue;
		if (w->types[i] == DB_INT)
			hf_buf_u64(&w->item, (uint64_t)v->number);
		else
			hf_buf_field(&w->item, v->bytes);
	}
}

static hf_status put_sum(struct dump_writer *w)
{
	uint8_t sum[DUMP_SUM_LEN];

	HF_TRY(sha256_so_far(w->sum, sum));
	return w->sink.write(w->sink.ctx, HF_SPAN(sum, sizeof(sum)));
}

hf_status dump_write(struct dump_writer *w, const struct dump_item *item)
{
	size_t len;

	HF_ENSURE(item->n <= DUMP_COLUMNS_MAX, HF_TOOBIG);
	hf_buf_clear(&w->item);
	hf_buf_u8(&w->item, (uint8_t)item->kind);
	hf_buf_u32(&w->item, 0);
	switch (item->kind) {
	case DUMP_HEAD:
		hf_buf_field(&w->item, hf_span_text(item->program));
		hf_buf_u64(&w->item, (uint64_t)item->number);
		hf_buf_field(&w->item, hf_span_text(item->name));
		break;
	case DUMP_SCHEMA:
		hf_buf_field(&w->item, hf_span_text(item->name));
		hf_buf_u64(&w->item, (uint64_t)item->number);
		break;
	case DUMP_TABLE:
		put_table(w, item);
		break;
	case DUMP_ROW:
		put_row(w, item);
		break;
	case DUMP_END:
		hf_buf_u64(&w->item, (uint64_t)item->number);
		break;
	}
	HF_TRY(hf_buf_status(&w->item));
	len = w->item.len - ITEM_HEAD;
	for (int i = 0; i < 4; i++)
		w->item.ptr[1 + i] = (uint8_t)(len >> (24 - 8 * i));
	HF_TRY(put(w, hf_buf_span(&w->item)));
	return item->kind == DUMP_END ? put_sum(w) : HF_SUCCESS;
}

struct dump_reader {
	struct dump_source source;
	struct sha256_run *sum;
	struct hf_buf in; /* read and not yet used: whole items stay in one piece */
	size_t used;      /* of `in` */
	bool begun;       /* magic and version were seen */
	int64_t rows;
	enum dump_kind last; /* 0: none yet */
	bool in_table;
};

hf_status dump_reader_open(struct dump_source source, struct dump_reader **ret)
{
	HF_CLEANUP(dump_reader_close_at) struct dump_reader *r = calloc(1, sizeof(*r));

	HF_ENSURE(r, HF_NOMEM);
	r->source = source;
	r->in = HF_BUF(DUMP_ITEM_MAX + 2 * (size_t)READ_AT_ONCE);
	HF_TRY(sha256_begin(&r->sum));
	*ret = hf_take(r);
	return HF_SUCCESS;
}

void dump_reader_close(struct dump_reader *r)
{
	if (!r)
		return;
	sha256_done(r->sum);
	hf_buf_done(&r->in);
	free(r);
}

/* At least n bytes in one piece; HF_CLOSED: the file ends before. */
static hf_status need(struct dump_reader *r, size_t n)
{
	while (r->in.len - r->used < n) {
		uint8_t *room;
		size_t got = 0;

		if (r->used) {
			hf_buf_drop(&r->in, r->used);
			r->used = 0;
		}
		room = hf_buf_grow(&r->in, READ_AT_ONCE);
		HF_ENSURE(room, HF_NOMEM);
		hf_status s = r->source.read(r->source.ctx, room, READ_AT_ONCE, &got);

		r->in.len -= READ_AT_ONCE - (hf_ok(s) ? got : 0);
		HF_TRY(s);
		HF_ENSURE(got > 0, HF_CLOSED);
	}
	return HF_SUCCESS;
}

static struct hf_span ahead(const struct dump_reader *r, size_t n)
{
	return HF_SPAN(r->in.ptr + r->used, n);
}

static hf_status take(struct dump_reader *r, size_t n)
{
	HF_TRY(sha256_add(r->sum, ahead(r, n)));
	r->used += n;
	return HF_SUCCESS;
}

static hf_status cut_off(hf_status s, struct hf_err *err)
{
	if (s.code == HF_CLOSED)
		return hf_fail(err, HF_CORRUPT,
		               "the backup is cut off: it ends in the middle. Take another copy");
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the backup: %s", hf_code_name(s.code));
	return s;
}

static hf_status begin(struct dump_reader *r, struct hf_err *err)
{
	hf_status s = need(r, sizeof(magic) + 4);
	struct hf_reader in;

	if (s.code == HF_CLOSED || (hf_ok(s) && memcmp(ahead(r, 8).ptr, magic, sizeof(magic)) != 0))
		return hf_fail(err, HF_CORRUPT, "this is no backup of Holdfast");
	HF_TRY(cut_off(s, err));
	in = hf_reader(HF_SPAN(ahead(r, 12).ptr + sizeof(magic), 4));
	if (hf_read_u32(&in) != DUMP_VERSION)
		return hf_fail(err, HF_CORRUPT,
		               "the backup is of a version that this program does not know: use "
		               "the release that made it, or a newer one");
	r->begun = true;
	return take(r, sizeof(magic) + 4);
}

static hf_status get_table(struct hf_reader *in, struct dump_item *ret)
{
	hf_read_text(in, ret->name, sizeof(ret->name));
	ret->n = hf_read_u16(in);
	HF_ENSURE(ret->n >= 1 && ret->n <= DUMP_COLUMNS_MAX, HF_INVALID);
	for (size_t i = 0; i < ret->n; i++) {
		uint8_t type;

		hf_read_text(in, ret->columns[i].name, sizeof(ret->columns[i].name));
		type = hf_read_u8(in);
		HF_ENSURE(!in->failed && type >= DB_INT && type <= DB_BLOB, HF_INVALID);
		ret->columns[i].type = (enum db_type)type;
	}
	return HF_SUCCESS;
}

static hf_status get_value(struct hf_reader *in, enum db_type type, struct dump_value *ret)
{
	uint8_t there = hf_read_u8(in);

	HF_ENSURE(there <= 1, HF_INVALID);
	*ret = (struct dump_value){ .null = !there };
	if (there && type == DB_INT)
		ret->number = (int64_t)hf_read_u64(in);
	else if (there)
		ret->bytes = hf_read_field(in, DUMP_ITEM_MAX);
	/* A text with a NUL inside is none. */
	HF_ENSURE(type != DB_TEXT || !ret->bytes.len || !memchr(ret->bytes.ptr, 0, ret->bytes.len),
	          HF_INVALID);
	return HF_SUCCESS;
}

static hf_status decode(struct dump_reader *r, uint8_t kind, struct hf_span body,
                        struct dump_item *ret)
{
	struct hf_reader in = hf_reader(body);

	HF_ENSURE((kind == DUMP_HEAD) == (r->last == 0), HF_INVALID);
	HF_ENSURE(r->in_table || kind != DUMP_ROW, HF_INVALID);
	switch (kind) {
	case DUMP_HEAD:
		hf_read_text(&in, ret->program, sizeof(ret->program));
		ret->number = (int64_t)hf_read_u64(&in);
		hf_read_text(&in, ret->name, sizeof(ret->name));
		break;
	case DUMP_SCHEMA:
		hf_read_text(&in, ret->name, sizeof(ret->name));
		ret->number = (int64_t)hf_read_u64(&in);
		HF_ENSURE(ret->number >= 1, HF_INVALID);
		r->in_table = false;
		break;
	case DUMP_TABLE:
		HF_ENSURE(r->last != DUMP_HEAD, HF_INVALID);
		HF_TRY(get_table(&in, ret));
		r->in_table = true;
		break;
	case DUMP_ROW:
		for (size_t i = 0; i < ret->n; i++)
			HF_TRY(get_value(&in, ret->columns[i].type, &ret->values[i]));
		r->rows++;
		break;
	case DUMP_END:
		ret->number = (int64_t)hf_read_u64(&in);
		HF_ENSURE(ret->number == r->rows, HF_INVALID);
		break;
	default: /* a byte from outside, no enum yet */
		return HF_FAILURE(HF_INVALID);
	}
	HF_TRY(hf_reader_end(&in));
	ret->kind = r->last = (enum dump_kind)kind;
	return HF_SUCCESS;
}

static hf_status check_sum(struct dump_reader *r, struct hf_err *err)
{
	uint8_t sum[DUMP_SUM_LEN];

	HF_TRY(cut_off(need(r, DUMP_SUM_LEN), err));
	HF_TRY(sha256_so_far(r->sum, sum));
	if (memcmp(sum, ahead(r, DUMP_SUM_LEN).ptr, DUMP_SUM_LEN) != 0)
		return hf_fail(err, HF_CORRUPT,
		               "the backup was altered or damaged: its checksum does not match. "
		               "Take another copy");
	r->used += DUMP_SUM_LEN;
	if (need(r, 1).code != HF_CLOSED)
		return hf_fail(err, HF_CORRUPT, "something follows the end of the backup");
	return HF_SUCCESS;
}

hf_status dump_read(struct dump_reader *r, struct dump_item *ret, struct hf_err *err)
{
	struct hf_reader head;
	uint8_t kind;
	uint32_t len;

	if (!r->begun)
		HF_TRY(begin(r, err));
	HF_ENSURE(r->last != DUMP_END, HF_STATE);
	HF_TRY(cut_off(need(r, ITEM_HEAD), err));
	head = hf_reader(ahead(r, ITEM_HEAD));
	kind = hf_read_u8(&head);
	len = hf_read_u32(&head);
	if (len > DUMP_ITEM_MAX - ITEM_HEAD)
		return hf_fail(err, HF_CORRUPT, "the backup is damaged: an item of %u bytes", len);
	HF_TRY(cut_off(need(r, ITEM_HEAD + (size_t)len), err));
	if (!hf_ok(decode(r, kind, HF_SPAN(ahead(r, ITEM_HEAD).ptr + ITEM_HEAD, len), ret)))
		return hf_fail(err, HF_CORRUPT,
		               "the backup is damaged after %lld rows: take another copy",
		               (long long)r->rows);
	HF_TRY(take(r, ITEM_HEAD + (size_t)len));
	return kind == DUMP_END ? check_sum(r, err) : HF_SUCCESS;
}
