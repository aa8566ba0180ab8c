/* SPDX-License-Identifier: Apache-2.0
 * holdfast group …: groups, their connections to HSM slots, key sync. */
#include "cli/remote/command.h"

#include "base/text.h"
#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

static const struct table_column list_columns[] = {
	{ "NAME", "name" },
	{ "ID", "group_id" },
	{ "DESCRIPTION", "description" },
	{ "CREATED", "created_at" },
};

static const struct table_column show_columns[] = {
	{ "name", "name" },
	{ "id", "group_id" },
	{ "description", "description" },
	{ "created", "created_at" },
	{ "key store", "key_store" },
	{ "order of connections", "hmg_redundancy" },
	{ "changes are made in the HSM too", "hmg_sync" },
	{ "only keys made from here", "hmg_segregation" },
	{ "quorum", "approval_policy" },
	{ "cryptographic policy", "cryptographic_policy" },
};

static const struct table_column link_columns[] = {
	{ "ID", "id" },
	{ "GATEWAY", "url" },
	{ "SLOT", "slot" },
	{ "ORDER", "hsm_order" },
	{ "KIND", "kind" },
	{ "STATE", "connection.state" },
	{ "TOKEN", "connection.token.label" },
	{ "", "connection.message" },
};

static const struct cli_option cmd_group_list_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_list_request = {
	.command = "group list",
	.path = "/sys/v1/groups",
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_group_list, "group list", NULL, "list the groups", NULL);

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

static hf_status print_links(const struct json_t *group)
{
	JSON_SCOPED struct json_t *links = NULL;

	HF_TRY(links_of(group, &links));
	if (json_count(links))
		table_print(links, link_columns, HF_COUNT(link_columns));
	return HF_SUCCESS;
}

static hf_status print_group(struct remote *r, const struct remote_config *o,
                             const struct json_t *group, struct hf_err *err)
{
	table_print_one(group, show_columns, HF_COUNT(show_columns));
	return print_links(group);
}

static const struct cli_option cmd_group_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_show_request = {
	.command = "group show",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_show, "group show", "GROUP",
               "show a group, its policies and its connections", NULL);

/* What create and update have in common. */
enum { NAME, DESCRIPTION, STORE, QUORUM, CRYPTO, APPLY, SEGREGATION, REDUNDANCY };

#define GROUP_OPTIONS                                                                              \
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "what it is for"),                       \
	        REMOTE_OPTION(QUORUM, "approval-policy", "JSON",                                   \
	                      "file with the quorum that guards its keys, or remove"),             \
	        REMOTE_OPTION(CRYPTO, "cryptographic-policy", "JSON",                              \
	                      "file with what its keys may be and do, or remove"),                 \
	        REMOTE_OPTION(APPLY, "apply-to-hsm", "YES|NO",                                     \
	                      "changes of its virtual keys are made to the keys in the HSM too"),  \
	        REMOTE_OPTION(SEGREGATION, "only-own-keys", "YES|NO",                              \
	                      "a sync brings no keys that were made elsewhere"),                   \
	        REMOTE_OPTION(REDUNDANCY, "redundancy", "NAME",                                    \
	                      "PriorityFailover: connections in their order; remove: in any")

static const struct remote_field update_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "approval_policy", QUORUM, REMOTE_JSON },
	{ "cryptographic_policy", CRYPTO, REMOTE_JSON },
	{ "hmg_sync", APPLY, REMOTE_YESNO },
	{ "hmg_segregation", SEGREGATION, REMOTE_YESNO },
	{ "hmg_redundancy", REDUNDANCY, REMOTE_TEXT },
	{ "key_store", STORE, REMOTE_TEXT },
};

