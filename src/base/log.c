/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 16384 };

static struct {
	const char *role;
	enum hf_log_level least;
	bool json;
} setup = { .role = "holdfast", .least = HF_LOG_INFO, .json = true };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void hf_log_setup(const char *role, enum hf_log_level least, enum hf_log_format format)
{
	setup.role = role;
	setup.least = least;
	setup.json = format == HF_LOG_JSON || (format == HF_LOG_AUTO && !isatty(STDERR_FILENO));
}

hf_status hf_log_parse_level(const char *text, enum hf_log_level *ret)
{
	for (size_t i = 0; i < HF_COUNT(level_names); i++)
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum hf_log_level)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_INVALID);
}

bool hf_log_wants(enum hf_log_level level)
{
	return level >= setup.least;
}

static void json_char(struct hf_buf *b, uint8_t c)
{
	if (c == '"' || c == '\\') {
		hf_buf_u8(b, '\\');
		hf_buf_u8(b, c);
	} else if (c < 0x20 || c == 0x7f) {
		hf_buf_printf(b, "\\u%04x", c);
	} else {
		hf_buf_u8(b, c);
	}
}

void hf_buf_json_string(struct hf_buf *b, struct hf_span text)
{
	size_t i = 0;

	hf_buf_u8(b, '"');
	while (i < text.len) {
		size_t plain = i, n;

		while (plain < text.len && text.ptr[plain] >= 0x20 && text.ptr[plain] < 0x7f &&
		       text.ptr[plain] != '"' && text.ptr[plain] != '\\')
			plain++;
		hf_buf_put(b, text.ptr + i, plain - i);
		i = plain;
		if (i == text.len)
			break;
		n = hf_utf8_at(text.ptr + i, text.len - i);
		if (n > 1)
			hf_buf_put(b, text.ptr + i, n);
		else if (n == 1)
			json_char(b, text.ptr[i]);
		else
			hf_buf_text(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	hf_buf_u8(b, '"');
}

static void json_line(struct hf_buf *b, const char *when, enum hf_log_level level,
                      const char *message, const struct hf_kv *kv, size_t n)
{
	hf_buf_printf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%s\",\"message\":", when,
	              level_names[level], setup.role);
	hf_buf_json_string(b, hf_span_text(message));
	for (size_t i = 0; i < n; i++) {
		if (!kv[i].key)
			continue;
		hf_buf_printf(b, ",\"%s\":", kv[i].key);
		if (kv[i].text)
			hf_buf_json_string(b, hf_span_text(kv[i].text));
		else
			hf_buf_printf(b, "%lld", (long long)kv[i].number);
	}
	hf_buf_text(b, "}\n");
}

static void text_line(struct hf_buf *b, const char *when, enum hf_log_level level,
                      const char *message, const struct hf_kv *kv, size_t n)
{
	hf_buf_printf(b, "%.12s %-5s %s", when + 11, level_names[level], message);
	for (size_t i = 0; i < n; i++) {
		if (!kv[i].key)
			continue;
		hf_buf_printf(b, "  %s=", kv[i].key);
		if (!kv[i].text)
			hf_buf_printf(b, "%lld", (long long)kv[i].number);
		else if (kv[i].text[strcspn(kv[i].text, " \"\\\n\t\r\033")])
			hf_buf_json_string(
			        b,
			        hf_span_text(kv[i].text)); /* also keeps escapes off the terminal */
		else
			hf_buf_text(b, kv[i].text);
	}
	hf_buf_text(b, "\n");
}

void hf_log(enum hf_log_level level, const char *message, const struct hf_kv *kv, size_t n)
{
	HF_BUF_SCOPED struct hf_buf line = HF_BUF(LINE_MAX_BYTES);
	char when[HF_ISO_LEN];
	int saved = errno;
	ssize_t written;

	if (!hf_log_wants(level))
		return;
	hf_iso_time(hf_wall_ms(), when);
	(setup.json ? json_line : text_line)(&line, when, level, message, kv, n);
	if (line.failed != HF_OK && line.len) /* cut off, but still one line */
		line.ptr[line.len - 1] = '\n';
	do {
		written = write(STDERR_FILENO, line.ptr, line.len);
	} while (written < 0 && errno == EINTR);
	errno = saved;
}
