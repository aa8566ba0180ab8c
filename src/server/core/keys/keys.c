/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/keys.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/core/events/events.h"
#include "server/core/keys/objects.h"
#include "server/core/keys/wallets.h"
#include "server/store/store_rows.h"

#include <stdio.h>

#define EVENT_DATA_MAX (16u << 10)

/* The event `kind`, if anybody wants it, with the key as this transaction sees it. */
static hf_status tell(struct db *db, const char *org_id, const char *id, const char *kind,
                      int64_t now_ms)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_DATA_MAX);
	struct json_writer w = JSON_WRITER(&data);
	struct event event = { .org_id = org_id, .kind = kind, .now_ms = now_ms };
	struct key_row key;

	if (!*org_id || !events_wanted(org_id))
		return HF_SUCCESS;
	HF_TRY(key_row_get(db, org_id, id, &key));
	json_open_object(&w, NULL);
	print_key(&w, "key", &key);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&data));
	event.data = hf_buf_span(&data);
	return events_add(db, &event);
}

static hf_status add_job(struct jobs *jobs, struct db *db, const struct key_row *row)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	struct op op = { .kind = OP_GENERATE, .key_type = row->type };
	struct job_new job = {
		.store_id = row->store_id,
		.subject = JOB_FOR_KEY,
		.subject_id = row->id,
	};
	uint64_t number;

	snprintf(op.key_id, sizeof(op.key_id), "%s", row->id);
	op_encode(&encoded, &op);
	HF_TRY(hf_buf_status(&encoded));
	job.op = hf_buf_span(&encoded);
	return jobs_add(jobs, db, &job, &number);
}

hf_status key_create(struct jobs *jobs, struct db *db, const struct key_new *key,
                     struct hf_err *err)
{
	struct key_row row = { .type = key->type,
		               .status = KEY_CREATING,
		               .created_ms = key->now_ms };
	struct store_row store;
	hf_status s = store_row_get(db, key->org_id, key->store_id, &store);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "key store not found");
	HF_TRY(s);
	snprintf(row.id, sizeof(row.id), "%s", key->id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", key->org_id);
	snprintf(row.store_id, sizeof(row.store_id), "%s", store.id);
	snprintf(row.scheme, sizeof(row.scheme), "%s", key->scheme);
	snprintf(row.curve, sizeof(row.curve), "%s", key->curve);
	snprintf(row.name, sizeof(row.name), "%s", key->name);
	snprintf(row.created_by, sizeof(row.created_by), "%s", key->identity_id);
	HF_TRY(key_row_insert(db, &row, key->proof));
	return add_job(jobs, db, &row);
}

hf_status key_get(struct db *db, const char *org_id, const char *id, struct key_row *ret,
                  struct hf_err *err)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("key", id))
		s = key_row_get(db, org_id, id, ret);
	if (s.code == HF_NOTFOUND ||
	    (hf_ok(s) && (ret->status == KEY_CREATING || ret->status == KEY_FAILED)))
		return hf_fail(err, HF_NOTFOUND, "key not found");
	return s;
}

hf_status key_rename(struct db *db, const char *org_id, const char *id, const char *name,
                     struct key_row *ret, struct hf_err *err)
{
	struct key_row row;

	HF_TRY(key_get(db, org_id, id, &row, err));
	HF_TRY(key_row_rename(db, id, name && *name ? name : NULL));
	snprintf(row.name, sizeof(row.name), "%s", name ? name : "");
	*ret = row;
	return HF_SUCCESS;
}

hf_status key_archive(struct db *db, const char *org_id, const char *id, int64_t now_ms,
                      struct key_row *ret, struct hf_err *err)
{
	struct key_row row;

	HF_TRY(key_get(db, org_id, id, &row, err));
	if (row.status == KEY_ACTIVE) {
		HF_TRY(key_row_archive(db, id, now_ms));
		HF_TRY(wallets_key_archived(db, id, now_ms));
		HF_TRY(tell(db, org_id, id, "key.deleted", now_ms));
		row.status = KEY_ARCHIVED;
		row.deleted_ms = now_ms;
	}
	*ret = row;
	return HF_SUCCESS;
}

hf_status key_settle(struct db *db, const char *org_id, const struct job_settled *settled)
{
	const struct op_result *r = settled->result;
	const int64_t now_ms = hf_wall_ms();
	struct op op;

	if (r->outcome != OP_DONE) {
		char why[sizeof(r->text)];

		HF_WARN("a key could not be made", HF_KS("key", settled->subject_id),
		        HF_KS("driver", settled->driver), HF_KS("code", hf_code_name(r->code)),
		        HF_KS("reason", r->text));
		snprintf(why, sizeof(why), "%s", r->text);
		hf_make_utf8(why); /* a vendor's words, and cut: PostgreSQL would refuse them */
		HF_TRY(wallets_key_failed(db, settled->subject_id));
		return key_row_failed(db, settled->subject_id, r->code, why);
	}
	HF_TRY(op_decode(settled->op, &op, NULL));
	HF_ENSURE(op.kind == OP_GENERATE, HF_CORRUPT);
	HF_TRY(public_key_check(op.key_type, r->public_key));
	HF_TRY(key_row_made(db, settled->subject_id, r->public_key, r->resident));
	HF_TRY(tell(db, org_id, settled->subject_id, "key.created", now_ms));
	return wallets_key_made(db, org_id, settled->subject_id, op.key_type, r->public_key,
	                        now_ms);
}
