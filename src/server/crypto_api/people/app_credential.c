/* SPDX-License-Identifier: Apache-2.0
 * What proves an app: shown to those who administrate it, and made anew. */
#include "server/crypto_api/people/apps.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/store/session_rows.h"

#include <string.h>

static hf_status read_path(struct crypto_call *c, struct hf_err *err)
{
	return app_of_path(c, ((struct app_call *)c)->id, err);
}

static hf_status show(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);
	struct json_writer w = JSON_WRITER(&c->out);
	HF_SECRET struct hf_secret json = { 0 };
	struct app_row app;

	HF_TRY(app_to_change(c, db, a->id, &app));
	HF_TRY(app_credential_get(db, app.id, &sealed));
	HF_TRY(app_credential_open(&c->api->core->secrets.storage_key, app.id, hf_buf_span(&sealed),
	                           &json));
	hf_ignore(hf_uuid_of_id(app.id, c->subject_id));
	json_open_object(&w, NULL);
	print_uuid(&w, "app_id", app.id);
	json_raw(&w, "credential", HF_SPAN(json.ptr, json.len));
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status read_reset(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "secret_size", JSON_READ_INT, offsetof(struct app_edit, secret_size), false, true,
		  0, 4096 },
	};
	struct app_call *a = (struct app_call *)c;

	HF_TRY(read_path(c, err));
	if (json_member(c->body, "credential_migration_period"))
		return hf_fail(err, HF_UNSUPPORTED,
		               "credential_migration_period is not supported: the old secret ends "
		               "at once");
	return c->body ? json_read(c->body, fields, HF_COUNT(fields), &a->edit, err) : HF_SUCCESS;
}

static hf_status reset(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(APP_CREDENTIAL_MAX),
	                            sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;
	hf_status s;

	HF_TRY(app_to_change(c, db, a->id, &app));
	if (app.credential_kind != APP_SECRET)
		return hf_fail(&c->err, HF_STATE,
		               "this app has no secret: it is proved by %s. Change its credential "
		               "instead",
		               app_credential_name(app.credential_kind));
	HF_TRY(app_credential_make(NULL, a->edit.secret_size, c->now_ms, &app, &json, &c->err));
	s = app_credential_seal(&c->api->core->secrets.storage_key, app.id, hf_buf_span(&json),
	                        &sealed);
	hf_wipe(json.ptr, json.len);
	HF_TRY(s);
	HF_TRY(app_credential_put(db, &app, hf_buf_span(&sealed)));
	HF_TRY(session_rows_delete_of(db, app.id));
	hf_ignore(hf_uuid_of_id(app.id, c->subject_id));
	HF_TRY(app_print(db, &app, NULL, &w));
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_app_credential = {
	.size = sizeof(struct app_call),
	.prepare = read_path,
	.run = show,
};
const struct crypto_operation crypto_app_reset_secret = {
	.size = sizeof(struct app_call),
	.writes = true,
	.prepare = read_reset,
	.run = reset,
	.after = app_changed,
};
