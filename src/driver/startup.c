/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/startup.h"

#include "base/log.h"
#include "base/text.h"
#include "hsmhost/task.h"
#include "json/read.h"
#include "json/write.h"

/* Runs one task and reads its report by `fields` into `to`, whose texts point into *ret_doc. */
static hf_status run_task(const struct hsmhost_config *hsm, enum signer_task task, const char *args,
                          const struct json_field *fields, size_t n, void *to,
                          struct json_t **ret_doc, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct hsmhost_config one = *hsm;

	one.processes = 1;
	HF_TRY(hsmhost_task(&one, task, args, NULL, NULL, &report, err));
	HF_TRY(hf_context(err, json_parse(hf_buf_span(&report), WIRE_REPORT_MAX, &doc, err),
	                  "the signer's report"));
	HF_TRY(hf_context(err, json_read_some(doc, fields, n, to, err), "the signer's report"));
	*ret_doc = hf_take(doc);
	return HF_SUCCESS;
}

struct made {
	const char *record, *master_id;
};

static hf_status make_canary(struct db *k, const char *database, const struct hsmhost_config *hsm,
                             struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ .name = "record",
		  .kind = JSON_READ_TEXT,
		  .offset = offsetof(struct made, record),
		  .required = true },
		{ .name = "master_id",
		  .kind = JSON_READ_TEXT,
		  .offset = offsetof(struct made, master_id),
		  .required = true },
	};
	HF_BUF_SCOPED struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct made made = { 0 };
	char other[MASTER_ID_MAX] = "";
	hf_status s;

	HF_TRY(run_task(hsm, TASK_CANARY_MAKE, "", fields, HF_COUNT(fields), &made, &doc, err));
	if (!made.master_id[0]) {
		HF_WARN("this HSM can have no master key: keys live inside it alone, and records "
		        "have no MAC");
		return HF_SUCCESS;
	}
	if (!hf_ok(hf_unhex(hf_span_text(made.record), &record)))
		return hf_fail(err, HF_CORRUPT, "the signer's canary is not hex");
	s = keydb_canary_put(k, made.master_id, hf_buf_span(&record), other);
	if (s.code == HF_EXISTS)
		return hf_fail(
		        err, HF_STOP,
		        "the keys in %s were wrapped by master key %s, but this HSM holds master "
		        "key %s: "
		        "use the database that belongs to this HSM, or bring master key %s into it",
		        database, other, made.master_id, other);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot store the canary: %s", db_error(k));
	HF_INFO("the database now belongs to this HSM's master key", HF_KS("database", database),
	        HF_KS("master", made.master_id));
	return HF_SUCCESS;
}

static hf_status check_canary(const char *database, const char *master, struct hf_span canary,
                              const struct hsmhost_config *hsm, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ .name = "canaries",
		  .kind = JSON_READ_ARRAY,
		  .offset = 0,
		  .required = true,
		  .min = 1,
		  .max = 1 },
	};
	HF_BUF_SCOPED struct hf_buf args = HF_BUF(WIRE_ARGS_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct json_writer w = JSON_WRITER(&args);
	struct json_t *canaries = NULL;
	const char *result, *message;

	json_open_object(&w, NULL);
	json_open_array(&w, "records");
	json_hex(&w, NULL, "", canary);
	json_close_array(&w);
	json_close_object(&w);
	hf_buf_u8(&args, 0);
	HF_TRY(hf_buf_status(&args));
	HF_TRY(run_task(hsm, TASK_CANARY_CHECK, (const char *)args.ptr, fields, HF_COUNT(fields),
	                &canaries, &doc, err));
	result = json_member_text(json_element(canaries, 0), "result");
	message = json_member_text(json_element(canaries, 0), "message");
	if (hf_span_is(hf_span_text(result), "ok"))
		return HF_SUCCESS;
	if (hf_span_is(hf_span_text(result), "mac-key-differs"))
		return hf_fail(
		        err, HF_STOP,
		        "%s and this HSM do not belong together: %s. Bring the MAC key that "
		        "belongs to master key "
		        "%s into the HSM, or give this HSM's own database with --sqlite-path",
		        database, message, master);
	return hf_fail(err, HF_STOP,
	               "%s and this HSM do not belong together: %s. If the database is the right "
	               "one, bring master key %s "
	               "into the HSM; if the HSM is, give its own database with --sqlite-path",
	               database, message, master);
}

hf_status startup_canary(struct db *k, const char *database, const struct hsmhost_config *hsm,
                         struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf canary = HF_BUF(RECORD_ENCODED_MAX);
	char master[MASTER_ID_MAX];
	hf_status s = keydb_canary(k, master, &canary);

	if (s.code == HF_NOTFOUND)
		return make_canary(k, database, hsm, err);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the canary in %s: %s", database,
		               db_error(k));
	return check_canary(database, master, hf_buf_span(&canary), hsm, err);
}
