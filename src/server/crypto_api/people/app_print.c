/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/people/apps.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "server/crypto_api/objects/print.h"

#include <string.h>

static void print_time(struct json_writer *w, const char *key, int64_t ms)
{
	char text[HF_BASIC_LEN];

	if (!ms)
		return;
	hf_basic_time(ms, text);
	json_text(w, key, text);
}

static hf_status print_group(void *ctx, const char *group_id, int64_t permissions)
{
	struct json_writer *w = ctx;

	json_open_array(w, group_id);
	for (unsigned bit = 0; bit < APP_PERMISSION_COUNT; bit++)
		if ((uint64_t)permissions & UINT64_C(1) << bit)
			json_text(w, NULL, app_permission_name(bit));
	json_close_array(w);
	return HF_SUCCESS;
}

static void print_stored(struct json_writer *w, const char *key, const char *json,
                         const char *otherwise)
{
	json_raw(w, key, hf_span_text(json[0] ? json : otherwise));
}

const char *app_auth_type(const struct app_row *app)
{
	return app->certificate_kind ? "All" : app_credential_name(app->credential_kind);
}

static void print_ways(struct json_writer *w, const struct app_row *app)
{
	const char *main = app_credential_name(app->credential_kind);

	json_text(w, "auth_type", app_auth_type(app));
	if (!app->certificate_kind)
		return;
	json_open_array(w, "auth_type_all");
	json_text(w, NULL, app_credential_name(app->certificate_kind));
	json_text(w, NULL, main);
	json_close_array(w);
}

hf_status app_print(struct db *db, const struct app_row *app, const char *key,
                    struct json_writer *w)
{
	json_open_object(w, key);
	print_uuid(w, "acct_id", app->org_id);
	print_uuid(w, "app_id", app->id);
	json_text(w, "name", app->name);
	json_text_if(w, "description", app->description);
	json_text(w, "app_type", app->app_type);
	json_text_if(w, "interface", app->interface);
	json_text(w, "role", app->admin ? "admin" : "crypto");
	print_ways(w, app);
	json_bool(w, "enabled", app->active);
	json_bool(w, "legacy_access", false);
	json_text_if(w, "default_group", app->default_group);
	print_stored(w, "ip_address_policy", app->ip_policy, "\"allow_all\"");
	print_stored(w, "client_configurations", app->client_configurations, "{}");
	json_raw(w, "last_operations", hf_span_text("{}"));
	print_principal(w, "creator", app->created_by);
	print_time(w, "created_at", app->created_ms);
	print_time(w, "lastused_at", app->last_used_ms);
	print_time(w, "cert_not_after", 1000 * app->certificate_until_s);
	if (hf_wall_ms() < app->previous_until_ms)
		print_time(w, "previous_credential_valid_until", app->previous_until_ms);
	json_open_object(w, "groups");
	HF_TRY(app_group_rows_list(db, app->id, print_group, w));
	json_close_object(w);
	json_close_object(w);
	return HF_SUCCESS;
}
