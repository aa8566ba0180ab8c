/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/groups/group_changes.h"

#include "server/core/access/quorum_count.h"
#include "server/core/access/quorum_factors.h"
#include "server/core/backends/backend.h"
#include "server/core/groups/link_changes.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"
#include "server/store/object_rows.h"
#include "server/store/store_rows.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 64

static bool flag_of(int change, bool before)
{
	return change == REQUEST_KEEP ? before : change != 0;
}

static void apply(const struct group_request *r, struct group_row *row)
{
	if (r->name)
		snprintf(row->name, sizeof(row->name), "%s", r->name);
	row->by_priority = flag_of(r->by_priority, row->by_priority);
	row->segregation = flag_of(r->segregation, row->segregation);
	row->apply_to_hsm = flag_of(r->apply_to_hsm, row->apply_to_hsm);
	row->description = text_change_of(&r->description, row->description);
	row->approval_policy = text_change_of(&r->approval_policy, row->approval_policy);
	row->cryptographic_policy =
	        text_change_of(&r->cryptographic_policy, row->cryptographic_policy);
	row->key_history_policy = text_change_of(&r->key_history_policy, row->key_history_policy);
	row->custom_metadata = text_change_of(&r->custom_metadata, row->custom_metadata);
}

struct store_search {
	const char *wanted;
	char id[HF_ID_MAX];
};

static hf_status compare_store(void *ctx, const struct store_row *row)
{
	struct store_search *s = ctx;

	if (strcmp(row->id, s->wanted) == 0 || (!*s->id && strcmp(row->name, s->wanted) == 0))
		snprintf(s->id, sizeof(s->id), "%s", row->id);
	return HF_SUCCESS;
}

static hf_status find_store(struct db *db, const char *org_id, const char *wanted,
                            char to[HF_ID_MAX], struct hf_err *err)
{
	struct store_search search = { .wanted = wanted };

	HF_TRY(store_rows_list(db, org_id, compare_store, &search));
	if (!*search.id)
		return hf_fail(err, HF_INVALID, "there is no key store %s", wanted);
	memcpy(to, search.id, HF_ID_MAX);
	return HF_SUCCESS;
}

/* Where a new group's keys are. */
static hf_status place(struct db *db, const struct group_request *r, struct group_row *row,
                       struct hf_err *err)
{
	struct store_row primary;
	hf_status s;

	if (r->n_add && r->key_store)
		return hf_fail(err, HF_INVALID,
		               "a group is on a slot (add_hmg) or on a key store, not on both");
	if (r->n_add)
		return HF_SUCCESS;
	if (r->key_store)
		return find_store(db, row->org_id, r->key_store, row->store_id, err);
	s = store_row_get(db, row->org_id, "", &primary);
	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS;
	HF_TRY(s);
	memcpy(row->store_id, primary.id, sizeof(row->store_id));
	return HF_SUCCESS;
}

static hf_status check_free(struct db *db, const struct group_row *row, struct hf_err *err)
{
	bool taken;

	HF_TRY(group_row_named(db, row->org_id, row->name, row->id, &taken));
	if (taken)
		return hf_fail(err, HF_EXISTS, "there is a group named \"%s\" already", row->name);
	return HF_SUCCESS;
}

static hf_status check_room(struct db *db, const char *org_id, struct hf_err *err)
{
	int64_t n;

	HF_TRY(group_rows_count(db, org_id, &n));
	if (n >= GROUPS_MAX)
		return hf_fail(err, HF_STATE, "an account has at most %d groups", GROUPS_MAX);
	return HF_SUCCESS;
}

/* It names enough different people, and those who have to show a second factor have one, at the
 * latest when it is asked for. Whether they can approve today is looked at once the group and its
 * members are there (core/access/quorum_reach.h). */
static hf_status check_approvers(struct db *db, const char *org_id, const struct group_request *r,
                                 struct hf_err *err)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *policy = NULL;
	const char *text = text_change_of(&r->approval_policy, NULL);

	if (!text)
		return HF_SUCCESS;
	HF_TRY(quorum_policy_parse(hf_span_text(text), &policy, err));
	HF_TRY(quorum_count_check(policy, err));
	return quorum_factors_check(db, org_id, policy, err);
}

