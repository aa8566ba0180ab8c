/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/command.h"

#include "base/text.h"
#include "base/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (4u << 20)

hf_status remote_file(const char *path, struct hf_buf *to, struct hf_err *err)
{
	bool input = strcmp(path, "-") == 0;
	FILE *f = input ? stdin : fopen(path, "re");
	uint8_t piece[8192];
	size_t n;
	bool failed;

	if (!f)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		hf_buf_put(to, piece, n);
	failed = ferror(f) != 0;
	if (!input)
		fclose(f);
	hf_wipe(piece, sizeof(piece));
	if (failed)
		return hf_fail(err, HF_IO, "%s cannot be read", path);
	if (!hf_ok(hf_buf_status(to)))
		return hf_fail(err, HF_TOOBIG, "%s is too long", path);
	return HF_SUCCESS;
}

static hf_status find_in(const struct json_t *list, const char *name_member, const char *id_member,
                         const char *what, char ret[64])
{
	if (json_value_is(list, JSON_READ_OBJECT))
		list = json_member(list, "items");
	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_member_text(json_element(list, i), name_member);
		const char *id = json_member_text(json_element(list, i), id_member);

		if (name && id && strcmp(name, what) == 0) {
			snprintf(ret, 64, "%s", id);
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_NOTFOUND);
}

static hf_status find_by_list(struct remote *r, const char *path, const char *kind,
                              const char *name_member, const char *id_member, const char *what,
                              char ret[64], struct hf_err *err)
{
	JSON_SCOPED struct json_t *list = NULL;

	HF_TRY(remote_call(r, "GET", path, HF_SPAN(NULL, 0), &list, err));
	if (!hf_ok(find_in(list, name_member, id_member, what, ret)))
		return hf_fail(err, HF_NOTFOUND, "there is no %s \"%s\", or it is not yours to see",
		               kind, what);
	return HF_SUCCESS;
}

static hf_status find_key(struct remote *r, const char *name, char ret[64], struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4096);
	struct json_writer w = JSON_WRITER(&body);
	JSON_SCOPED struct json_t *key = NULL;
	const char *kid;

	json_open_object(&w, NULL);
	json_text(&w, "name", name);
	json_close_object(&w);
	HF_TRY(remote_call(r, "POST", "/crypto/v1/keys/info", hf_buf_span(&body), &key, err));
	kid = key ? json_member_text(key, "kid") : NULL;
	if (!kid)
		return hf_fail(err, HF_IO, "the server's answer names no key");
	snprintf(ret, 64, "%s", kid);
	return HF_SUCCESS;
}

static hf_status own_account(struct remote *r, char ret[64], struct hf_err *err)
{
	JSON_SCOPED struct json_t *list = NULL;
	const char *id;

	HF_TRY(remote_call(r, "GET", "/sys/v1/accounts", HF_SPAN(NULL, 0), &list, err));
	id = json_member_text(json_element(list, 0), "acct_id");
	if (!id)
		return hf_fail(err, HF_IO, "the server's answer names no account");
	snprintf(ret, 64, "%s", id);
	return HF_SUCCESS;
}

hf_status remote_resolve(struct remote *r, enum remote_subject subject, const char *what,
                         char ret[64], struct hf_err *err)
{
	if (subject == SUBJECT_ACCOUNT)
		return own_account(r, ret, err);
	if (hf_uuid_valid(what)) {
		snprintf(ret, 64, "%s", what);
		return HF_SUCCESS;
	}
	switch (subject) {
	case SUBJECT_GROUP:
		return find_by_list(r, "/sys/v1/groups", "group", "name", "group_id", what, ret,
		                    err);
	case SUBJECT_APP:
		return find_by_list(r, "/sys/v1/apps", "app", "name", "app_id", what, ret, err);
	case SUBJECT_USER:
		return find_by_list(r, "/sys/v1/users", "user", "user_email", "user_id", what, ret,
		                    err);
	case SUBJECT_KEY:
		return find_key(r, what, ret, err);
	case SUBJECT_NONE:
	case SUBJECT_ACCOUNT:
	case SUBJECT_ID:
		break;
	}
	return hf_fail(err, HF_INVALID, "\"%s\" is no id (a UUID)", what);
}

static bool digits(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == '9' ? !isdigit((unsigned char)*text) : *text != *shape)
			return false;
	return *text == 0;
}

static hf_status resolve_time(const char *text, char ret[17], struct hf_err *err)
{
	if (digits(text, "99999999T999999Z"))
		snprintf(ret, 17, "%s", text);
	else if (digits(text, "9999-99-99"))
		snprintf(ret, 17, "%.4s%.2s%.2sT000000Z", text, text + 5, text + 8);
	else if (digits(text, "9999-99-99 99:99:99"))
		snprintf(ret, 17, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8, text + 11,
		         text + 14, text + 17);
	else
		return hf_fail(err, HF_INVALID,
		               "\"%s\": give a time in UTC as 2027-01-31 or \"2027-01-31 "
		               "12:00:00\"",
		               text);
	return HF_SUCCESS;
}

static hf_status write_list(struct json_writer *w, const char *member, const char *text)
{
	json_open_array(w, member);
	while (*text) {
		size_t n = strcspn(text, ",");
		char word[64];

		HF_ENSURE(n < sizeof(word), HF_INVALID);
		for (size_t i = 0; i < n; i++)
			word[i] = (char)toupper((unsigned char)text[i]);
		word[n] = 0;
		json_text_if(w, NULL, word);
		text += n + (text[n] == ',');
	}
	json_close_array(w);
	return HF_SUCCESS;
}

