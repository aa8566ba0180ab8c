/* SPDX-License-Identifier: Apache-2.0
 * What proves an app: shown to those who administrate it, and made anew; the one before, too, while
 * it is good. */
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

static hf_status open_sealed(struct crypto_call *c, const struct app_row *app,
                             const struct hf_buf *sealed, struct hf_secret *ret)
{
	return app_credential_open(&c->api->core->secrets.storage_key, app->id, hf_buf_span(sealed),
	                           ret);
}

static hf_status print_previous(struct crypto_call *c, struct db *db, const struct app_row *app,
                                struct json_writer *w)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);
	HF_SECRET struct hf_secret json = { 0 };

	if (c->now_ms >= app->previous_until_ms)
		return HF_SUCCESS;
	HF_TRY(app_previous_get(db, app->id, &sealed));
	HF_TRY(open_sealed(c, app, &sealed, &json));
	json_open_object(w, "previous_credential");
	json_raw(w, "credential", HF_SPAN(json.ptr, json.len));
	json_basic_date(w, "valid_until", app->previous_until_ms);
	json_close_object(w);
	return HF_SUCCESS;
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
	HF_TRY(open_sealed(c, &app, &sealed, &json));
	hf_ignore(hf_uuid_of_id(app.id, c->subject_id));
	json_open_object(&w, NULL);
	print_uuid(&w, "app_id", app.id);
	json_raw(&w, "credential", HF_SPAN(json.ptr, json.len));
	HF_TRY(print_previous(c, db, &app, &w));
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status seal(struct crypto_call *c, const struct app_row *app, struct hf_buf *json,
                      struct hf_buf *to)
{
	hf_status s = app_credential_seal(&c->api->core->secrets.storage_key, app->id,
	                                  hf_buf_span(json), to);

	hf_wipe(json->ptr, json->len);
	return s;
}

hf_status app_credential_replace(struct crypto_call *c, struct db *db, const struct app_edit *e,
                                 struct app_row *app, struct hf_buf *json)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);

	HF_TRY(seal(c, app, json, &sealed));
	app->previous_until_ms = e->migration_s ? c->now_ms + 1000 * e->migration_s : 0;
	if (app->previous_until_ms) {
		HF_TRY(app_previous_put(db, app->id, app->previous_until_ms));
		HF_TRY(session_rows_end(db, app->id, app->previous_until_ms));
	} else {
		HF_TRY(app_previous_delete(db, app->id));
		HF_TRY(session_rows_delete_of(db, app->id));
	}
	return app_credential_put(db, app, hf_buf_span(&sealed));
}

static hf_status read_reset(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "secret_size", JSON_READ_INT, offsetof(struct app_edit, secret_size), false, true,
		  0, 4096 },
		{ "credential_migration_period", JSON_READ_INT,
		  offsetof(struct app_edit, migration_s), false, true, 0, APP_MIGRATION_MAX_S },
	};
	struct app_call *a = (struct app_call *)c;

	HF_TRY(read_path(c, err));
	return c->body ? json_read(c->body, fields, HF_COUNT(fields), &a->edit, err) : HF_SUCCESS;
}

static hf_status renew(struct crypto_call *c, struct db *db, struct app_row *app)
{
	const struct app_edit *e = &((struct app_call *)c)->edit;
	HF_BUF_SCOPED struct hf_buf json = HF_BUF_SECRET(APP_CREDENTIAL_MAX),
	                            sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);
	HF_SECRET struct hf_secret before = { 0 };

	HF_TRY(app_credential_get(db, app->id, &sealed));
	HF_TRY(open_sealed(c, app, &sealed, &before));
	HF_TRY(app_secret_renew(HF_SPAN(before.ptr, before.len), e->secret_size, c->now_ms, app,
	                        &json, &c->err));
	return app_credential_replace(c, db, e, app, &json);
}

static hf_status reset(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;

	HF_TRY(app_to_change(c, db, a->id, &app));
	if (app.credential_kind != APP_SECRET)
		return hf_fail(&c->err, HF_STATE,
		               "this app has no secret: it is proved by %s. Change its credential "
		               "instead",
		               app_credential_name(app.credential_kind));
	HF_TRY(renew(c, db, &app));
	hf_ignore(hf_uuid_of_id(app.id, c->subject_id));
	HF_TRY(app_print(db, &app, NULL, &w));
	return crypto_call_audit(c, db);
}

/* Everybody has the new one: the old one need not be good any longer. */
static hf_status end_previous(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct app_row app;

	HF_TRY(app_to_change(c, db, a->id, &app));
	if (c->now_ms >= app.previous_until_ms)
		return hf_fail(&c->err, HF_NOTFOUND,
		               "this app has one secret: the one before it has ended");
	HF_TRY(app_previous_delete(db, app.id));
	HF_TRY(session_rows_delete_previous(db, app.id));
	hf_ignore(hf_uuid_of_id(app.id, c->subject_id));
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
const struct crypto_operation crypto_app_end_previous = {
	.size = sizeof(struct app_call),
	.writes = true,
	.prepare = read_path,
	.run = end_previous,
	.after = app_changed,
};
