/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/audit/audit_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/write.h"
#include "server/store/store_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1
#define PATH_MAX_SHOWN 1024

static void put_bytes(struct json_writer *w, const char *key, struct hf_span bytes)
{
	if (!bytes.len)
		return;
	if (w->comma)
		hf_buf_u8(w->to, ',');
	hf_buf_printf(w->to, "\"%s\":\"", key);
	hf_buf_base64url(w->to, bytes);
	hf_buf_u8(w->to, '"');
	w->comma = true;
}

static void put_path(struct json_writer *w, const char *path)
{
	size_t len = path ? strlen(path) : 0;

	if (len)
		json_span(w, "path", HF_SPAN(path, len < PATH_MAX_SHOWN ? len : PATH_MAX_SHOWN));
}

/* In the order of their names: the bytes are canonical without having been parsed. */
static void print_entry(struct json_writer *w, const struct audit_entry *e, const char *id)
{
	char time[HF_ISO_LEN];

	hf_iso_time(e->now_ms, time);
	json_open_object(w, NULL);
	json_text_if(w, "address", e->address);
	put_bytes(w, "bodyHash", e->body_hash);
	if (e->count)
		json_int(w, "count", e->count);
	json_text_if(w, "credentialId", e->credential_id);
	json_text_if(w, "groupId", e->group_id);
	json_text(w, "id", id);
	json_text_if(w, "identityId", e->identity_id);
	json_text_if(w, "method", e->method);
	json_text_if(w, "name", e->name);
	json_text(w, "operation", e->operation);
	json_text(w, "orgId", e->org_id);
	json_text(w, "outcome", e->outcome);
	put_path(w, e->path);
	put_bytes(w, "proof", e->proof);
	json_text_if(w, "reason", e->reason);
	if (e->status)
		json_int(w, "status", e->status);
	json_text_if(w, "subjectId", e->subject_id);
	json_text(w, "time", time);
	json_text_if(w, "tokenId", e->token_id);
	json_int(w, "version", VERSION);
	json_close_object(w);
}

hf_status audit_add(struct db *db, const struct audit_entry *e)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(AUDIT_ENTRY_MAX);
	struct json_writer w = JSON_WRITER(&text);
	char id[HF_ID_MAX];
	struct audit_row row = {
		.id = id,
		.org_id = e->org_id,
		.identity_id = e->identity_id,
		.happened_ms = e->now_ms,
	};

	hf_id_new("uj", id);
	print_entry(&w, e, id);
	HF_TRY(hf_buf_status(&text));
	row.entry = hf_buf_span(&text);
	return audit_row_insert(db, &row);
}

hf_status audit_new(struct audit **ret)
{
	struct audit *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	a->sequence.tree = calloc(1, sizeof(*a->sequence.tree));
	if (!a->sequence.tree) {
		free(a);
		return HF_FAILURE(HF_NOMEM);
	}
	pthread_mutex_init(&a->lock, NULL);
	*ret = a;
	return HF_SUCCESS;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a->sequence.tree);
	free(a);
}

struct audit_counts *audit_counts(struct audit *a)
{
	return &a->counts;
}

static bool known_org(struct audit *a, const char *store_id, char ret[HF_ID_MAX])
{
	bool found = false;

	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->n_stores && !found; i++) {
		found = strcmp(a->stores[i].store_id, store_id) == 0;
		if (found)
			memcpy(ret, a->stores[i].org_id, HF_ID_MAX);
	}
	pthread_mutex_unlock(&a->lock);
	return found;
}

hf_status audit_org_of_store(struct audit *a, struct db *db, const char *store_id,
                             char ret[HF_ID_MAX])
{
	if (known_org(a, store_id, ret))
		return HF_SUCCESS;
	HF_TRY(store_row_org(db, store_id, ret));
	pthread_mutex_lock(&a->lock);
	if (a->n_stores < STORES_MAX) {
		snprintf(a->stores[a->n_stores].store_id, HF_ID_MAX, "%s", store_id);
		memcpy(a->stores[a->n_stores++].org_id, ret, HF_ID_MAX);
	}
	pthread_mutex_unlock(&a->lock);
	return HF_SUCCESS;
}

static const char *operation_of(enum job_subject subject)
{
	switch (subject) {
	case JOB_FOR_KEY:
		return "Hsm:Generate";
	case JOB_FOR_SIGNATURE:
	case JOB_FOR_FORMED_SIGNATURE:
		return "Hsm:Sign";
	case JOB_FOR_AUDIT_KEY:
		return "Hsm:GenerateAuditKey";
	case JOB_FOR_CHECKPOINT:
	case JOB_FOR_CRYPTO:
		break;
	}
	return "Hsm";
}

static const char *outcome_of(const struct job_settled *settled)
{
	if (settled->result->outcome != OP_DONE)
		return "Failed";
	return settled->result->signature.len ? "Signed" : "Made";
}

hf_status audit_settled(struct audit *a, struct db *db, const struct job_settled *settled,
                        int64_t now_ms)
{
	char org_id[HF_ID_MAX], reason[sizeof(settled->result->text)] = "";
	struct audit_entry e = {
		.org_id = org_id,
		.name = settled->driver,
		.operation = operation_of(settled->subject),
		.subject_id = settled->subject_id,
		.outcome = outcome_of(settled),
		.reason = reason,
		.now_ms = now_ms,
	};
	hf_status s;

	/* A checkpoint tells of itself; and entries about checkpoints would make the log grow, and
	 * need another checkpoint, for ever. What is done with keys of any kind the Crypto API
	 * enters itself. */
	if (settled->subject == JOB_FOR_CHECKPOINT || settled->subject == JOB_FOR_CRYPTO)
		return HF_SUCCESS;
	s = audit_org_of_store(a, db, settled->store_id, org_id);
	if (s.code == HF_NOTFOUND) /* a store that was removed by hand: nobody to tell */
		return HF_SUCCESS;
	HF_TRY(s);
	if (settled->result->outcome != OP_DONE)
		snprintf(reason, sizeof(reason), "%s", settled->result->text);
	return audit_add(db, &e);
}