static hf_status write_json_file(struct json_writer *w, const char *member, const char *path,
                                 struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(FILE_MAX), compact = HF_BUF(FILE_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	if (strcmp(path, "remove") == 0) {
		json_text(w, member, path);
		return HF_SUCCESS;
	}
	HF_TRY(remote_file(path, &text, err));
	HF_TRY(hf_context(err, json_parse(hf_buf_span(&text), FILE_MAX, &doc, err), "%s", path));
	HF_TRY(json_canonical(doc, &compact));
	json_raw(w, member, hf_buf_span(&compact));
	return HF_SUCCESS;
}

static hf_status write_base64(struct json_writer *w, const char *member, struct hf_span bytes)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(2 * FILE_MAX);

	hf_buf_base64(&text, bytes);
	HF_TRY(hf_buf_status(&text));
	json_span(w, member, hf_buf_span(&text));
	hf_wipe(text.ptr, text.len);
	return HF_SUCCESS;
}

static hf_status write_file(struct json_writer *w, const char *member, const char *path,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(FILE_MAX);
	hf_status s = remote_file(path, &bytes, err);

	if (hf_ok(s))
		s = write_base64(w, member, hf_buf_span(&bytes));
	hf_wipe(bytes.ptr, bytes.len);
	return s;
}

/* No signature is base64 by chance: each of its bytes would have to be one of 64 characters. */
static hf_status write_signature(struct json_writer *w, const char *member, const char *path,
                                 struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf file = HF_BUF(FILE_MAX), bytes = HF_BUF(FILE_MAX);
	struct hf_span text;

	HF_TRY(remote_file(path, &file, err));
	text = hf_buf_span(&file);
	while (text.len && strchr(" \r\n", text.ptr[text.len - 1]))
		text.len--;
	if (text.len && hf_ok(hf_unbase64(text, &bytes)))
		return write_base64(w, member, hf_buf_span(&bytes));
	return write_base64(w, member, hf_buf_span(&file));
}

static hf_status write_number(struct json_writer *w, const char *member, const char *text,
                              struct hf_err *err)
{
	int64_t v;

	if (!hf_ok(hf_parse_i64(text, INT64_MIN, INT64_MAX, &v)))
		return hf_fail(err, HF_INVALID, "%s: \"%s\" is no whole number", member, text);
	json_int(w, member, v);
	return HF_SUCCESS;
}

static hf_status write_yesno(struct json_writer *w, const char *member, const char *text,
                             struct hf_err *err)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return hf_fail(err, HF_INVALID, "%s: \"%s\" is neither yes nor no", member, text);
	json_bool(w, member, yes);
	return HF_SUCCESS;
}

hf_status remote_field_write(struct remote *r, const struct remote_config *o,
                             const struct remote_field *field, struct json_writer *w,
                             struct hf_err *err)
{
	const char *text = o->text[field->at];
	char resolved[64];

	if (!text)
		return HF_SUCCESS;
	switch (field->kind) {
	case REMOTE_TEXT:
		json_text(w, field->member, text);
		return HF_SUCCESS;
	case REMOTE_NUMBER:
		return write_number(w, field->member, text, err);
	case REMOTE_YESNO:
		return write_yesno(w, field->member, text, err);
	case REMOTE_LIST:
		return write_list(w, field->member, text);
	case REMOTE_JSON:
		return write_json_file(w, field->member, text, err);
	case REMOTE_FILE:
		return write_file(w, field->member, text, err);
	case REMOTE_SIGNATURE:
		return write_signature(w, field->member, text, err);
	case REMOTE_STRING:
		return write_base64(w, field->member, hf_span_text(text));
	case REMOTE_GROUP:
		HF_TRY(remote_resolve(r, SUBJECT_GROUP, text, resolved, err));
		json_text(w, field->member, resolved);
		return HF_SUCCESS;
	case REMOTE_TIME:
		HF_TRY(resolve_time(text, resolved, err));
		json_text(w, field->member, resolved);
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status remote_write_pem(struct json_writer *w, const char *member, const char *path, bool all,
                           struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1u << 20);
	const char *at;
	size_t n = 0;

	HF_TRY(remote_file(path, &text, err));
	hf_buf_u8(&text, 0);
	HF_TRY(hf_buf_status(&text));
	if (all)
		json_open_array(w, member);
	for (at = (const char *)text.ptr; (at = strstr(at, "-----BEGIN ")) != NULL; n++) {
		HF_BUF_SCOPED struct hf_buf base64 = HF_BUF(1u << 20);
		const char *from = strchr(at, '\n'), *end = strstr(at, "-----END ");

		if (!from || !end || (!all && n))
			break;
		for (; from < end; from++)
			if (*from != '\n' && *from != '\r')
				hf_buf_u8(&base64, (uint8_t)*from);
		HF_TRY(hf_buf_status(&base64));
		json_span(w, all ? NULL : member, hf_buf_span(&base64));
		hf_wipe(base64.ptr, base64.len);
		at = end + 1;
	}
	if (all)
		json_close_array(w);
	hf_wipe(text.ptr, text.len);
	return n ? HF_SUCCESS : hf_fail(err, HF_INVALID, "%s has nothing in PEM", path);
}

hf_status remote_group_list(struct remote *r, const struct remote_config *o, struct json_writer *w,
                            const char *member, unsigned group_at, unsigned list_at,
                            struct hf_err *err)
{
	char group[64];
	const struct remote_field list = { group, list_at, REMOTE_LIST };

	if (!o->text[group_at])
		return HF_SUCCESS;
	HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[group_at], group, err));
	json_open_object(w, member);
	HF_TRY(remote_field_write(r, o, &list, w, err));
	json_close_object(w);
	return HF_SUCCESS;
}
