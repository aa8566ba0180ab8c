/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/bundle.h"

#include "base/text.h"
#include "crypto/spki.h"
#include "json/read.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HASH_TEXT_LEN 44

static void put_hash(struct json_writer *w, const struct merkle_hash *hash)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(64);

	hf_buf_base64(&text, HF_SPAN(hash->bytes, sizeof(hash->bytes)));
	json_span(w, NULL, hf_buf_span(&text));
}

hf_status bundle_put_header(struct hf_buf *to, const struct bundle_header *h)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_int(&w, "holdfastAudit", 1);
	json_text(&w, "org", h->org_id);
	json_int(&w, "first", (int64_t)h->before.size);
	json_int(&w, "size", (int64_t)h->size);
	json_open_array(&w, "before");
	for (int level = MERKLE_LEVELS - 1; level >= 0; level--)
		if (h->before.size >> level & 1)
			put_hash(&w, &h->before.peaks[level]);
	json_close_array(&w);
	json_open_array(&w, "keys");
	for (size_t i = 0; i < h->n_keys; i++) {
		HF_BUF_SCOPED struct hf_buf pem = HF_BUF(4096);
		const struct public_key *pub = &h->keys[i].public_key;

		HF_TRY(spki_pem(h->keys[i].type, HF_SPAN(pub->bytes, pub->len), &pem));
		json_span(&w, NULL, hf_buf_span(&pem));
	}
	json_close_array(&w);
	json_close_object(&w);
	hf_buf_u8(to, '\n');
	return hf_buf_status(to);
}

void bundle_put_entry(struct hf_buf *to, uint64_t leaf, const struct merkle_hash *hash,
                      struct hf_span entry)
{
	hf_buf_printf(to, "{\"leaf\":%" PRIu64 ",\"hash\":\"", leaf);
	hf_buf_base64(to, HF_SPAN(hash->bytes, sizeof(hash->bytes)));
	hf_buf_text(to, "\",\"entry\":");
	hf_buf_put(to, entry.ptr, entry.len);
	hf_buf_text(to, "}\n");
}

void bundle_put_checkpoint(struct hf_buf *to, struct hf_span note)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_span(&w, "checkpoint", note);
	json_close_object(&w);
	hf_buf_u8(to, '\n');
}

static hf_status read_hash(const char *text, struct merkle_hash *ret)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(64);

	HF_ENSURE(text && strlen(text) == HASH_TEXT_LEN, HF_INVALID);
	HF_TRY(hf_unbase64(hf_span_text(text), &bytes));
	HF_ENSURE(bytes.len == sizeof(ret->bytes), HF_INVALID);
	memcpy(ret->bytes, bytes.ptr, bytes.len);
	return HF_SUCCESS;
}

static hf_status read_before(const struct json_t *list, uint64_t first, struct merkle *ret)
{
	struct merkle m = { .size = first };
	size_t n = 0;

	HF_ENSURE(first >> MERKLE_LEVELS == 0, HF_INVALID);
	for (int level = MERKLE_LEVELS - 1; level >= 0; level--)
		if (first >> level & 1)
			HF_TRY(read_hash(json_value_text(json_element(list, n++)),
			                 &m.peaks[level]));
	HF_ENSURE(json_count(list) == n, HF_INVALID);
	*ret = m;
	return HF_SUCCESS;
}

static hf_status read_keys(const struct json_t *list, struct bundle_header *h)
{
	HF_ENSURE(json_count(list) <= BUNDLE_KEYS_MAX, HF_INVALID);
	for (size_t i = 0; i < json_count(list); i++) {
		struct checkpoint_key *key = &h->keys[h->n_keys++];

		HF_TRY(spki_pem_parse(hf_span_text(json_value_text(json_element(list, i))),
		                      &key->type, &key->public_key));
	}
	return HF_SUCCESS;
}

