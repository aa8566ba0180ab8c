/* SPDX-License-Identifier: Apache-2.0
 * holdfast group link …: a group's connections to HSM slots. */
#include "cli/remote/command.h"

#include "base/clock.h"
#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

#define SETTLE_MS 5000
#define LOOK_AGAIN_MS 50

static const struct table_column link_columns[] = {
	{ "ID", "id" },
	{ "GATEWAY", "url" },
	{ "SLOT", "slot" },
	{ "ORDER", "hsm_order" },
	{ "KIND", "connection.kind" },
	{ "STATE", "connection.state" },
	{ "TOKEN", "connection.token.label" },
	{ "", "connection.message" },
};

/* {uuid: link} as an array of links with their ids. */
static hf_status links_of(const struct json_t *group, struct json_t **ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(REMOTE_REPLY_MAX);
	struct json_writer w = JSON_WRITER(&text);
	const struct json_t *links = json_member(group, "hmg");
	struct json_t *link, *value;
	const char *id, *name;
	void *at = NULL, *in;

	json_open_array(&w, NULL);
	while (links && (id = json_member_next(links, &at, &link)) != NULL) {
		json_open_object(&w, NULL);
		json_text(&w, "id", id);
		for (in = NULL; (name = json_member_next(link, &in, &value)) != NULL;) {
			HF_BUF_SCOPED struct hf_buf v = HF_BUF(65536);

			if (strcmp(name, "id") == 0)
				continue;
			if (json_value_is(value, JSON_READ_TEXT)) {
				json_text(&w, name, json_value_text(value));
			} else if (json_value_is(value, JSON_READ_INT)) {
				json_int(&w, name, json_value_int(value));
			} else if (json_value_is(value, JSON_READ_OBJECT)) {
				HF_TRY(json_canonical(value, &v));
				json_raw(&w, name, hf_buf_span(&v));
			}
		}
		json_close_object(&w);
	}
	json_close_array(&w);
	HF_TRY(hf_buf_status(&text));
	return json_parse(hf_buf_span(&text), REMOTE_REPLY_MAX, ret, NULL);
}

hf_status remote_print_links(const struct json_t *group)
{
	JSON_SCOPED struct json_t *links = NULL;

	HF_TRY(links_of(group, &links));
	if (json_count(links))
		table_print(links, link_columns, HF_COUNT(link_columns));
	return HF_SUCCESS;
}

enum {
	LINK,
	GATEWAY,
	SLOT,
	KIND,
	ORDER,
	PIN_FILE,
	CA,
	CLIENT_CERT,
	CLIENT_KEY,
	LINK_TEXTS,
};
enum { ANY_HOST };

#define LINK_OPTIONS                                                                               \
	REMOTE_OPTION(KIND, "kind", "NAME", "of the HSM: Ncipher, Safenet, AwsCloudHsm, Pkcs11"),  \
	        REMOTE_OPTION(ORDER, "order", "N", "its priority: the smallest is used first"),    \
	        REMOTE_OPTION(PIN_FILE, "pin-file", "FILE",                                        \
	                      "file with the slot's PIN, readable by nobody else"),                \
	        REMOTE_OPTION(CA, "gateway-ca", "PEM",                                             \
	                      "authorities that the gateway's certificate must chain to; without " \
	                      "it, the server's system's"),                                        \
	        REMOTE_OPTION(CLIENT_CERT, "client-cert", "PEM",                                   \
	                      "certificate by which the server shows itself to the gateway"),      \
	        REMOTE_OPTION(CLIENT_KEY, "client-key", "PEM", "the private key of that"),         \
	        REMOTE_FLAG(ANY_HOST, "any-host",                                                  \
	                    "do not compare the gateway's name with its certificate")