static const struct cli_option cmd_group_create_options[] = {
	REMOTE_OPTION_NEEDED(NAME, "name", "NAME", "its name"),
	GROUP_OPTIONS,
	REMOTE_OPTION(STORE, "key-store", "STORE",
	              "the pool of drivers that keeps its keys; without one, the organisation's "
	              "primary store, until the group has connections to a slot"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_create_request = {
	.command = "group create",
	.method = "POST",
	.path = "/sys/v1/groups",
	REMOTE_FIELDS(update_fields),
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_create, "group create", NULL, "make a group",
               "Keys belong to groups. A group keeps them in a pool of drivers, or, once it has a "
               "connection (holdfast group link add), in the slot of an HSM.");

static const struct cli_option cmd_group_update_options[] = {
	REMOTE_OPTION(NAME, "name", "NAME", "another name"),
	GROUP_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_update_request = {
	.command = "group update",
	.method = "PATCH",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.fields = update_fields,
	.n_fields = STORE,
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_update, "group update", "GROUP",
               "change a group's name, policies or key management", NULL);

static const struct cli_option cmd_group_delete_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_group_delete_request = {
	.command = "group delete",
	.method = "DELETE",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.done = "The group is gone.",
};
REMOTE_COMMAND(cmd_group_delete, "group delete", "GROUP", "delete a group that has no keys", NULL);

/* Connections */
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

/* Each connection is tried first: what is shown is how it does now. */
static hf_status print_links_of(struct remote *r, const struct remote_config *o,
                                const struct json_t *group, struct hf_err *err)
{
	const struct json_t *links = json_member(group, "hmg");
	const char *group_id = json_member_text(group, "group_id"), *id;
	JSON_SCOPED struct json_t *now = NULL;
	char path[128], body[96];
	void *at = NULL;

	if (!group_id)
		return hf_fail(err, HF_IO, "the server's answer names no group");
	while (links && (id = json_member_next(links, &at, NULL)) != NULL) {
		JSON_SCOPED struct json_t *nothing = NULL;

		snprintf(path, sizeof(path), "/sys/v1/groups/%.40s/hmg/check", group_id);
		snprintf(body, sizeof(body), "{\"id\":\"%.40s\"}", id);
		hf_ignore(remote_call(r, "POST", path, hf_span_text(body), &nothing, NULL));
	}
	snprintf(path, sizeof(path), "/sys/v1/groups/%.40s", group_id);
	HF_TRY(remote_call(r, "GET", path, HF_SPAN(NULL, 0), &now, err));
	return print_links(now);
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

/* Key sync */
static const struct table_column scan_columns[] = {
	{ "ID", "scan_id" },           { "STARTED", "started_at" },
	{ "FINISHED", "finished_at" }, { "RESULT", "scan_result.$type" },
	{ "DONE", "progress.done" },   { "OF", "progress.total" },
	{ "NEW", "progress.created" }, { "MESSAGE", "scan_result.message" },
};
static const struct table_column new_key_columns[] = {
	{ "NEW KEY", "name" },         { "TYPE", "obj_type" }, { "BITS", "key_size" },
	{ "CURVE", "elliptic_curve" }, { "ID", "kid" },
};

static hf_status print_new_keys(struct remote *r, const struct remote_config *o,
                                const struct json_t *keys, struct hf_err *err)
{
	if (json_count(keys))
		table_print(keys, new_key_columns, HF_COUNT(new_key_columns));
	printf("%zu new keys\n", json_count(keys));
	return HF_SUCCESS;
}

static const struct cli_option cmd_group_sync_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_sync_request = {
	.command = "group sync",
	.method = "POST",
	.path = "/sys/v1/groups/{}/hmg/scan",
	.subject = SUBJECT_GROUP,
	.empty_body = true,
	.print = print_new_keys,
};
REMOTE_COMMAND(cmd_group_sync, "group sync", "GROUP",
               "take the slot's keys over as virtual keys, and wait for it",
               "Keys that are here already keep their permissions. For large slots see: holdfast "
               "group scan.");

static const struct cli_option cmd_group_scan_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_scan_request = {
	.command = "group scan",
	.method = "POST",
	.path = "/sys/v1/groups/{}/hmg/scans",
	.subject = SUBJECT_GROUP,
	.empty_body = true,
	REMOTE_COLUMNS(scan_columns),
};
REMOTE_COMMAND(cmd_group_scan, "group scan", "GROUP", "begin a sync of keys without waiting for it",
               NULL);

static const struct cli_option cmd_group_scans_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_scans_request = {
	.command = "group scans",
	.path = "/sys/v1/groups/{}/hmg/scans",
	.subject = SUBJECT_GROUP,
	.list = true,
	REMOTE_COLUMNS(scan_columns),
};
REMOTE_COMMAND(cmd_group_scans, "group scans", "GROUP",
               "list the last syncs of keys, and how far they are", NULL);
