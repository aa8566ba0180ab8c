/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_notice.h"

#include "base/log.h"
#include "json/write.h"
#include "server/core/audit/audit.h"
#include "server/core/events/events.h"

#include <stdio.h>

#define EVENT_BYTES 4096

struct telling {
	struct db *db;
	enum notice of;
	int64_t now_ms;
	struct object_notices *to;
};

static int64_t date_of(enum notice of, const struct object_row *row)
{
	return of == NOTICE_DEACTIVATION ? row->deactivation_ms : row->rotate_at_ms;
}

static hf_status add_event(const struct telling *t, const struct object_row *row)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_BYTES);
	struct json_writer w = JSON_WRITER(&data);
	struct event e = { .org_id = row->org_id, .kind = "key.expiring", .now_ms = t->now_ms };

	if (!events_wanted(row->org_id))
		return HF_SUCCESS;
	json_open_object(&w, NULL);
	json_open_object(&w, "sobject");
	json_text(&w, "kid", row->id);
	json_text(&w, "name", row->name);
	json_text(&w, "group_id", row->group_id);
	json_close_object(&w);
	json_text(&w, "what", t->of == NOTICE_DEACTIVATION ? "deactivation" : "rotation");
	json_date(&w, "date", date_of(t->of, row));
	json_close_object(&w);
	HF_TRY(hf_buf_status(&data));
	e.data = hf_buf_span(&data);
	return events_add(t->db, &e);
}

static hf_status add_entry(const struct telling *t, const struct object_row *row)
{
	const struct audit_entry e = {
		.org_id = row->org_id,
		.operation = t->of == NOTICE_DEACTIVATION ? "Crypto:DeactivationAhead"
		                                          : "Crypto:RotationAhead",
		.subject_id = row->id,
		.group_id = row->group_id,
		.outcome = "Announced",
		.now_ms = t->now_ms,
	};

	return audit_add(t->db, &e);
}

static hf_status tell_one(void *ctx, const struct object_row *row)
{
	struct telling *t = ctx;
	struct object_notice *notice;
	bool mine;

	HF_TRY(object_row_told(t->db, t->of, row->id, date_of(t->of, row), &mine));
	if (!mine)
		return HF_SUCCESS;
	HF_TRY(add_entry(t, row));
	HF_TRY(add_event(t, row));
	HF_ENSURE(t->to->n < HF_COUNT(t->to->told), HF_INTERNAL);
	notice = &t->to->told[t->to->n++];
	notice->of = t->of;
	notice->at_ms = date_of(t->of, row);
	snprintf(notice->id, sizeof(notice->id), "%s", row->id);
	snprintf(notice->name, sizeof(notice->name), "%s", row->name);
	return HF_SUCCESS;
}

hf_status object_notices_tell(struct db *db, int64_t now_ms, struct object_notices *ret)
{
	struct telling t = { .db = db, .now_ms = now_ms, .to = ret };

	ret->n = 0;
	t.of = NOTICE_DEACTIVATION;
	HF_TRY(object_rows_to_tell(db, t.of, now_ms, now_ms + NOTICE_DEACTIVATION_MS,
	                           NOTICES_AT_ONCE, tell_one, &t));
	t.of = NOTICE_ROTATION;
	return object_rows_to_tell(db, t.of, now_ms, now_ms + NOTICE_ROTATION_MS, NOTICES_AT_ONCE,
	                           tell_one, &t);
}

void object_notices_log(const struct object_notices *n)
{
	for (size_t i = 0; i < n->n; i++) {
		const struct object_notice *at = &n->told[i];

		HF_WARN(at->of == NOTICE_DEACTIVATION ? "a key will be deactivated"
		                                      : "a key will be rotated",
		        HF_KS("object", at->id), HF_KS("name", at->name), HF_KI("at", at->at_ms));
	}
}