hf_status group_create(const struct group_maker *by, struct db *db, const struct group_request *r,
                       char ret_id[HF_UUID_MAX], struct hf_err *err)
{
	struct group_row row = { .created_ms = by->now_ms };

	if (!r->name)
		return hf_fail(err, HF_INVALID, "a group has a name");
	if (r->n_change || r->n_remove)
		return hf_fail(err, HF_INVALID, "a new group has no connections to change");
	hf_uuid_new(row.id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", by->org_id);
	snprintf(row.created_by, sizeof(row.created_by), "%s", by->identity_id);
	apply(r, &row);
	HF_TRY(check_free(db, &row, err));
	HF_TRY(check_room(db, by->org_id, err));
	HF_TRY(check_approvers(db, by->org_id, r, err));
	HF_TRY(place(db, r, &row, err));
	HF_TRY(group_row_insert(db, &row));
	HF_TRY(links_change(by, db, row.id, r, err));
	memcpy(ret_id, row.id, sizeof(row.id));
	return HF_SUCCESS;
}

static void row_of(const struct group *g, struct group_row *row)
{
	*row = (struct group_row){ .by_priority = g->by_priority,
		                   .segregation = g->segregation,
		                   .apply_to_hsm = g->apply_to_hsm,
		                   .description = g->description,
		                   .approval_policy = g->approval_policy,
		                   .cryptographic_policy = g->cryptographic_policy,
		                   .key_history_policy = g->key_history_policy,
		                   .custom_metadata = g->custom_metadata };
	snprintf(row->id, sizeof(row->id), "%s", g->id);
	snprintf(row->org_id, sizeof(row->org_id), "%s", g->org_id);
	snprintf(row->name, sizeof(row->name), "%s", g->name);
	snprintf(row->store_id, sizeof(row->store_id), "%s", g->store_id);
}

/* Keys do not move from one place to another by what is written about their group. */
static hf_status move(struct db *db, const struct group *g, const struct group_request *r,
                      struct group_row *row, struct hf_err *err)
{
	char wanted[HF_ID_MAX] = "";
	int64_t n;

	if (r->key_store)
		HF_TRY(find_store(db, g->org_id, r->key_store, wanted, err));
	if (r->n_add && r->key_store)
		return hf_fail(err, HF_INVALID,
		               "a group is on a slot (add_hmg) or on a key store, not on both");
	if (!(r->n_add && *g->store_id) && !(r->key_store && strcmp(wanted, g->store_id) != 0))
		return HF_SUCCESS;
	HF_TRY(object_rows_count(db, g->org_id, g->id, &n));
	if (n > 0)
		return hf_fail(err, HF_STATE,
		               "the group has %lld keys, which stay where they are: make another "
		               "group for keys elsewhere",
		               (long long)n);
	if (r->key_store && g->n_links)
		return hf_fail(
		        err, HF_STATE,
		        "the group has connections: remove them before it goes to a key store");
	memcpy(row->store_id, wanted, sizeof(row->store_id));
	return HF_SUCCESS;
}

hf_status group_update(const struct group_maker *by, struct db *db, const struct group *g,
                       const struct group_request *r, struct hf_err *err)
{
	struct group_row row;

	row_of(g, &row);
	apply(r, &row);
	HF_TRY(move(db, g, r, &row, err));
	if (r->name)
		HF_TRY(check_free(db, &row, err));
	HF_TRY(check_approvers(db, g->org_id, r, err));
	HF_TRY(group_row_update(db, &row));
	return links_change(by, db, g->id, r, err);
}

hf_status group_delete(struct db *db, const struct group *g, struct hf_err *err)
{
	int64_t n;

	HF_TRY(object_rows_count(db, g->org_id, g->id, &n));
	if (n > 0)
		return hf_fail(
		        err, HF_STATE,
		        "the group has %lld keys: delete them, or move them, before the group",
		        (long long)n);
	HF_TRY(link_rows_delete(db, g->id));
	HF_TRY(group_scans_delete(db, g->id));
	HF_TRY(memberships_forget_group(db, g->id));
	return group_row_delete(db, g->org_id, g->id);
}

unsigned group_changes_of(const struct group *g, const struct group_request *r)
{
	unsigned what = 0;

	if (r->name || r->description.given || r->custom_metadata.given)
		what |= CHANGES_PROFILE;
	if (r->approval_policy.given || r->cryptographic_policy.given ||
	    r->key_history_policy.given)
		what |= CHANGES_POLICIES;
	if (r->key_store || r->n_add || r->n_remove || r->by_priority != REQUEST_KEEP ||
	    r->segregation != REQUEST_KEEP || r->apply_to_hsm != REQUEST_KEEP)
		what |= CHANGES_LINKS;
	for (size_t i = 0; i < r->n_change; i++)
		what |= link_changes_only_pin(g, &r->change[i]) ? CHANGES_PINS : CHANGES_LINKS;
	return what;
}

void group_was_changed(const struct core *core, const char *group_id)
{
	char word[WORD_MAX];

	groups_forget(core->groups, group_id);
	if (core->slots)
		core->slots->changed(core->slots->links, group_id);
	snprintf(word, sizeof(word), "groups %s", group_id);
	core_say((void *)(uintptr_t)core, word);
}
