/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/verify.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 256 };

struct verifier {
	const struct verify_config *config;
	struct sweep *sweep;
	struct verify_sum *sum;
	int64_t total, given, at; /* rows: all, put into the sweep, looked at */
	int64_t offset;           /* of the sample */
	char after[HF_ID_MAX];
	struct hf_err *err;
};

static struct verify_line *find_line(struct verify_sum *sum, const struct key_record *r)
{
	struct verify_line *line;

	for (size_t i = 0; i < sum->n; i++)
		if (sum->lines[i].type == r->key_type && sum->lines[i].kind == r->type &&
		    strcmp(sum->lines[i].master_id, r->master_id) == 0)
			return &sum->lines[i];
	if (sum->n == HF_COUNT(sum->lines))
		return NULL;
	line = &sum->lines[sum->n++];
	*line = (struct verify_line){ .type = r->key_type, .kind = r->type };
	memcpy(line->master_id, r->master_id, sizeof(line->master_id));
	return line;
}

const char *verify_line_type(const struct verify_line *line)
{
	return line->type ? key_type_info((int)line->type)->name
	                  : object_type_name((int)line->kind);
}

void verify_count(struct verify_sum *sum, const struct sweep_item *item)
{
	struct verify_line *line = item->decoded ? find_line(sum, item->decoded) : NULL;
	struct verify_line nobody = { 0 };

	if (!line)
		line = &nobody;
	sum->seen++;
	switch (item->outcome) {
	case SWEEP_GOOD:
		sum->good++;
		line->good++;
		break;
	case SWEEP_BAD:
		sum->bad++;
		sum->damaged += !item->decoded;
		line->bad++;
		break;
	case SWEEP_ELSEWHERE:
		sum->elsewhere++;
		line->elsewhere++;
		break;
	}
}

static void done(void *ctx, const struct sweep_item *item)
{
	struct verifier *v = ctx;

	verify_count(v->sum, item);
	if (item->outcome == SWEEP_BAD)
		v->config->bad(v->config->ctx, item->key_id, item->why);
	if (v->config->progress)
		v->config->progress(v->config->ctx, v->sum->seen,
		                    v->config->sample && v->config->sample < v->total
		                            ? v->config->sample
		                            : v->total);
}

/* Row `at` of `total` is in the sample when a new multiple of total / sample lies in it. */
static bool is_wanted(struct verifier *v)
{
	int64_t n = v->config->sample, at = v->at++ + v->offset;

	if (!n || !v->total || n >= v->total)
		return true;
	return (__int128)at * n / v->total != (__int128)(at + 1) * n / v->total;
}

static hf_status take(struct verifier *v, const char *key_id, struct hf_span record)
{
	if (!is_wanted(v))
		return HF_SUCCESS;
	v->given++;
	return sweep_add(v->sweep, key_id, record, v->err);
}

static hf_status each(void *ctx, const struct keydb_row *row)
{
	struct verifier *v = ctx;

	snprintf(v->after, sizeof(v->after), "%s", row->key_id);
	return take(v, row->key_id, row->record);
}

static hf_status begin(struct verifier *v, const struct verify_config *config,
                       struct verify_sum *sum, int64_t total, struct hf_err *err)
{
	*v = (struct verifier){ .config = config, .sum = sum, .total = total, .err = err };
	if (config->sample && config->sample < total)
		v->offset = (int64_t)(hf_random_u64() % (uint64_t)(total / config->sample));
	return sweep_start(&config->hsm, NULL, done, v, &v->sweep, err);
}

hf_status verify_database(const struct verify_config *config, struct db *db, struct verify_sum *ret,
                          struct hf_err *err)
{
	struct verifier v;
	int64_t total;
	size_t rows = PAGE;
	hf_status s = keydb_count(db, NULL, &total);

	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot count the keys: %s", db_error(db));
	HF_TRY(begin(&v, config, ret, total, err));
	while (hf_ok(s) && rows == PAGE)
		s = keydb_page(db, v.after, NULL, PAGE, each, &v, &rows);
	if (hf_ok(s))
		s = sweep_drain(v.sweep, err);
	sweep_stop(v.sweep);
	if (!hf_ok(s) && (!err || err->code != s.code))
		return hf_fail(err, s.code, "cannot read the keys: %s", db_error(db));
	return s;
}

static hf_status each_row(void *ctx, const char *schema, const struct dump_item *row)
{
	struct verifier *v = ctx;
	struct hf_span id, record;
	char key_id[HF_ID_MAX];

	if (strcmp(schema, keydb_schema.name) != 0 || !keydb_record_of(row, &id, &record))
		return HF_SUCCESS;
	if (!hf_ok(hf_span_to_text(id, key_id, sizeof(key_id))))
		snprintf(key_id, sizeof(key_id), "?");
	return take(v, key_id, record);
}

static hf_status count_row(void *ctx, const char *schema, const struct dump_item *row)
{
	int64_t *total = ctx;
	struct hf_span id, record;

	*total += strcmp(schema, keydb_schema.name) == 0 && keydb_record_of(row, &id, &record);
	return HF_SUCCESS;
}

hf_status verify_backup(const struct verify_config *config, const struct dump_config *file,
                        struct verify_sum *ret, struct hf_err *err)
{
	struct dump_summary of_file;
	struct verifier v;
	int64_t total = 0;
	hf_status s;

	HF_TRY(dump_scan(file, count_row, &total, &of_file, err)); /* and the checksum */
	HF_TRY(begin(&v, config, ret, total, err));
	s = dump_scan(file, each_row, &v, &of_file, err);
	if (hf_ok(s))
		s = sweep_drain(v.sweep, err);
	sweep_stop(v.sweep);
	return s;
}
