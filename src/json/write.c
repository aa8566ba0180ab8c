/* SPDX-License-Identifier: Apache-2.0 */
#include "json/write.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

static void before_value(struct json_writer *w, const char *key)
{
	if (w->comma)
		hf_buf_u8(w->to, ',');
	w->comma = true;
	if (key) {
		hf_buf_json_string(w->to, hf_span_text(key));
		hf_buf_u8(w->to, ':');
	}
}

static void opened(struct json_writer *w, const char *key, char bracket)
{
	before_value(w, key);
	hf_buf_u8(w->to, (uint8_t)bracket);
	w->comma = false;
}

static void closed(struct json_writer *w, char bracket)
{
	hf_buf_u8(w->to, (uint8_t)bracket);
	w->comma = true;
}

void json_open_object(struct json_writer *w, const char *key)
{
	opened(w, key, '{');
}

void json_close_object(struct json_writer *w)
{
	closed(w, '}');
}

void json_open_array(struct json_writer *w, const char *key)
{
	opened(w, key, '[');
}

void json_close_array(struct json_writer *w)
{
	closed(w, ']');
}

void json_text(struct json_writer *w, const char *key, const char *text)
{
	json_span(w, key, hf_span_text(text));
}

void json_text_if(struct json_writer *w, const char *key, const char *text)
{
	if (text && *text)
		json_text(w, key, text);
}

void json_span(struct json_writer *w, const char *key, struct hf_span text)
{
	before_value(w, key);
	hf_buf_json_string(w->to, text);
}

void json_hex(struct json_writer *w, const char *key, const char *prefix, struct hf_span bytes)
{
	before_value(w, key);
	hf_buf_printf(w->to, "\"%s", prefix);
	hf_buf_hex(w->to, bytes);
	hf_buf_u8(w->to, '"');
}

void json_base64(struct json_writer *w, const char *key, struct hf_span bytes)
{
	before_value(w, key);
	hf_buf_u8(w->to, '"');
	hf_buf_base64(w->to, bytes);
	hf_buf_u8(w->to, '"');
}

void json_int(struct json_writer *w, const char *key, int64_t v)
{
	before_value(w, key);
	hf_buf_printf(w->to, "%lld", (long long)v);
}

void json_date(struct json_writer *w, const char *key, int64_t ms)
{
	char text[HF_ISO_LEN];

	if (!ms)
		return;
	hf_iso_time(ms, text);
	json_text(w, key, text);
}

void json_basic_date(struct json_writer *w, const char *key, int64_t ms)
{
	char text[HF_BASIC_LEN];

	if (!ms)
		return;
	hf_basic_time(ms, text);
	json_text(w, key, text);
}

void json_bool(struct json_writer *w, const char *key, bool v)
{
	before_value(w, key);
	hf_buf_text(w->to, v ? "true" : "false");
}

void json_raw(struct json_writer *w, const char *key, struct hf_span json)
{
	before_value(w, key);
	hf_buf_put(w->to, json.ptr, json.len);
}
