/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/rights/grants.h"

#include "server/core/rights/grant_changes.h"

#include <stdio.h>
#include <string.h>

#define CHANGE_BODY_MAX (16u << 10)

static hf_status add_granted(void *ctx, const struct assignment_row *assignment,
                             const struct permission_row *permission)
{
	permission_grant_text(ctx, permission->operations);
	return HF_SUCCESS;
}

hf_status grants_load(struct db *db, const char *holder_id, struct permission_set *to)
{
	return grant_rows_list(db, holder_id, add_granted, to);
}

static hf_status look_for_full(void *ctx, const struct assignment_row *assignment,
                               const struct permission_row *permission)
{
	if (strcmp(permission->operations, EVERY_OPERATION) == 0)
		*(bool *)ctx = true;
	return HF_SUCCESS;
}

hf_status grants_check_last(struct db *db, const char *org_id, const char *identity_id,
                            struct hf_err *err)
{
	bool full = false;
	int64_t others;

	HF_TRY(grant_rows_list(db, identity_id, look_for_full, &full));
	if (!full)
		return HF_SUCCESS;
	HF_TRY(full_access_others(db, org_id, identity_id, &others));
	if (!others)
		return hf_fail(err, HF_STATE,
		               "nobody would be left with full access: assign it to another "
		               "active user or service account first");
	return HF_SUCCESS;
}

hf_status permission_get(struct db *db, const char *org_id, const char *id,
                         struct permission_row *ret, struct hf_err *err)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("pm", id))
		s = permission_row_get(db, org_id, id, ret);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "permission not found");
	return s;
}

hf_status permission_create(struct db *db, const struct requester *by, const char *name,
                            const struct permission_set *operations, struct permission_row *ret,
                            struct hf_err *err)
{
	struct permission_row row = { .created_ms = by->now_ms, .updated_ms = by->now_ms };
	hf_status s;

	hf_id_new("pm", row.id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", by->caller->org_id);
	snprintf(row.name, sizeof(row.name), "%s", name);
	HF_TRY(permission_set_text(operations, row.operations, sizeof(row.operations)));
	s = permission_row_insert(db, &row);
	if (s.code == HF_EXISTS)
		return hf_fail(err, HF_EXISTS,
		               "there is, or was, a permission named \"%s\": choose another name",
		               name);
	HF_TRY(s);
	*ret = row;
	return HF_SUCCESS;
}

static hf_status check_has(const struct caller *by, const struct permission_set *operations,
                           struct hf_err *err)
{
	for (int p = PERMIT_AUTHENTICATED + 1; p < PERMISSION_COUNT_; p++)
		if (permission_granted(operations, (enum permission)p) &&
		    !permission_granted(&by->granted, (enum permission)p))
			return hf_fail(err, HF_DENIED,
			               "%s %s cannot give away an operation that he has not "
			               "himself (%s)",
			               by->name, by->identity_id,
			               permission_name((enum permission)p));
	return HF_SUCCESS;
}

/* HF_DENIED: the requester lacks some of it. HF_STATE: it is archived. */
static hf_status permission_check_giving(const struct caller *by, const struct permission_row *p,
                                         struct hf_err *err)
{
	struct permission_set operations = { 0 };

