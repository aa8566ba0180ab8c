/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/rights/grant_changes.h"

#include "base/clock.h"
#include "json/read.h"
#include "server/core/rights/grants.h"
#include "server/store/token_rows.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX (16u << 10)

void operations_print(struct json_writer *w, const struct permission_row *p)
{
	struct permission_set set = { 0 };

	permission_grant_text(&set, p->operations);
	json_open_array(w, "operations");
	for (int i = PERMIT_AUTHENTICATED + 1; i < PERMISSION_COUNT_; i++)
		if (permission_granted(&set, (enum permission)i))
			json_text(w, NULL, permission_name((enum permission)i));
	json_close_array(w);
}

/* "dateUpdated" is the state that the change was asked for: see below. */
void permission_body_print(struct hf_buf *to, const struct permission_row *p)
{
	struct json_writer w = JSON_WRITER(to);
	char date[HF_ISO_LEN];

	json_open_object(&w, NULL);
	json_text(&w, "id", p->id);
	json_text(&w, "name", p->name);
	json_text(&w, "status", "Active");
	operations_print(&w, p);
	json_bool(&w, "isImmutable", p->immutable);
	json_bool(&w, "isArchived", p->archived);
	hf_iso_time(p->updated_ms, date);
	json_text(&w, "dateUpdated", date);
	json_close_object(&w);
}

void assignment_body_print(struct hf_buf *to, const struct assignment_row *a)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_text(&w, "id", a->id);
	json_text(&w, "permissionId", a->permission_id);
	json_text(&w, "identityId", a->identity_id);
	json_bool(&w, "isImmutable", a->immutable);
	json_close_object(&w);
}

struct permission_body {
	const char *name, *date_updated;
	struct json_t *operations;
	bool archived;
};

static hf_status read_permission(const struct json_t *doc, struct permission_row *row,
                                 struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct permission_body, name), true },
		{ "dateUpdated", JSON_READ_TEXT, offsetof(struct permission_body, date_updated),
		  true },
		{ "operations", JSON_READ_ARRAY, offsetof(struct permission_body, operations),
		  true },
		{ "isArchived", JSON_READ_BOOL, offsetof(struct permission_body, archived), true },
	};
	struct permission_body body = { 0 };
	struct permission_set set = { 0 };
	char date[HF_ISO_LEN];
	enum permission p;

	HF_TRY(json_read_some(doc, fields, HF_COUNT(fields), &body, err));
	hf_iso_time(row->updated_ms, date);
	if (strcmp(date, body.date_updated) != 0)
		return hf_fail(err, HF_STATE,
		               "permission %s has been changed since this was asked for", row->id);
	for (size_t i = 0; i < json_count(body.operations); i++) {
		const char *name = json_value_text(json_element(body.operations, i));

		HF_ENSURE(name, HF_INVALID);
		HF_TRY(permission_parse(name, &p));
		permission_grant(&set, p);
	}
	row->archived = body.archived;
	HF_ENSURE(snprintf(row->name, sizeof(row->name), "%s", body.name) < (int)sizeof(row->name),
	          HF_TOOBIG);
	return permission_set_text(&set, row->operations, sizeof(row->operations));
}

hf_status permission_change_apply(struct db *db, const struct change *c, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct permission_row row, other;
	hf_status s;

	HF_TRY(json_parse(c->body, BODY_MAX, &doc, err));
	HF_TRY(permission_get(db, c->org_id, c->entity_id, &row, err));
	if (row.immutable)
		return hf_fail(err, HF_STATE, "permission \"%s\" is built in: it cannot be changed",
		               row.name);
	HF_TRY(read_permission(doc, &row, err));
	s = permission_row_find(db, c->org_id, row.name, &other);
	if (hf_ok(s) && strcmp(other.id, row.id) != 0)
		return hf_fail(err, HF_EXISTS,
		               "there is, or was, a permission named \"%s\": choose another name",
		               row.name);
	if (!hf_ok(s) && s.code != HF_NOTFOUND)
		return s;
	row.updated_ms = c->now_ms > row.updated_ms ? c->now_ms : row.updated_ms + 1;
	return permission_row_update(db, &row);
}

hf_status assignment_get(struct db *db, const char *org_id, const char *permission_id,
                         const char *id, struct assignment_row *ret, struct hf_err *err)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("as", id) && hf_id_valid("pm", permission_id))
		s = assignment_row_get(db, org_id, permission_id, id, ret);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "assignment not found");
	return s;
}