static hf_status write_tls(struct json_writer *w, const struct remote_config *o, struct hf_err *err)
{
	json_open_object(w, "tls");
	json_text(w, "mode", "required");
	json_bool(w, "validate_hostname", !o->flag[ANY_HOST]);
	json_open_object(w, "ca");
	if (o->text[CA])
		HF_TRY(remote_write_pem(w, "pinned", o->text[CA], true, err));
	else
		json_text(w, "ca_set", "global_roots");
	json_close_object(w);
	if (o->text[CLIENT_CERT])
		HF_TRY(remote_write_pem(w, "client_cert", o->text[CLIENT_CERT], false, err));
	if (o->text[CLIENT_KEY])
		HF_TRY(remote_write_pem(w, "client_key", o->text[CLIENT_KEY], false, err));
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status write_pin(struct json_writer *w, const char *file, struct hf_err *err)
{
	struct hf_secret pin HF_SECRET = { 0 };

	HF_TRY(os_secret_file(file, &pin, err));
	json_span(w, "pin", HF_SPAN(pin.ptr, pin.len));
	return HF_SUCCESS;
}

static hf_status write_link(struct remote *r, const struct remote_config *o, struct json_writer *w,
                            struct hf_err *err)
{
	static const struct remote_field fields[] = {
		{ "url", GATEWAY, REMOTE_TEXT },
		{ "slot", SLOT, REMOTE_NUMBER },
		{ "hsm_order", ORDER, REMOTE_NUMBER },
	};

	json_text(w, "kind", o->text[KIND] ? o->text[KIND] : "Pkcs11");
	for (size_t i = 0; i < HF_COUNT(fields); i++)
		HF_TRY(remote_field_write(r, o, &fields[i], w, err));
	if (o->text[PIN_FILE])
		HF_TRY(write_pin(w, o->text[PIN_FILE], err));
	return write_tls(w, o, err);
}

static hf_status add_link(struct remote *r, const struct remote_config *o, const char *id,
                          struct json_writer *w, struct hf_err *err)
{
	json_open_array(w, "add_hmg");
	json_open_object(w, NULL);
	HF_TRY(write_link(r, o, w, err));
	json_close_object(w);
	json_close_array(w);
	json_text(w, "hmg_redundancy", "PriorityFailover");
	return HF_SUCCESS;
}

static void try_each(struct remote *r, const struct json_t *links, const char *group_id)
{
	char path[128], body[96];
	const char *id;
	void *at = NULL;

	snprintf(path, sizeof(path), "/sys/v1/groups/%.40s/hmg/check", group_id);
	while (links && (id = json_member_next(links, &at, NULL)) != NULL) {
		JSON_SCOPED struct json_t *nothing = NULL;

		snprintf(body, sizeof(body), "{\"id\":\"%.40s\"}", id);
		hf_ignore(remote_call(r, "POST", path, hf_span_text(body), &nothing, NULL));
	}
}

static bool any_unknown(const struct json_t *links)
{
	struct json_t *link;
	void *at = NULL;

	while (links && json_member_next(links, &at, &link) != NULL) {
		const struct json_t *now = json_member(link, "connection");
		const char *state = now ? json_member_text(now, "state") : NULL;

		if (state && strcmp(state, "Unknown") == 0)
			return true;
	}
	return false;
}

/* Each connection is tried first: what is shown is how it does now. The server makes its own
 * connection beside the one that was tried, a moment later perhaps. */
static hf_status print_links_of(struct remote *r, const struct remote_config *o,
                                const struct json_t *group, struct hf_err *err)
{
	const char *group_id = json_member_text(group, "group_id");
	const int64_t until = hf_mono_ms() + SETTLE_MS;
	char path[128];

	if (!group_id)
		return hf_fail(err, HF_IO, "the server's answer names no group");
	try_each(r, json_member(group, "hmg"), group_id);
	snprintf(path, sizeof(path), "/sys/v1/groups/%.40s", group_id);
	for (;;) {
		JSON_SCOPED struct json_t *now = NULL;

		HF_TRY(remote_call(r, "GET", path, HF_SPAN(NULL, 0), &now, err));
		if (!any_unknown(json_member(now, "hmg")) || hf_mono_ms() >= until)
			return remote_print_links(now);
		hf_pause_ms(LOOK_AGAIN_MS);
	}
}

#define LINK_DETAILS                                                                               \
	"GATEWAY is HOST:PORT of a holdfast gateway, or of a load balancer before several. The "   \
	"PIN is kept encrypted, and never shown again."

static const struct cli_option cmd_group_link_add_options[] = {
	REMOTE_OPTION_NEEDED(GATEWAY, "gateway", "HOST:PORT", "where the gateway listens"),
	REMOTE_OPTION_NEEDED(SLOT, "slot", "N", "the slot's number (its PKCS#11 slot id)"),
	LINK_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_link_add_request = {
	.command = "group link add",
	.method = "PATCH",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.more = add_link,
	.print = print_links_of,
};
REMOTE_COMMAND(cmd_group_link_add, "group link add", "GROUP",
               "connect a group to a slot of an HSM, by a gateway", LINK_DETAILS);

static const struct cli_option cmd_group_link_list_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_link_list_request = {
	.command = "group link list",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.print = print_links_of,
};
REMOTE_COMMAND(cmd_group_link_list, "group link list", "GROUP",
               "list a group's connections and how they do", NULL);

static hf_status change_link(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	json_open_object(w, "mod_hmg");
	json_open_object(w, o->text[LINK]);
	HF_TRY(write_link(r, o, w, err));
	json_close_object(w);
	json_close_object(w);
	return HF_SUCCESS;
}

static const struct cli_option cmd_group_link_set_options[] = {
	REMOTE_OPTION_NEEDED(LINK, "link", "ID", "the connection, as `group link list` tells it"),
	REMOTE_OPTION_NEEDED(GATEWAY, "gateway", "HOST:PORT", "where the gateway listens"),
	REMOTE_OPTION_NEEDED(SLOT, "slot", "N", "the slot's number (its PKCS#11 slot id)"),
	LINK_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_link_set_request = {
	.command = "group link set",
	.method = "PATCH",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.more = change_link,
	.print = print_links_of,
};
REMOTE_COMMAND(cmd_group_link_set, "group link set", "GROUP",
               "describe a connection anew; without --pin-file, the PIN stays", LINK_DETAILS);

static hf_status remove_link(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	json_open_array(w, "del_hmg");
	json_text(w, NULL, o->text[LINK]);
	json_close_array(w);
	return HF_SUCCESS;
}

static const struct cli_option cmd_group_link_remove_options[] = {
	REMOTE_OPTION_NEEDED(LINK, "link", "ID", "the connection, as `group link list` tells it"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_link_remove_request = {
	.command = "group link remove",
	.method = "PATCH",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.more = remove_link,
	.print = print_links_of,
};
REMOTE_COMMAND(cmd_group_link_remove, "group link remove", "GROUP", "remove a connection", NULL);

static const struct remote_field test_fields[] = { { "id", LINK, REMOTE_TEXT } };
static const struct cli_option cmd_group_link_test_options[] = {
	REMOTE_OPTION_NEEDED(LINK, "link", "ID", "the connection, as `group link list` tells it"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_group_link_test_request = {
	.command = "group link test",
	.method = "POST",
	.path = "/sys/v1/groups/{}/hmg/check",
	.subject = SUBJECT_GROUP,
	REMOTE_FIELDS(test_fields),
	.done = "Connected.",
};
REMOTE_COMMAND(cmd_group_link_test, "group link test", "GROUP",
               "try a connection, with the PIN that is stored", NULL);
