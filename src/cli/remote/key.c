/* SPDX-License-Identifier: Apache-2.0
 * holdfast key …: security objects and their lives. */
#include "cli/remote/command.h"

#include "base/text.h"
#include "os/secretfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct table_column list_columns[] = {
	{ "NAME", "name" },     { "TYPE", "obj_type" },
	{ "BITS", "key_size" }, { "CURVE", "elliptic_curve" },
	{ "STATE", "state" },   { "HSM", "external?" },
	{ "ID", "kid" },
};

static const struct table_column show_columns[] = {
	{ "name", "name" },
	{ "id", "kid" },
	{ "group", "group_id" },
	{ "type", "obj_type" },
	{ "bits", "key_size" },
	{ "curve", "elliptic_curve" },
	{ "may", "key_ops" },
	{ "state", "state" },
	{ "enabled", "enabled" },
	{ "description", "description" },
	{ "origin", "origin" },
	{ "made", "created_at" },
	{ "last used", "lastused_at" },
	{ "active from", "activation_date" },
	{ "active until", "deactivation_date" },
	{ "in the HSM: CKA_ID (base64)", "external.id.id" },
	{ "in the HSM: CKA_LABEL (base64)", "external.id.label" },
	{ "replaced by", "links.replacement" },
	{ "replaces", "links.replaced" },
	{ "check value", "kcv" },
	{ "rotation", "rotation_policy" },
	{ "revoked", "revocation_reason" },
	{ "public key (base64 DER)", "pub_key" },
};

enum {
	NAME,
	GROUP,
	TYPE,
	SIZE,
	CURVE,
	OPS,
	DESCRIPTION,
	FILE_IN,
	FROM,
	UNTIL,
	ROTATION,
	FPE,
	ENABLED,
	LIMIT,
	REASON_CODE,
};

/* Letters, digits and what RFC 3986 leaves as it is. */
static void put_query(struct hf_buf *to, const char *name, const char *value)
{
	if (!value)
		return;
	hf_buf_printf(to, "%s%s=", to->len ? "&" : "", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (isalnum(c) || strchr("-._~", c))
			hf_buf_u8(to, c);
		else
			hf_buf_printf(to, "%%%02X", c);
	}
}

static hf_status list_query(struct remote *r, const struct remote_config *o, struct hf_buf *to,
                            struct hf_err *err)
{
	char group[64];

	if (o->text[GROUP]) {
		HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[GROUP], group, err));
		put_query(to, "group_id", group);
	}
	put_query(to, "name", o->text[NAME]);
	put_query(to, "obj_type", o->text[TYPE]);
	put_query(to, "limit", o->text[LIMIT]);
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_list_options[] = {
	REMOTE_OPTION(GROUP, "group", "GROUP", "of this group only"),
	REMOTE_OPTION(TYPE, "type", "TYPE", "of this type only: AES, RSA, EC, HMAC, …"),
	REMOTE_OPTION(NAME, "name", "NAME", "of this name only"),
	REMOTE_OPTION(LIMIT, "limit", "N", "at most so many (1000)"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_key_list_request = {
	.command = "key list",
	.path = "/crypto/v1/keys",
	.query = list_query,
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_key_list, "key list", NULL, "list keys and other security objects", NULL);

static hf_status kid_of(struct remote *r, const struct remote_config *o, const char *id,
                        struct json_writer *w, struct hf_err *err)
{
	json_text(w, "kid", id);
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_key_show_request = {
	.command = "key show",
	.method = "POST",
	.path = "/crypto/v1/keys/info",
	.subject = SUBJECT_KEY,
	.more = kid_of,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_key_show, "key show", "KEY", "show a key", NULL);

#define KEY_OPTIONS                                                                                \
	REMOTE_OPTION(OPS, "ops", "LIST",                                                          \
	              "what it may be used for: SIGN, VERIFY, ENCRYPT, DECRYPT, WRAPKEY, "         \
	              "UNWRAPKEY, DERIVEKEY, AGREEKEY, MACGENERATE, MACVERIFY, EXPORT, with "      \
	              "commas between"),                                                           \
	        REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "what it is for"),               \
	        REMOTE_OPTION(FROM, "active-from", "TIME", "not to be used before (UTC)"),         \
	        REMOTE_OPTION(UNTIL, "active-until", "TIME", "deactivated then, by itself (UTC)"), \
	        REMOTE_OPTION(ROTATION, "rotation-policy", "JSON",                                 \
	                      "file with when it is rotated by itself, or remove")

static const struct remote_field make_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "group_id", GROUP, REMOTE_GROUP },
	{ "obj_type", TYPE, REMOTE_TEXT },
	{ "key_size", SIZE, REMOTE_NUMBER },
	{ "elliptic_curve", CURVE, REMOTE_TEXT },
	{ "key_ops", OPS, REMOTE_LIST },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "activation_date", FROM, REMOTE_TIME },
	{ "deactivation_date", UNTIL, REMOTE_TIME },
	{ "rotation_policy", ROTATION, REMOTE_JSON },
	{ "fpe", FPE, REMOTE_JSON },
	{ "value", FILE_IN, REMOTE_FILE },
};

