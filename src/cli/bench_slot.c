/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_slot.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/remote/command.h"
#include "hsmhost/task.h"
#include "p11/slot.h"

#include <stdio.h>
#include <string.h>

#define ADMIN "bench@example.com"
#define PASSWORD "a password for one benchmark"

enum { BODY_MAX = 1 << 20 };

static hf_status find_number(const struct hsmhost_config *config, uint64_t *ret, struct hf_err *err)
{
	HF_FREE struct hsmhost_tokens *tokens = calloc(1, sizeof(*tokens));
	struct slot_selector selector;
	size_t found = 0;

	HF_ENSURE(tokens, HF_NOMEM);
	HF_TRY(slot_selector_parse(config->setup.slot, &selector, err));
	HF_TRY(hsmhost_list_tokens(config, tokens, err));
	for (size_t i = 0; i < tokens->n; i++) {
		struct p11_token t = { .slot = tokens->list[i].slot };

		memcpy(t.label, tokens->list[i].label, sizeof(t.label));
		memcpy(t.serial, tokens->list[i].serial, sizeof(t.serial));
		memcpy(t.model, tokens->list[i].model, sizeof(t.model));
		memcpy(t.manufacturer, tokens->list[i].manufacturer, sizeof(t.manufacturer));
		if (!slot_selector_matches(&selector, &t))
			continue;
		*ret = tokens->list[i].slot;
		found++;
	}
	if (found != 1)
		return hf_fail(err, HF_INVALID, "--slot has to name one token: %zu match", found);
	return HF_SUCCESS;
}

static hf_status log_in(struct bench_slot *s, struct hf_err *err)
{
	const struct server_crypto_admin admin = { .db = s->rig->server_db,
		                                   .email = ADMIN,
		                                   .password = PASSWORD };
	char id[64];
	char endpoint[64];
	struct remote_options o = { .endpoint = endpoint,
		                    .ca = s->rig->path[RIG_CA],
		                    .user = ADMIN };

	snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%u", s->rig->crypto_port);
	HF_TRY(server_make_crypto_admin(&admin, id, err));
	HF_TRY(hf_secret_copy(PASSWORD, strlen(PASSWORD), &o.password));
	return remote_open(&o, &s->admin, err);
}

/* One request as JSON; a member of the answer. */
static hf_status ask(struct remote *r, const char *method, const char *path, struct hf_buf *body,
                     const char *member, char ret[64], struct hf_err *err)
{
	JSON_SCOPED struct json_t *answer = NULL;
	const char *text;

	HF_TRY(hf_buf_status(body));
	HF_TRY(hf_context(err, remote_call(r, method, path, hf_buf_span(body), &answer, err), "%s",
	                  path));
	if (!member)
		return HF_SUCCESS;
	text = answer ? json_member_text(answer, member) : NULL;
	if (!text)
		return hf_fail(err, HF_IO, "%s: the answer has no %s", path, member);
	snprintf(ret, 64, "%s", text);
	return HF_SUCCESS;
}

static hf_status make_group(struct bench_slot *s, const struct hsmhost_config *config,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(BODY_MAX);
	struct json_writer w = JSON_WRITER(&body);
	char url[64];
	hf_status status;

	snprintf(url, sizeof(url), "127.0.0.1:%u", s->rig->gateway_port);
	json_open_object(&w, NULL);
	json_text(&w, "name", "bench");
	json_open_array(&w, "add_hmg");
	json_open_object(&w, NULL);
	json_text(&w, "kind", "Pkcs11");
	json_text(&w, "url", url);
	json_int(&w, "slot", (int64_t)s->number);
	json_span(&w, "pin", HF_SPAN(config->setup.pin.ptr, config->setup.pin.len));
	json_open_object(&w, "tls");
	json_text(&w, "mode", "required");
	json_bool(&w, "validate_hostname", true);
	json_open_object(&w, "ca");
	HF_TRY(remote_write_pem(&w, "pinned", s->rig->path[RIG_CA], true, err));
	json_close_object(&w);
	HF_TRY(remote_write_pem(&w, "client_cert", s->rig->path[RIG_DRIVER_CERT], false, err));
	HF_TRY(remote_write_pem(&w, "client_key", s->rig->path[RIG_DRIVER_KEY], false, err));
	json_close_object(&w);
	json_close_object(&w);
	json_close_array(&w);
	json_close_object(&w);
	status = ask(s->admin, "POST", "/sys/v1/groups", &body, "group_id", s->group, err);
	hf_wipe(body.ptr, body.len);
	return status;
}