static hf_status parse_header(struct hf_span line, struct bundle_header *ret, struct hf_err *err)
{
	struct {
		int64_t version, first, size;
		const char *org;
		struct json_t *before, *keys;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "holdfastAudit", JSON_READ_INT, offsetof(__typeof__(in), version), true, false, 1,
		  1 },
		{ "org", JSON_READ_TEXT, offsetof(__typeof__(in), org), true, false, 1,
		  HF_ID_MAX - 1 },
		{ "first", JSON_READ_INT, offsetof(__typeof__(in), first), true, false, 0,
		  INT64_MAX },
		{ "size", JSON_READ_INT, offsetof(__typeof__(in), size), true, false, 0,
		  INT64_MAX },
		{ "before", JSON_READ_ARRAY, offsetof(__typeof__(in), before), true },
		{ "keys", JSON_READ_ARRAY, offsetof(__typeof__(in), keys), true },
	};
	JSON_SCOPED struct json_t *doc = NULL;
	struct bundle_header h = { 0 };

	HF_TRY(json_parse(line, BUNDLE_LINE_MAX, &doc, err));
	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	if (!hf_id_valid("or", in.org) || in.first > in.size ||
	    !hf_ok(read_before(in.before, (uint64_t)in.first, &h.before)) ||
	    !hf_ok(read_keys(in.keys, &h)))
		return hf_fail(err, HF_INVALID, "its first line is not that of an exported log");
	snprintf(h.org_id, sizeof(h.org_id), "%s", in.org);
	h.size = (uint64_t)in.size;
	*ret = h;
	return HF_SUCCESS;
}

static bool take(struct hf_span *from, const char *text)
{
	size_t n = strlen(text);

	if (from->len < n || memcmp(from->ptr, text, n) != 0)
		return false;
	*from = HF_SPAN(from->ptr + n, from->len - n);
	return true;
}

static hf_status take_number(struct hf_span *from, uint64_t *ret)
{
	char digits[20];
	size_t n = 0;
	int64_t value;

	while (n < from->len && n + 1 < sizeof(digits) && from->ptr[n] >= '0' &&
	       from->ptr[n] <= '9') {
		digits[n] = (char)from->ptr[n];
		n++;
	}
	digits[n] = '\0';
	HF_TRY(hf_parse_i64(digits, 0, INT64_MAX, &value));
	*from = HF_SPAN(from->ptr + n, from->len - n);
	*ret = (uint64_t)value;
	return HF_SUCCESS;
}

/* By its bytes, not as JSON: another spelling of the same entry is another leaf. */
static hf_status parse_entry(struct hf_span line, struct bundle_line *ret)
{
	char hash[HASH_TEXT_LEN + 1];

	HF_ENSURE(take(&line, "{\"leaf\":"), HF_INVALID);
	HF_TRY(take_number(&line, &ret->leaf));
	HF_ENSURE(take(&line, ",\"hash\":\"") && line.len > HASH_TEXT_LEN, HF_INVALID);
	HF_TRY(hf_span_to_text(HF_SPAN(line.ptr, HASH_TEXT_LEN), hash, sizeof(hash)));
	HF_TRY(read_hash(hash, &ret->hash));
	line = HF_SPAN(line.ptr + HASH_TEXT_LEN, line.len - HASH_TEXT_LEN);
	HF_ENSURE(take(&line, "\",\"entry\":") && line.len > 2, HF_INVALID);
	HF_ENSURE(line.ptr[line.len - 1] == '}', HF_INVALID);
	ret->entry = HF_SPAN(line.ptr, line.len - 1);
	return HF_SUCCESS;
}

static hf_status parse_checkpoint(struct hf_span line, struct bundle_line *ret, struct hf_err *err)
{
	static const struct json_field fields[] = { { "checkpoint", JSON_READ_TEXT, 0, true } };
	JSON_SCOPED struct json_t *doc = NULL;
	const char *note = NULL;

	HF_TRY(json_parse(line, BUNDLE_LINE_MAX, &doc, err));
	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &note, err));
	HF_TRY(hf_span_to_text(hf_span_text(note), ret->note, sizeof(ret->note)));
	return HF_SUCCESS;
}

hf_status bundle_parse(struct hf_span line, struct bundle_line *ret, struct hf_err *err)
{
	struct hf_span at = line;

	if (line.len > BUNDLE_LINE_MAX)
		return hf_fail(err, HF_INVALID, "a line is too long");
	if (take(&at, "{\"leaf\":")) {
		ret->kind = BUNDLE_ENTRY;
		if (!hf_ok(parse_entry(line, ret)))
			return hf_fail(err, HF_INVALID, "a line with an entry is malformed");
		return HF_SUCCESS;
	}
	if (take(&at, "{\"checkpoint\":")) {
		ret->kind = BUNDLE_CHECKPOINT;
		if (!hf_ok(parse_checkpoint(line, ret, err)))
			return hf_fail(err, HF_INVALID, "a line with a checkpoint is malformed");
		return HF_SUCCESS;
	}
	ret->kind = BUNDLE_HEADER;
	return parse_header(line, &ret->header, err);
}
