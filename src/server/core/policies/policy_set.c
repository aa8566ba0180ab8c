/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policy_set.h"

#include "base/log.h"
#include "json/write.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define KEPT 64
#define POLICY_JSON_MAX (1u << 20)

/* Nothing in it hangs on the database that it came from: versions are random. */
static struct {
	pthread_mutex_t lock;
	struct policy_set *sets[KEPT];
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

void policy_set_unref(struct policy_set *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		json_done(s->entries[i].doc);
	free(s->entries);
	free(s);
}

static size_t place_of(const char *org_id)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *org_id; org_id++)
		h = (h ^ (uint8_t)*org_id) * 16777619u;
	return h % KEPT;
}

static struct policy_set *find(const char *org_id, const char *version)
{
	struct policy_set *s;

	pthread_mutex_lock(&kept.lock);
	s = kept.sets[place_of(org_id)];
	if (s && strcmp(s->org_id, org_id) == 0 && strcmp(s->version, version) == 0)
		atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	else
		s = NULL;
	pthread_mutex_unlock(&kept.lock);
	return s;
}

static void keep(struct policy_set *s)
{
	struct policy_set **place = &kept.sets[place_of(s->org_id)], *old;

	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	pthread_mutex_lock(&kept.lock);
	old = *place;
	*place = s;
	pthread_mutex_unlock(&kept.lock);
	policy_set_unref(old);
}

hf_status policy_row_json(const struct policy_row *row, struct json_t **ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(POLICY_JSON_MAX);
	struct json_writer w = JSON_WRITER(&text);

	json_open_object(&w, NULL);
	json_text(&w, "name", row->name);
	json_text(&w, "activityKind", row->activity);
	json_raw(&w, "rule", hf_span_text(row->rule));
	json_raw(&w, "action", hf_span_text(row->action));
	if (row->filters)
		json_raw(&w, "filters", hf_span_text(row->filters));
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	return json_parse(hf_buf_span(&text), POLICY_JSON_MAX, ret, NULL);
}

/* By powers of two. */
static hf_status grow(struct policy_set *s)
{
	struct policy_entry *more;

	HF_ENSURE(s->n < POLICY_SET_MAX, HF_CORRUPT);
	if (s->n & (s->n - 1))
		return HF_SUCCESS;
	more = realloc(s->entries, (s->n ? 2 * s->n : 1) * sizeof(*more));
	HF_ENSURE(more, HF_NOMEM);
	s->entries = more;
	return HF_SUCCESS;
}

static hf_status add(void *ctx, const struct policy_row *row)
{
	struct policy_set *s = ctx;
	struct hf_err err = { 0 };
	struct policy_entry *e;
	hf_status status;

	HF_TRY(grow(s));
	e = &s->entries[s->n];
	*e = (struct policy_entry){ 0 };
	snprintf(e->id, sizeof(e->id), "%s", row->id);
	status = policy_row_json(row, &e->doc);
	if (hf_ok(status))
		status = policy_read(e->doc, &e->policy, &err);
	if (!hf_ok(status)) {
		json_done(hf_take(e->doc));
		HF_ERROR("a stored policy cannot be understood: nothing that it may be about is "
		         "done until it is archived, or this program is newer",
		         HF_KS("policy", row->id), HF_KS("reason", err.text));
		return HF_FAILURE(status.code == HF_NOMEM ? HF_NOMEM : HF_CORRUPT);
	}
	s->activities |= 1u << e->policy.activity;
	if (e->policy.rule.kind == RULE_AMOUNT_VELOCITY ||
	    e->policy.rule.kind == RULE_COUNT_VELOCITY)
		s->velocity = true;
	s->n++;
	return HF_SUCCESS;
}

static hf_status load(struct db *db, const char *org_id, const char *version,
                      struct policy_set **ret)
{
	POLICY_SET_SCOPED struct policy_set *s = calloc(1, sizeof(*s));

	HF_ENSURE(s, HF_NOMEM);
	atomic_init(&s->references, 1);
	snprintf(s->org_id, sizeof(s->org_id), "%s", org_id);
	snprintf(s->version, sizeof(s->version), "%s", version);
	HF_TRY(policy_rows_list(db, org_id, POLICY_ACTIVE, "", POLICY_SET_MAX + 1, add, s));
	keep(s);
	*ret = hf_take(s);
	return HF_SUCCESS;
}

/* The version is read first: policies that are changed between the two statements are kept under a
 * version that nobody sees again. */
hf_status policy_set_current(struct db *db, const char *org_id, struct policy_set **ret)
{
	char version[HF_ID_MAX];
	struct policy_set *s;

	HF_TRY(policy_version_get(db, org_id, version));
	if (!*version) {
		*ret = NULL;
		return HF_SUCCESS;
	}
	s = find(org_id, version);
	if (s) {
		*ret = s;
		return HF_SUCCESS;
	}
	return load(db, org_id, version, ret);
}