	if (p->archived)
		return hf_fail(err, HF_STATE, "permission %s is archived", p->id);
	permission_grant_text(&operations, p->operations);
	return check_has(by, &operations, err);
}

/* What it allows after the edit and did not before. */
static struct permission_set added(const struct permission_row *before,
                                   const struct permission_row *after)
{
	struct permission_set old = { 0 }, set = { 0 };

	if (!before->archived)
		permission_grant_text(&old, before->operations);
	if (!after->archived)
		permission_grant_text(&set, after->operations);
	for (int i = 0; i < PERMISSION_WORDS; i++)
		set.words[i] &= ~old.words[i];
	return set;
}

static hf_status edit_row(struct permission_row *row, const struct permission_edit *edit,
                          struct hf_err *err)
{
	if (row->immutable)
		return hf_fail(err, HF_STATE, "permission \"%s\" is built in: it cannot be changed",
		               row->name);
	if (row->archived && !edit->archived)
		return hf_fail(err, HF_STATE, "permission %s is archived", row->id);
	if (edit->name)
		snprintf(row->name, sizeof(row->name), "%s", edit->name);
	if (edit->operations)
		HF_TRY(permission_set_text(edit->operations, row->operations,
		                           sizeof(row->operations)));
	if (edit->archived)
		row->archived = *edit->archived;
	return HF_SUCCESS;
}

static hf_status submit(struct db *db, const struct requester *by, struct change *change,
                        struct hf_buf *body, struct change_outcome *ret, struct hf_err *err)
{
	HF_TRY(hf_buf_status(body));
	change->body = hf_buf_span(body);
	change->org_id = by->caller->org_id;
	change->requester_id = by->caller->identity_id;
	change->token_id = by->caller->token_id;
	change->now_ms = by->now_ms;
	return change_submit(db, change, by->proof, ret, err);
}

hf_status permission_edit(struct db *db, const struct requester *by, const char *id,
                          const struct permission_edit *edit, struct permission_row *ret,
                          struct change_outcome *ret_outcome, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(CHANGE_BODY_MAX);
	struct permission_row before, after;
	struct permission_set more;
	struct change change = { .kind = CHANGE_PERMISSION, .operation = CHANGE_UPDATE };

	HF_TRY(permission_get(db, by->caller->org_id, id, &before, err));
	after = before;
	HF_TRY(edit_row(&after, edit, err));
	more = added(&before, &after);
	HF_TRY(check_has(by->caller, &more, err));
	permission_body_print(&body, &after);
	change.entity_id = change.filter_id = after.id;
	HF_TRY(submit(db, by, &change, &body, ret_outcome, err));
	if (ret_outcome->status == CHANGE_APPLIED)
		return permission_get(db, by->caller->org_id, id, ret, err);
	*ret = after;
	return HF_SUCCESS;
}

hf_status assignment_create(struct db *db, const struct requester *by, const char *permission_id,
                            const char *identity_id, struct assignment_row *ret,
                            struct change_outcome *ret_outcome, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(CHANGE_BODY_MAX);
	struct permission_row permission;
	struct assignment_row row = { .created_ms = by->now_ms, .updated_ms = by->now_ms };
	struct change change = { .kind = CHANGE_ASSIGNMENT, .operation = CHANGE_CREATE };

	HF_TRY(permission_get(db, by->caller->org_id, permission_id, &permission, err));
	HF_TRY(permission_check_giving(by->caller, &permission, err));
	hf_id_new("as", row.id);
	memcpy(row.org_id, permission.org_id, sizeof(row.org_id));
	memcpy(row.permission_id, permission.id, sizeof(row.permission_id));
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", identity_id);
	HF_TRY(assignment_check(db, &row, err));
	assignment_body_print(&body, &row);
	change.entity_id = row.id;
	change.filter_id = row.permission_id;
	HF_TRY(submit(db, by, &change, &body, ret_outcome, err));
	*ret = row;
	return HF_SUCCESS;
}

hf_status assignment_revoke(struct db *db, const struct requester *by, const char *permission_id,
                            const char *id, bool force, struct assignment_row *ret,
                            struct change_outcome *ret_outcome, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(CHANGE_BODY_MAX);
	struct assignment_row row;
	struct change change = { .kind = CHANGE_ASSIGNMENT, .operation = CHANGE_DELETE };

	HF_TRY(assignment_get(db, by->caller->org_id, permission_id, id, &row, err));
	HF_TRY(assignment_check_removal(db, &row, err));
	if (!force && strcmp(row.identity_id, by->caller->identity_id) == 0)
		return hf_fail(err, HF_STATE,
		               "this takes a permission from yourself: if that is meant, ask "
		               "again with ?force=true");
	assignment_body_print(&body, &row);
	change.entity_id = row.id;
	change.filter_id = row.permission_id;
	HF_TRY(submit(db, by, &change, &body, ret_outcome, err));
	*ret = row;
	return HF_SUCCESS;
}

static hf_status choose_one(void *ctx, const struct assignment_row *assignment,
                            const struct permission_row *permission)
{
	struct grants *g = ctx;

	HF_ENSURE(g->n < GRANTS_MAX, HF_TOOBIG);
	memcpy(g->ids[g->n++], permission->id, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status grants_choose(struct db *db, const struct caller *by, const char *permission_id,
                        struct grants *ret, struct hf_err *err)
{
	struct permission_row permission;
	hf_status s;

	ret->n = 0;
	if (*permission_id) {
		HF_TRY(permission_get(db, by->org_id, permission_id, &permission, err));
		HF_TRY(permission_check_giving(by, &permission, err));
		return choose_one(ret, NULL, &permission);
	}
	s = grant_rows_list(db, by->identity_id, choose_one, ret);
	if (s.code == HF_TOOBIG)
		return hf_fail(err, HF_STATE,
		               "you have more than %d permissions: say which of them it is to "
		               "have (permissionId)",
		               GRANTS_MAX);
	return s;
}

hf_status grants_request(struct db *db, const struct requester *by, const struct grants *grants,
                         const char *identity_id, struct hf_err *err)
{
	struct assignment_row row;
	struct change_outcome outcome;

	for (size_t i = 0; i < grants->n; i++) {
		HF_TRY(assignment_create(db, by, grants->ids[i], identity_id, &row, &outcome, err));
		if (outcome.status != CHANGE_APPLIED && grants->n > 1)
			return hf_fail(
			        err, HF_STATE,
			        "a policy wants approval for what it would be given, and one "
			        "request can wait for one approval: name one permission "
			        "(permissionId), and assign the others afterwards");
	}
	return HF_SUCCESS;
}

hf_status grants_to_token(struct db *db, const struct grants *grants, const char *org_id,
                          const char *token_id, int64_t now_ms)
{
	for (size_t i = 0; i < grants->n; i++) {
		struct assignment_row row = { .created_ms = now_ms, .updated_ms = now_ms };

		hf_id_new("as", row.id);
		snprintf(row.org_id, sizeof(row.org_id), "%s", org_id);
		memcpy(row.permission_id, grants->ids[i], sizeof(row.permission_id));
		snprintf(row.identity_id, sizeof(row.identity_id), "%s", token_id);
		HF_TRY(assignment_row_insert(db, &row));
	}
	return HF_SUCCESS;
}
