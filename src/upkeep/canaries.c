/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/canaries.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "hsmhost/task.h"
#include "json/read.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

static hf_status run_task(const struct hsmhost_config *hsm, enum signer_task task, const char *args,
                          struct json_t **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config one = *hsm;

	one.processes = 1;
	HF_TRY(hsmhost_task(&one, task, args, NULL, NULL, &report, err));
	return hf_context(err, json_parse(hf_buf_span(&report), WIRE_REPORT_MAX, ret, err),
	                  "the signer's report");
}

/* What the signer says is not believed to fit. */
static hf_status take_text(const struct json_t *object, const char *name, char *to, size_t cap,
                           struct hf_err *err)
{
	const char *text = json_member_text(object, name);

	if (!text)
		return hf_fail(err, HF_CORRUPT, "the signer's report lacks %s", name);
	snprintf(to, cap, "%s", text);
	return HF_SUCCESS;
}

hf_status canary_make(const struct hsmhost_config *hsm, struct hf_buf *ret,
                      char ret_master[MASTER_ID_MAX], struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const char *record;

	HF_TRY(run_task(hsm, TASK_CANARY_MAKE, "", &doc, err));
	HF_TRY(take_text(doc, "master_id", ret_master, MASTER_ID_MAX, err));
	record = json_member_text(doc, "record");
	if (!record || !hf_ok(hf_unhex(hf_span_text(record), ret)))
		return hf_fail(err, HF_CORRUPT, "the signer's canary is not hex");
	return HF_SUCCESS;
}

static hf_status write_args(const struct hf_span *records, size_t n, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_open_array(&w, "records");
	for (size_t i = 0; i < n; i++)
		json_hex(&w, NULL, "", records[i]);
	json_close_array(&w);
	json_close_object(&w);
	hf_buf_u8(to, 0);
	return hf_buf_status(to);
}

static hf_status read_masters(const struct json_t *list, struct canaries *ret, struct hf_err *err)
{
	for (size_t i = 0; i < json_count(list) && i < CANARIES_MAX; i++, ret->n_masters++) {
		const struct json_t *one = json_element(list, i);

		HF_TRY(take_text(one, "label", ret->masters[i].label, sizeof(ret->masters[i].label),
		                 err));
		HF_TRY(take_text(one, "master_id", ret->masters[i].id, sizeof(ret->masters[i].id),
		                 err));
	}
	if (!ret->n_masters)
		return hf_fail(err, HF_CORRUPT, "the signer names no master key");
	return HF_SUCCESS;
}

static hf_status read_verdicts(const struct json_t *list, size_t n, struct canaries *ret,
                               struct hf_err *err)
{
	if (json_count(list) != n)
		return hf_fail(err, HF_CORRUPT, "the signer's report lacks a canary");
	for (size_t i = 0; i < n; i++, ret->n++) {
		const struct json_t *one = json_element(list, i);
		char result[32];

		HF_TRY(take_text(one, "master_id", ret->list[i].master_id,
		                 sizeof(ret->list[i].master_id), err));
		HF_TRY(take_text(one, "result", result, sizeof(result), err));
		HF_TRY(take_text(one, "message", ret->list[i].message, sizeof(ret->list[i].message),
		                 err));
		ret->list[i].ok = hf_span_is(hf_span_text(result), "ok");
		ret->list[i].absent = hf_span_is(hf_span_text(result), "master-key-absent");
		ret->list[i].mac = hf_span_is(hf_span_text(result), "mac-key-differs");
	}
	return HF_SUCCESS;
}