static hf_status find_holder(struct db *db, const struct assignment_row *a, struct hf_err *err)
{
	struct identity_row identity;
	struct token_row token;
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("to", a->identity_id)) {
		s = token_row_get(db, a->identity_id, &token, &identity);
		if (hf_ok(s) && (token.archived || strcmp(token.kind, TOKEN_PAT) != 0 ||
		                 strcmp(token.org_id, a->org_id) != 0))
			s = HF_FAILURE(HF_NOTFOUND);
	} else if (hf_id_valid("us", a->identity_id)) {
		s = identity_row_get(db, a->org_id, NULL, a->identity_id, &identity);
	}
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "identity not found");
	return s;
}

struct search {
	const char *permission_id;
	bool found;
};

static hf_status look_for_permission(void *ctx, const struct assignment_row *assignment,
                                     const struct permission_row *permission)
{
	struct search *s = ctx;

	if (strcmp(permission->id, s->permission_id) == 0)
		s->found = true;
	return HF_SUCCESS;
}

static hf_status already_assigned(const struct assignment_row *a, struct hf_err *err)
{
	return hf_fail(err, HF_EXISTS, "%s has permission %s already", a->identity_id,
	               a->permission_id);
}

hf_status assignment_check(struct db *db, const struct assignment_row *a, struct hf_err *err)
{
	struct search search = { .permission_id = a->permission_id };

	HF_TRY(find_holder(db, a, err));
	HF_TRY(grant_rows_list(db, a->identity_id, look_for_permission, &search));
	return search.found ? already_assigned(a, err) : HF_SUCCESS;
}

hf_status assignment_check_removal(struct db *db, const struct assignment_row *a,
                                   struct hf_err *err)
{
	struct permission_row permission;

	if (a->immutable)
		return hf_fail(err, HF_STATE, "assignment %s is built in: it cannot be revoked",
		               a->id);
	HF_TRY(permission_get(db, a->org_id, a->permission_id, &permission, err));
	if (strcmp(permission.operations, EVERY_OPERATION) != 0)
		return HF_SUCCESS;
	return grants_check_last(db, a->org_id, a->identity_id, err);
}

static hf_status read_assignment(const struct change *c, struct assignment_row *ret,
                                 struct hf_err *err)
{
	struct {
		const char *permission_id, *identity_id;
	} body = { 0 };
	static const struct json_field fields[] = {
		{ "permissionId", JSON_READ_TEXT, 0, true, false, 1, HF_ID_MAX - 1 },
		{ "identityId", JSON_READ_TEXT, sizeof(char *), true, false, 1, HF_ID_MAX - 1 },
	};
	struct assignment_row row = { .created_ms = c->now_ms, .updated_ms = c->now_ms };
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(json_parse(c->body, BODY_MAX, &doc, err));
	HF_TRY(json_read_some(doc, fields, HF_COUNT(fields), &body, err));
	snprintf(row.id, sizeof(row.id), "%s", c->entity_id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", c->org_id);
	snprintf(row.permission_id, sizeof(row.permission_id), "%s", body.permission_id);
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", body.identity_id);
	*ret = row;
	return HF_SUCCESS;
}

static hf_status make_assignment(struct db *db, const struct assignment_row *row,
                                 struct hf_err *err)
{
	struct permission_row permission;
	hf_status s;

	HF_TRY(permission_get(db, row->org_id, row->permission_id, &permission, err));
	if (permission.archived)
		return hf_fail(err, HF_STATE, "permission %s is archived", permission.id);
	HF_TRY(assignment_check(db, row, err));
	s = assignment_row_insert(db, row);
	return s.code == HF_EXISTS ? already_assigned(row, err) : s;
}

hf_status assignment_change_apply(struct db *db, const struct change *c, struct hf_err *err)
{
	struct assignment_row row, stored;

	HF_TRY(read_assignment(c, &row, err));
	switch (c->operation) {
	case CHANGE_CREATE:
		return make_assignment(db, &row, err);
	case CHANGE_DELETE:
		HF_TRY(assignment_get(db, c->org_id, row.permission_id, c->entity_id, &stored,
		                      err));
		HF_TRY(assignment_check_removal(db, &stored, err));
		return assignment_row_delete(db, stored.id);
	case CHANGE_UPDATE:
		break;
	}
	return HF_FAILURE(HF_INTERNAL);
}
