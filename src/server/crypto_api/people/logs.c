/* SPDX-License-Identifier: Apache-2.0
 * GET /sys/v1/logs: the audit log, newest first, in the Crypto API's words: entries of this
 * interface and of the Signing API, and those of drivers. For administrators and auditors. */
#include "audit/entry.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/people/rights.h"
#include "server/store/audit_rows.h"

#include <stdio.h>
#include <string.h>

#define SIZE_DEFAULT 100
#define NOBODY "00000000-0000-0000-0000-000000000000"
#define SIZE_MAX_ 1000
#define FROM_MAX 10000
#define LOOK_AT_ONCE 1000
#define LOOK_AT_MOST 100000 /* entries that no filter lets through */

struct log_call {
	struct crypto_call call; /* first */
	int64_t size, from, since_ms, until_ms;
	const char *action_type, *actor_type, *severity, *object_id;
	char actor_id[HF_ID_MAX];
	char before[HF_ID_MAX];
	/* while it is printed */
	struct json_writer w;
	int64_t shown, skipped, seen;
};

static hf_status read_number(const struct crypto_call *c, const char *name, int64_t max,
                             int64_t *to, struct hf_err *err)
{
	const char *text = crypto_call_query(c, name);

	if (text && !hf_ok(hf_parse_i64(text, 0, max, to)))
		return hf_fail(err, HF_INVALID, "%s: expected a number up to %lld", name,
		               (long long)max);
	return HF_SUCCESS;
}

/* An identity of either interface: the prefix is not in a UUID. */
static hf_status read_actor(struct log_call *l, const char *uuid, struct hf_err *err)
{
	if (uuid && !hf_uuid_valid(uuid))
		return hf_fail(err, HF_INVALID, "actor_id: expected a UUID");
	if (uuid)
		snprintf(l->actor_id, sizeof(l->actor_id), "%s", uuid);
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct log_call *l = (struct log_call *)c;
	const char *previous = crypto_call_query(c, "previous_id");
	int64_t since_s = 0, until_s = INT32_MAX;

	if (!sees_account(c->who))
		return hf_fail(err, HF_DENIED,
		               "the log is for the account's administrators and auditors");
	l->size = SIZE_DEFAULT;
	HF_TRY(read_number(c, "size", SIZE_MAX_, &l->size, err));
	HF_TRY(read_number(c, "from", FROM_MAX, &l->from, err));
	HF_TRY(read_number(c, "range_from", INT64_MAX / 2000, &since_s, err));
	HF_TRY(read_number(c, "range_to", INT64_MAX / 2000, &until_s, err));
	l->since_ms = since_s * 1000;
	l->until_ms = until_s * 1000 + 999;
	l->action_type = crypto_call_query(c, "action_type");
	l->actor_type = crypto_call_query(c, "actor_type");
	l->severity = crypto_call_query(c, "severity");
	l->object_id = crypto_call_query(c, "object_id");
	if (previous && !hf_ok(hf_id_of_uuid("uj", previous, l->before)))
		return hf_fail(err, HF_INVALID, "previous_id: expected an entry's _id");
	return read_actor(l, crypto_call_query(c, "actor_id"), err);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const char *action_type(const struct entry *e)
{
	static const char *const uses[] = {
		"Encrypt", "Decrypt", "Sign",  "Verify", "Mac",    "WrapKey", "UnwrapKey",
		"Derive",  "Agree",   "Batch", "Random", "Digest", "Export",  "GenerateDataKey",
	};
	const char *operation = e->operation;

	if (strstr(operation, "Session") || begins(operation, "Auth:Login"))
		return "AUTH";
	if (strstr(operation, "Signatures:"))
		return "CRYPTOOPERATION";
	for (size_t i = 0; begins(operation, "Crypto:") && i < HF_COUNT(uses); i++)
		if (begins(operation + strlen("Crypto:"), uses[i]))
			return "CRYPTOOPERATION";
	return "ADMINISTRATIVE";
}

static const char *actor_type(const struct entry *e)
{
	if (!e->identity_id)
		return "System";
	return hf_id_valid("app", e->identity_id) ? "App" : "User";
}

static const char *severity(const struct entry *e)
{
	if (entry_succeeded(e))
		return "INFO";
	return e->status >= 500 ? "ERROR" : "WARNING";
}

/* Query parameters may name several, with commas between. */
static bool among(const char *list, const char *one)
{
	size_t len = strlen(one);

	for (const char *at = list; at && *at; at += strcspn(at, ",")) {
		at += *at == ',';
		if (strcspn(at, ",") == len && strncasecmp(at, one, len) == 0)
			return true;
	}
	return !list;
}

static bool is_uuid_of(const char *id, const char *uuid)
{
	char own[HF_UUID_MAX];

	if (!id)
		return false;
	if (strcmp(id, uuid) == 0)
		return true;
	return hf_ok(hf_uuid_of_id(id, own)) && strcmp(own, uuid) == 0;
}

static bool is_wanted(const struct log_call *l, const struct entry *e, int64_t at_ms)
{
	return at_ms >= l->since_ms && at_ms <= l->until_ms &&
	       among(l->action_type, action_type(e)) && among(l->actor_type, actor_type(e)) &&
	       among(l->severity, severity(e)) &&
	       (!l->actor_id[0] || is_uuid_of(e->identity_id, l->actor_id)) &&
	       (!l->object_id || is_uuid_of(e->subject_id, l->object_id));
}

static void print_id(struct json_writer *w, const char *key, const char *id)
{
	if (id && hf_uuid_valid(id))
		json_text(w, key, id);
	else if (id)
		print_uuid(w, key, id);
}

static void print_message(struct json_writer *w, const struct entry *e)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(2048);

	hf_buf_printf(&text, "%.200s %.200s: %.60s", entry_text(e->name), e->operation, e->outcome);
	if (e->count)
		hf_buf_printf(&text, ", %lld operations", (long long)e->count);
	if (e->reason)
		hf_buf_printf(&text, " (%.1000s)", e->reason);
	json_span(w, "message", hf_buf_span(&text));
}