hf_status canaries_ask(const struct hsmhost_config *hsm, const struct hf_span *records, size_t n,
                       struct canaries *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf args = HF_BUF(WIRE_ARGS_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct canaries c = { 0 };

	if (n > CANARIES_MAX || !hf_ok(write_args(records, n, &args)))
		return hf_fail(err, HF_TOOBIG,
		               "too many canaries: finish what was begun with "
		               "`holdfast db rewrap` first");
	HF_TRY(run_task(hsm, TASK_CANARY_CHECK, (const char *)args.ptr, &doc, err));
	HF_TRY(read_masters(json_member(doc, "masters"), &c, err));
	HF_TRY(read_verdicts(json_member(doc, "canaries"), n, &c, err));
	*ret = c;
	return HF_SUCCESS;
}

struct stored {
	struct hf_buf records[CANARIES_MAX];
	size_t n;
};

static void stored_done(struct stored *s)
{
	for (size_t i = 0; i < s->n; i++)
		hf_buf_done(&s->records[i]);
}

static hf_status keep(void *ctx, const struct keydb_canary *canary)
{
	struct stored *s = ctx;
	struct hf_buf *to;

	HF_ENSURE(s->n < CANARIES_MAX, HF_TOOBIG);
	to = &s->records[s->n++];
	*to = HF_BUF(RECORD_ENCODED_MAX);
	hf_buf_put(to, canary->record.ptr, canary->record.len);
	return hf_buf_status(to);
}

static hf_status read_stored(struct db *db, struct stored *ret, struct hf_err *err)
{
	hf_status s = keydb_canaries(db, keep, ret);

	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the canaries: %s", db_error(db));
	return HF_SUCCESS;
}

static hf_status ask_stored(const struct stored *stored, const struct hsmhost_config *hsm,
                            struct canaries *ret, struct hf_err *err)
{
	struct hf_span spans[CANARIES_MAX];

	for (size_t i = 0; i < stored->n; i++)
		spans[i] = hf_buf_span(&stored->records[i]);
	return canaries_ask(hsm, spans, stored->n, ret, err);
}

hf_status canaries_of(struct db *db, const struct hsmhost_config *hsm, struct canaries *ret,
                      struct hf_err *err)
{
	HF_CLEANUP(stored_done) struct stored stored = { 0 };

	HF_TRY(read_stored(db, &stored, err));
	return ask_stored(&stored, hsm, ret, err);
}

static hf_status make_first(struct db *db, const char *database, const struct hsmhost_config *hsm,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);
	char master[MASTER_ID_MAX], other[MASTER_ID_MAX] = "";
	hf_status s;

	HF_TRY(canary_make(hsm, &record, master, err));
	if (!master[0]) {
		HF_WARN("this HSM can have no master key: keys live inside it alone, and records "
		        "have no MAC");
		return HF_SUCCESS;
	}
	s = keydb_canary_put(db, master, hf_buf_span(&record), other);
	if (s.code == HF_EXISTS)
		return hf_fail(
		        err, HF_STOP,
		        "the keys in %s were wrapped by master key %s, but this HSM holds master "
		        "key %s: use the database that belongs to this HSM, or bring master key %s "
		        "into it",
		        database, other, master, other);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot store the canary: %s", db_error(db));
	HF_INFO("the database now belongs to this HSM's master key", HF_KS("database", database),
	        HF_KS("master", master));
	return HF_SUCCESS;
}

static hf_status make_another(struct db *db, const struct hsmhost_config *hsm, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);
	char master[MASTER_ID_MAX];
	hf_status s;

	HF_TRY(canary_make(hsm, &record, master, err));
	s = keydb_canary_add(db, master, hf_buf_span(&record), hf_wall_ms());
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot store the canary: %s", db_error(db));
	HF_INFO("the database now knows another master key", HF_KS("master", master));
	return HF_SUCCESS;
}

static hf_status refuse(const char *database, const char *master, bool mac, const char *message,
                        struct hf_err *err)
{
	if (mac)
		return hf_fail(err, HF_STOP,
		               "%s and this HSM do not belong together: %s. Bring the MAC key that "
		               "belongs to master key %s into the HSM, or give this HSM's own "
		               "database (--sqlite-path, --postgres-url)",
		               database, message, master);
	return hf_fail(err, HF_STOP,
	               "%s and this HSM do not belong together: %s. If the database is the right "
	               "one, bring master key %s into the HSM and name it with --master-label; if "
	               "the HSM is, give its own database (--sqlite-path, --postgres-url)",
	               database, message, master);
}

/* A master key that is gone for good reason: nothing is wrapped by it any more. */
static hf_status check_absent(struct db *db, const char *database, const char *master,
                              const char *message, struct hf_err *err)
{
	int64_t keys;
	hf_status s = keydb_count(db, master, &keys);

	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot count keys: %s", db_error(db));
	if (keys)
		return refuse(database, master, false, message, err);
	HF_WARN("the database still has the canary of a master key that wraps nothing any more: "
	        "holdfast db rewrap --finish",
	        HF_KS("database", database), HF_KS("master", master));
	return HF_SUCCESS;
}

/* The database has some: this HSM has to prove them. */
static hf_status admit_to(struct db *db, const char *database, const struct hsmhost_config *hsm,
                          const struct canaries *c, struct hf_err *err)
{
	bool proven = false, known = false;

	for (size_t i = 0; i < c->n; i++) {
		proven = proven || c->list[i].ok;
		known = known || strcmp(c->list[i].master_id, c->masters[0].id) == 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		const char *master = c->list[i].master_id, *message = c->list[i].message;

		if (c->list[i].ok)
			continue;
		if (!c->list[i].absent || !proven)
			return refuse(database, master, c->list[i].mac, message, err);
		HF_TRY(check_absent(db, database, master, message, err));
	}
	return known ? HF_SUCCESS : make_another(db, hsm, err);
}

hf_status canaries_admit(struct db *db, const char *database, const struct hsmhost_config *hsm,
                         struct canaries *ret, struct hf_err *err)
{
	HF_CLEANUP(stored_done) struct stored stored = { 0 };
	struct canaries c;

	HF_TRY(read_stored(db, &stored, err));
	if (!stored.n) {
		HF_TRY(make_first(db, database, hsm, err));
		return ret ? canaries_of(db, hsm, ret, err) : HF_SUCCESS;
	}
	HF_TRY(ask_stored(&stored, hsm, &c, err));
	HF_TRY(admit_to(db, database, hsm, &c, err));
	if (ret)
		*ret = c;
	return HF_SUCCESS;
}
