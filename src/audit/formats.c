/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/formats.h"

#include "base/clock.h"
#include "json/write.h"

#include <inttypes.h>
#include <string.h>

#define SYSLOG_FACILITY 13 /* log audit */
#define SYSLOG_NOTICE 5
#define SYSLOG_WARNING 4
#define SD_ID "holdfast@32473" /* the enterprise number that RFC 5612 keeps for documentation */
#define OCSF_API_ACTIVITY 6003

hf_status audit_format_parse(const char *text, enum audit_format *ret)
{
	static const char *const names[] = { "rfc5424", "cef", "ocsf" };

	for (size_t i = 0; i < HF_COUNT(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum audit_format)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

/* Each of `special` gets a backslash; what is no printable character becomes a space. */
static void put_escaped(struct hf_buf *to, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			hf_buf_u8(to, '\\');
		hf_buf_u8(to, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : (uint8_t)*text);
	}
}

struct pair {
	const char *name, *value; /* NULL: left out */
};

static void put_cef(struct hf_buf *to, const struct entry *e, uint64_t leaf)
{
	const struct pair pairs[] = {
		{ "suid", e->identity_id },
		{ "suser", e->name },
		{ "src", e->address },
		{ "requestMethod", e->method },
		{ "request", e->path },
		{ "act", e->operation },
		{ "outcome", e->outcome },
		{ "reason", e->reason },
		{ "externalId", e->id },
		{ "cs1", e->org_id },
		{ "cs1Label", "organisation" },
		{ "cs2", e->credential_id },
		{ "cs2Label", e->credential_id ? "credential" : NULL },
		{ "cs3", e->subject_id },
		{ "cs3Label", e->subject_id ? "subject" : NULL },
		{ "cs4", e->token_id },
		{ "cs4Label", e->token_id ? "token" : NULL },
	};
	int64_t ms = 0;

	hf_buf_text(to, "CEF:0|Holdfast|Holdfast|" HF_VERSION "|");
	put_escaped(to, e->operation, "\\|");
	hf_buf_u8(to, '|');
	put_escaped(to, e->operation, "\\|");
	hf_buf_u8(to, ' ');
	put_escaped(to, e->outcome, "\\|");
	hf_buf_printf(to, "|%d|", entry_succeeded(e) ? 3 : 6);
	if (hf_ok(hf_iso_parse(e->time, &ms)))
		hf_buf_printf(to, "rt=%" PRId64 " ", ms);
	for (size_t i = 0; i < HF_COUNT(pairs); i++) {
		if (!pairs[i].value)
			continue;
		hf_buf_printf(to, "%s=", pairs[i].name);
		put_escaped(to, pairs[i].value, "\\=");
		hf_buf_u8(to, ' ');
	}
	hf_buf_printf(to, "cn1=%" PRIu64 " cn1Label=leaf", leaf);
}

/* OCSF's word for what was done. */
static int ocsf_activity(const struct entry *e)
{
	static const struct {
		const char *method;
		int activity;
	} methods[] = { { "POST", 1 }, { "GET", 2 }, { "PUT", 3 }, { "DELETE", 4 } };

	for (size_t i = 0; i < HF_COUNT(methods); i++)
		if (strcmp(entry_text(e->method), methods[i].method) == 0)
			return methods[i].activity;
	return 99; /* other */
}

static void put_actor(struct json_writer *w, const struct entry *e)
{
	json_open_object(w, "actor");
	json_open_object(w, "user");
	json_text_if(w, "uid", e->identity_id);
	json_text_if(w, "name", e->name);
	json_text_if(w, "credential_uid", e->credential_id);
	json_open_object(w, "org");
	json_text(w, "uid", e->org_id);
	json_close_object(w);
	json_close_object(w);
	if (e->token_id) {
		json_open_object(w, "session");
		json_text(w, "uid", e->token_id);
		json_close_object(w);
	}
	json_close_object(w);
}

static void put_request(struct json_writer *w, const struct entry *e)
{
	json_open_object(w, "api");
	json_text(w, "operation", e->operation);
	json_open_object(w, "response");
	json_int(w, "code", e->status);
	json_text_if(w, "message", e->reason);
	json_close_object(w);
	json_close_object(w);
	json_open_object(w, "src_endpoint");
	json_text_if(w, "ip", e->address);
	json_close_object(w);
	if (e->method) {
		json_open_object(w, "http_request");
		json_text(w, "http_method", e->method);
		json_open_object(w, "url");
		json_text_if(w, "path", e->path);
		json_close_object(w);
		json_close_object(w);
	}
	json_open_array(w, "resources");
	if (e->subject_id) {
		json_open_object(w, NULL);
		json_text(w, "uid", e->subject_id);
		json_close_object(w);
	}
	json_close_array(w);
}

static void put_ocsf(struct hf_buf *to, const struct entry *e, uint64_t leaf)
{
	struct json_writer w = JSON_WRITER(to);
	const int activity = ocsf_activity(e);
	const bool good = entry_succeeded(e);
	int64_t ms = 0;

	json_open_object(&w, NULL);
	json_int(&w, "class_uid", OCSF_API_ACTIVITY);
	json_text(&w, "class_name", "API Activity");
	json_int(&w, "category_uid", OCSF_API_ACTIVITY / 1000);
	json_int(&w, "activity_id", activity);
	json_int(&w, "type_uid", OCSF_API_ACTIVITY * 100 + activity);
	json_int(&w, "time", hf_ok(hf_iso_parse(e->time, &ms)) ? ms : 0);
	json_int(&w, "severity_id", good ? 1 : 3);
	json_int(&w, "status_id", good ? 1 : 2);
	json_text(&w, "status", e->outcome);
	json_text_if(&w, "status_detail", e->reason);
	json_open_object(&w, "metadata");
	json_text(&w, "version", "1.1.0");
	json_text(&w, "uid", e->id);
	json_int(&w, "sequence", (int64_t)leaf);
	json_open_object(&w, "product");
	json_text(&w, "name", "Holdfast");
	json_text(&w, "vendor_name", "Holdfast");
	json_text(&w, "version", HF_VERSION);
	json_close_object(&w);
	json_close_object(&w);
	put_actor(&w, e);
	put_request(&w, e);
	json_close_object(&w);
}

static void put_header(struct hf_buf *to, const struct entry *e, const char *host)
{
	hf_buf_printf(to, "<%d>1 ",
	              SYSLOG_FACILITY * 8 + (entry_succeeded(e) ? SYSLOG_NOTICE : SYSLOG_WARNING));
	put_escaped(to, e->time, "");
	hf_buf_printf(to, " %.255s holdfast - audit ", *host ? host : "-");
}

static void put_structured(struct hf_buf *to, const struct entry *e, uint64_t leaf)
{
	const struct pair pairs[] = {
		{ "id", e->id },
		{ "org", e->org_id },
		{ "operation", e->operation },
		{ "outcome", e->outcome },
		{ "identity", e->identity_id },
		{ "name", e->name },
		{ "token", e->token_id },
		{ "credential", e->credential_id },
		{ "subject", e->subject_id },
		{ "method", e->method },
		{ "path", e->path },
		{ "reason", e->reason },
		{ "address", e->address },
	};

	hf_buf_printf(to, "[" SD_ID " leaf=\"%" PRIu64 "\"", leaf);
	for (size_t i = 0; i < HF_COUNT(pairs); i++) {
		if (!pairs[i].value)
			continue;
		hf_buf_printf(to, " %s=\"", pairs[i].name);
		put_escaped(to, pairs[i].value, "\"\\]");
		hf_buf_u8(to, '"');
	}
	hf_buf_text(to, "] ");
	put_escaped(to, e->operation, "");
	hf_buf_u8(to, ' ');
	put_escaped(to, e->outcome, "");
	if (e->name) {
		hf_buf_text(to, " by ");
		put_escaped(to, e->name, "");
	}
	if (e->subject_id) {
		hf_buf_text(to, ": ");
		put_escaped(to, e->subject_id, "");
	}
}

hf_status format_entry(struct hf_buf *to, enum audit_format format, const struct entry *e,
                       uint64_t leaf, const char *host)
{
	switch (format) {
	case AUDIT_RFC5424:
		put_header(to, e, host);
		put_structured(to, e, leaf);
		break;
	case AUDIT_CEF:
		put_cef(to, e, leaf);
		break;
	case AUDIT_OCSF:
		put_ocsf(to, e, leaf);
		break;
	}
	return hf_buf_status(to);
}

hf_status format_syslog(struct hf_buf *to, enum audit_format format, const struct entry *e,
                        uint64_t leaf, const char *host)
{
	if (format != AUDIT_RFC5424) {
		put_header(to, e, host);
		hf_buf_text(to, "- ");
	}
	return format_entry(to, format, e, leaf, host);
}