#define MAKE_OPTIONS                                                                               \
	REMOTE_OPTION_NEEDED(NAME, "name", "NAME", "its name"),                                    \
	        REMOTE_OPTION(GROUP, "group", "GROUP", "the group it belongs to"),                 \
	        REMOTE_OPTION_NEEDED(TYPE, "type", "TYPE", "AES, RSA, EC, HMAC, DES3, …"),         \
	        REMOTE_OPTION(SIZE, "size", "BITS", "its length, of AES, RSA, HMAC"),              \
	        REMOTE_OPTION(CURVE, "curve", "NAME",                                              \
	                      "of EC: NistP256, NistP384, NistP521, SecP256K1, Ed25519, X25519"),  \
	        KEY_OPTIONS,                                                                       \
	        REMOTE_OPTION(FPE, "fpe", "JSON", "file with the format that it tokenizes (AES)")

static const struct cli_option cmd_key_generate_options[] = { MAKE_OPTIONS, REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_key_generate_request = {
	.command = "key generate",
	.method = "POST",
	.path = "/crypto/v1/keys",
	REMOTE_FIELDS(make_fields),
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_key_generate, "key generate", NULL, "have the HSM make a key", NULL);

static const struct cli_option cmd_key_import_options[] = {
	MAKE_OPTIONS,
	REMOTE_OPTION_NEEDED(FILE_IN, "in", "FILE",
	                     "the key: raw bytes, or DER of a private key (PKCS#8); - is standard "
	                     "input"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_import_request = {
	.command = "key import",
	.method = "PUT",
	.path = "/crypto/v1/keys",
	REMOTE_FIELDS(make_fields),
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_key_import, "key import", NULL, "bring a key into the HSM", NULL);

static const struct remote_field update_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "group_id", GROUP, REMOTE_GROUP },
	{ "key_ops", OPS, REMOTE_LIST },
	{ "enabled", ENABLED, REMOTE_YESNO },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "activation_date", FROM, REMOTE_TIME },
	{ "deactivation_date", UNTIL, REMOTE_TIME },
	{ "rotation_policy", ROTATION, REMOTE_JSON },
};
static const struct cli_option cmd_key_update_options[] = {
	REMOTE_OPTION(NAME, "name", "NAME", "another name"),
	REMOTE_OPTION(GROUP, "group", "GROUP", "moves it to this group"),
	REMOTE_OPTION(ENABLED, "enabled", "YES|NO", "whether it may be used at all"),
	KEY_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_update_request = {
	.command = "key update",
	.method = "PATCH",
	.path = "/crypto/v1/keys/{}",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(update_fields),
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_key_update, "key update", "KEY", "change what a key is called and may do", NULL);

/* The API rotates by name, which is what applications go by. */
static const struct remote_field rotate_fields[] = { { "key_ops", OPS, REMOTE_LIST } };
enum { DEACTIVATE };

static hf_status rotate_more(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(256);
	struct json_writer ask = JSON_WRITER(&body);
	JSON_SCOPED struct json_t *key = NULL;
	const char *name;

	json_open_object(&ask, NULL);
	json_text(&ask, "kid", id);
	json_close_object(&ask);
	HF_TRY(remote_call(r, "POST", "/crypto/v1/keys/info", hf_buf_span(&body), &key, err));
	name = key ? json_member_text(key, "name") : NULL;
	if (!name)
		return hf_fail(err, HF_INVALID, "this key has no name: name it first");
	json_text(w, "name", name);
	json_bool(w, "deactivate_rotated_key", o->flag[DEACTIVATE]);
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_rotate_options[] = {
	REMOTE_OPTION(OPS, "ops", "LIST", "what the new one may be used for; otherwise the same"),
	REMOTE_FLAG(DEACTIVATE, "deactivate", "the old one is deactivated"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_rotate_request = {
	.command = "key rotate",
	.method = "POST",
	.path = "/crypto/v1/keys/rekey",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(rotate_fields),
	.more = rotate_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_key_rotate, "key rotate", "KEY", "have the HSM make a new key in a key's place",
               "The new key takes the name over; the old one stays, under another name, for what "
               "it has encrypted.");

#define KEY_ACTION(symbol, word, method_, suffix, summary, said, details)                          \
	static const struct cli_option symbol##_options[] = { REMOTE_OPTIONS_ASK };                \
	static const struct remote_request symbol##_request = {                                    \
		.command = "key " word,                                                            \
		.method = method_,                                                                 \
		.path = "/crypto/v1/keys/{}" suffix,                                               \
		.subject = SUBJECT_KEY,                                                            \
		.done = said,                                                                      \
	};                                                                                         \
	REMOTE_COMMAND(symbol, "key " word, "KEY", summary, details)

KEY_ACTION(cmd_key_activate, "activate", "POST", "/activate", "let a key be used from now on",
           "The key is active.", NULL);
KEY_ACTION(cmd_key_destroy, "destroy", "POST", "/destroy",
           "destroy a key's material; what is known of it stays readable", "The key is destroyed.",
           NULL);
KEY_ACTION(cmd_key_delete, "delete", "DELETE", "", "delete a key", "The key is deleted.",
           "In a group whose changes are not applied to the HSM, the key in the slot stays there: "
           "only the virtual key goes.");
KEY_ACTION(cmd_key_drop_private, "drop-private", "DELETE", "/private",
           "remove the private half of a pair", "The private half is gone.", NULL);

static const struct remote_field revoke_fields[] = {
	{ "code", REASON_CODE, REMOTE_TEXT },
	{ "message", DESCRIPTION, REMOTE_TEXT },
};
static const struct cli_option cmd_key_deactivate_options[] = {
	{ .name = "code",
	  .metavar = "CODE",
	  .type = CLI_TEXT,
	  .offset = offsetof(struct remote_config, text[REASON_CODE]),
	  .fallback = "Unspecified",
	  .help = "why: Unspecified, KeyCompromise, CACompromise, AffiliationChanged, Superseded, "
	          "CessationOfOperation, PrivilegeWithdrawn; with KeyCompromise the key counts as "
	          "compromised" },
	REMOTE_OPTION(DESCRIPTION, "message", "TEXT", "for the record"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_deactivate_request = {
	.command = "key deactivate",
	.method = "POST",
	.path = "/crypto/v1/keys/{}/revoke",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(revoke_fields),
	.done = "The key is deactivated: it decrypts and verifies, and makes nothing new.",
};
REMOTE_COMMAND(cmd_key_deactivate, "key deactivate", "KEY", "let a key make nothing new any more",
               NULL);

/* A value goes to a file that nobody else may read, or to standard output. */
static hf_status write_secret(const char *path, const char *base64, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(REMOTE_REPLY_MAX);
	bool output = strcmp(path, "-") == 0;
	int fd = output ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = -1;

	if (fd < 0)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	if (hf_ok(hf_unbase64(hf_span_text(base64), &bytes)))
		n = write(fd, bytes.ptr, bytes.len);
	if (!output && close(fd) != 0)
		n = -1;
	hf_wipe(bytes.ptr, bytes.len);
	if (n < 0 || (size_t)n != bytes.len)
		return hf_fail(err, HF_IO, "%s cannot be written", path);
	return HF_SUCCESS;
}

static hf_status print_value(struct remote *r, const struct remote_config *o,
                             const struct json_t *key, struct hf_err *err)
{
	const char *value = json_member_text(key, "value");

	if (!value)
		return hf_fail(err, HF_IO, "the server's answer has no value");
	return write_secret(o->text[FILE_IN], value, err);
}

static const struct cli_option cmd_key_export_options[] = {
	REMOTE_OPTION_NEEDED(FILE_IN, "out", "FILE",
	                     "where it goes: a new file that nobody else may read, or -"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_export_request = {
	.command = "key export",
	.method = "POST",
	.path = "/crypto/v1/keys/export",
	.subject = SUBJECT_KEY,
	.more = kid_of,
	.print = print_value,
};
REMOTE_COMMAND(cmd_key_export, "key export", "KEY",
               "take a key out, where key, app and HSM all allow it", NULL);