static hf_status open_session(struct bench_slot *s, const char *secret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf pair = HF_BUF(1024), text = HF_BUF(2048), body = HF_BUF(16);
	char endpoint[64], token[64];
	struct remote_options o = { .endpoint = endpoint, .ca = s->rig->path[RIG_CA] };

	snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%u", s->rig->crypto_port);
	hf_buf_printf(&pair, "%s:%s", s->app_id, secret);
	hf_buf_base64(&text, hf_buf_span(&pair));
	HF_TRY(hf_buf_status(&text));
	HF_TRY(hf_secret_copy(text.ptr, text.len, &o.api_key));
	HF_TRY(remote_open(&o, &s->app, err));
	hf_buf_text(&body, "{}");
	HF_TRY(ask(s->app, "POST", "/sys/v1/session/auth", &body, "access_token", token, err));
	snprintf(s->authorization, sizeof(s->authorization), "Bearer %s", token);
	return HF_SUCCESS;
}

static hf_status make_app(struct bench_slot *s, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4096);
	JSON_SCOPED struct json_t *answer = NULL;
	const struct json_t *credential;
	const char *secret;
	char path[128];

	hf_buf_printf(&body,
	              "{\"name\":\"bench\",\"default_group\":\"%s\",\"add_groups\":{\"%s\":["
	              "\"SIGN\",\"VERIFY\",\"ENCRYPT\",\"DECRYPT\",\"MANAGE\"]}}",
	              s->group, s->group);
	HF_TRY(ask(s->admin, "POST", "/sys/v1/apps", &body, "app_id", s->app_id, err));
	snprintf(path, sizeof(path), "/sys/v1/apps/%s/credential", s->app_id);
	HF_TRY(remote_call(s->admin, "GET", path, HF_SPAN(NULL, 0), &answer, err));
	credential = answer ? json_member(answer, "credential") : NULL;
	secret = credential ? json_member_text(credential, "secret") : NULL;
	if (!secret)
		return hf_fail(err, HF_IO, "the app has no API key");
	return open_session(s, secret, err);
}

static hf_status make_key(struct bench_slot *s, const char *name, const char *what, char ret[64],
                          struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4096);

	hf_buf_printf(&body, "{\"name\":\"%s\",\"group_id\":\"%s\",%s}", name, s->group, what);
	return ask(s->app, "POST", "/crypto/v1/keys", &body, "kid", ret, err);
}

hf_status bench_slot_connect(const struct rig *rig, const struct hsmhost_config *config,
                             struct bench_slot *s, struct hf_err *err)
{
	s->rig = rig;
	s->config = config;
	HF_TRY(find_number(config, &s->number, err));
	HF_TRY(log_in(s, err));
	return make_group(s, config, err);
}

hf_status bench_slot_open(const struct rig *rig, const struct hsmhost_config *config,
                          struct bench_slot *s, struct hf_err *err)
{
	HF_TRY(bench_slot_connect(rig, config, s, err));
	HF_TRY(make_app(s, err));
	HF_TRY(make_key(s, "bench-ec", "\"obj_type\":\"EC\",\"elliptic_curve\":\"NistP256\"", s->ec,
	                err));
	HF_TRY(make_key(s, "bench-unlogged",
	                "\"obj_type\":\"EC\",\"elliptic_curve\":\"NistP256\",\"key_ops\":[\"SIGN\","
	                "\"VERIFY\",\"HIGHVOLUME\"]",
	                s->unlogged, err));
	return make_key(s, "bench-aes", "\"obj_type\":\"AES\",\"key_size\":256", s->aes, err);
}

void bench_slot_close(struct bench_slot *s)
{
	remote_close(s->app);
	remote_close(s->admin);
	hf_wipe(s->authorization, sizeof(s->authorization));
	*s = (struct bench_slot){ 0 };
}

hf_status bench_slot_fill(struct bench_slot *s, int64_t n, struct hf_err *err)
{
	char name[64], kid[64];

	for (int64_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "bench-fill-%lld", (long long)i);
		HF_TRY(make_key(s, name, "\"obj_type\":\"AES\",\"key_size\":256", kid, err));
	}
	return HF_SUCCESS;
}

hf_status bench_slot_sync(struct bench_slot *s, int64_t *ret_new, double *ret_seconds,
                          struct hf_err *err)
{
	JSON_SCOPED struct json_t *made = NULL;
	char path[160];
	int64_t began;

	snprintf(path, sizeof(path), "/sys/v1/groups/%s/hmg/scan", s->group);
	began = hf_mono_us();
	HF_TRY(remote_call(s->admin, "POST", path, HF_SPAN("{}", 2), &made, err));
	*ret_seconds = (double)(hf_mono_us() - began) / 1e6;
	*ret_new = (int64_t)json_count(made);
	return HF_SUCCESS;
}