static void print_entry(struct log_call *l, const struct entry *e, int64_t at_ms)
{
	struct json_writer *w = &l->w;
	char time[HF_ISO_LEN];

	hf_iso_time(at_ms, time);
	time[19] = 'Z'; /* whole seconds */
	time[20] = '\0';
	json_open_object(w, NULL);
	print_id(w, "_id", e->id);
	json_open_object(w, "_source");
	json_text(w, "action_type", action_type(e));
	json_text(w, "actor_type", actor_type(e));
	/* Clients expect one, of the system itself too. */
	if (e->identity_id && *e->identity_id)
		print_id(w, "actor_id", e->identity_id);
	else
		json_text(w, "actor_id", NOBODY);
	print_id(w, "acct_id", e->org_id);
	json_open_array(w, "group_ids");
	if (e->group_id)
		json_text(w, NULL, e->group_id);
	json_close_array(w);
	/* Clients expect one: what is about nothing else is about the account. */
	print_id(w, "object_id", e->subject_id && *e->subject_id ? e->subject_id : e->org_id);
	print_message(w, e);
	json_text(w, "severity", severity(e));
	json_text(w, "time", time);
	json_text_if(w, "client_ip", e->address);
	json_close_object(w);
	json_close_object(w);
}

static hf_status look(void *ctx, const char *id, struct hf_span text)
{
	struct log_call *l = ctx;
	ENTRY_SCOPED e = { 0 };
	int64_t at_ms;

	l->seen++;
	snprintf(l->before, sizeof(l->before), "%s", id);
	HF_TRY(entry_parse(text, &e, NULL));
	HF_TRY(hf_iso_parse(e.time, &at_ms));
	if (!is_wanted(l, &e, at_ms) || l->shown == l->size)
		return HF_SUCCESS;
	if (l->skipped < l->from) {
		l->skipped++;
		return HF_SUCCESS;
	}
	l->shown++;
	print_entry(l, &e, at_ms);
	return HF_SUCCESS;
}

static hf_status look_at_all(struct log_call *l, struct db *db)
{
	int64_t total = 0;
	char first[HF_ID_MAX];

	audit_id_at(l->since_ms > 3600000 ? l->since_ms - 3600000 : 0, first);
	do {
		char before[HF_ID_MAX];

		memcpy(before, l->before, sizeof(before));
		l->seen = 0;
		HF_TRY(audit_rows_newest(db, l->call.who->org_id, first, before, LOOK_AT_ONCE, look,
		                         l));
		total += l->seen;
	} while (l->seen == LOOK_AT_ONCE && l->shown < l->size && total < LOOK_AT_MOST);
	return HF_SUCCESS;
}

/* From the end of the time that is asked for, when that is not now. */
static void begin_at(struct log_call *l, const char *previous)
{
	if (previous)
		hf_ignore(hf_id_of_uuid("uj", previous, l->before));
	else if (l->until_ms < l->call.now_ms)
		audit_id_at(l->until_ms + 3600000, l->before);
	else
		snprintf(l->before, sizeof(l->before), "uk"); /* after every id of an entry */
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct log_call *l = (struct log_call *)c;

	l->shown = l->skipped = 0;
	l->w = JSON_WRITER(&c->out);
	begin_at(l, crypto_call_query(c, "previous_id"));
	json_open_object(&l->w, NULL);
	json_open_array(&l->w, "hits");
	if (l->size)
		HF_TRY(look_at_all(l, db));
	json_close_array(&l->w);
	json_close_object(&l->w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_logs = {
	.size = sizeof(struct log_call),
	.prepare = prepare,
	.run = run,
};
