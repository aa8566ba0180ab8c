/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/defaults.h"

#include "base/log.h"
#include "base/text.h"
#include "os/trustedfile.h"

#include <stdio.h>
#include <string.h>

struct line {
	struct hf_span left;
	unsigned number;
	struct hf_err *err;
};

static int peek(const struct line *l)
{
	return l->left.len ? l->left.ptr[0] : -1;
}

static int take(struct line *l)
{
	int c = peek(l);

	if (c >= 0) {
		l->left.ptr++;
		l->left.len--;
	}
	return c;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct line *l)
{
	while (is_blank(peek(l)))
		take(l);
}

static hf_status wrong(const struct line *l, const char *what)
{
	return hf_fail(l->err, HF_INVALID, "line %u: %s", l->number, what);
}

/* What a shell would make something else of. */
static hf_status check_plain(const struct line *l, int c)
{
	if (c == '$' || c == '`')
		return wrong(l, "$ and ` are not expanded here: write the value itself");
	if (c < 0x20 && c != '\t')
		return wrong(l, "a control character");
	return HF_SUCCESS;
}

static hf_status put(const struct line *l, struct hf_buf *value, int c)
{
	hf_buf_u8(value, (uint8_t)c);
	if (!hf_ok(hf_buf_status(value)))
		return hf_fail(l->err, HF_TOOBIG, "line %u: the value is longer than %zu bytes",
		               l->number, value->max);
	return HF_SUCCESS;
}

static hf_status read_single(struct line *l, struct hf_buf *value)
{
	int c;

	while ((c = take(l)) != '\'') {
		if (c < 0)
			return wrong(l, "a quote (') is not closed");
		if (c < 0x20 && c != '\t')
			return wrong(l, "a control character");
		HF_TRY(put(l, value, c));
	}
	return HF_SUCCESS;
}

static hf_status read_double(struct line *l, struct hf_buf *value)
{
	int c;

	while ((c = take(l)) != '"') {
		if (c < 0)
			return wrong(l, "a quote (\") is not closed");
		if (c == '\\' &&
		    (peek(l) == '"' || peek(l) == '\\' || peek(l) == '$' || peek(l) == '`'))
			c = take(l);
		else
			HF_TRY(check_plain(l, c));
		HF_TRY(put(l, value, c));
	}
	return HF_SUCCESS;
}

static hf_status read_piece(struct line *l, struct hf_buf *value)
{
	int c = take(l);

	if (c == '\'')
		return read_single(l, value);
	if (c == '"')
		return read_double(l, value);
	if (c == '\\') {
		c = take(l);
		if (c < 0x20)
			return wrong(l, "a line cannot be continued here");
		return put(l, value, c);
	}
	HF_TRY(check_plain(l, c));
	if (strchr(";&|<>()", c))
		return wrong(l, "; & | < > ( ) have to be quoted");
	return put(l, value, c);
}

/* Up to the end of the line, or a comment. */
static hf_status read_value(struct line *l, struct hf_buf *value)
{
	while (peek(l) >= 0 && !is_blank(peek(l)))
		HF_TRY(read_piece(l, value));
	skip_blanks(l);
	if (peek(l) >= 0 && peek(l) != '#')
		return wrong(l, "a value with spaces has to be quoted");
	return HF_SUCCESS;
}

static bool is_key_char(int c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static hf_status read_key(struct line *l, char key[DEFAULTS_KEY_MAX])
{
	size_t n = 0;

	while (is_key_char(peek(l), n == 0)) {
		if (n + 1 == DEFAULTS_KEY_MAX)
			return wrong(l, "the name is too long");
		key[n++] = (char)take(l);
	}
	key[n] = 0;
	return n ? HF_SUCCESS : wrong(l, "KEY=value is expected, or a comment (#)");
}

static hf_status set_text(const struct line *l, const char *value, char *to, size_t cap)
{
	if (strlen(value) >= cap)
		return hf_fail(l->err, HF_TOOBIG, "line %u: the value is longer than %zu bytes",
		               l->number, cap - 1);
	snprintf(to, cap, "%s", value);
	return HF_SUCCESS;
}

static hf_status set_port(const struct line *l, const char *value, uint16_t *to)
{
	int64_t port = 0;

	if (value[0] && !hf_ok(hf_parse_i64(value, 1, UINT16_MAX, &port)))
		return wrong(l, "HMG_LISTEN_PORT has to be a port, 1 to 65535");
	*to = (uint16_t)port;
	return HF_SUCCESS;
}

static hf_status set(const struct line *l, const char *key, const char *value,
                     defaults_unknown unknown, void *ctx, struct defaults *to)
{
	if (strcmp(key, "CERT_FILE") == 0)
		return set_text(l, value, to->cert_file, sizeof(to->cert_file));
	if (strcmp(key, "CA_FILE") == 0)
		return set_text(l, value, to->ca_file, sizeof(to->ca_file));
	if (strcmp(key, "PKCS11_LIB_PATH") == 0)
		return set_text(l, value, to->module, sizeof(to->module));
	if (strcmp(key, "HMG_LISTEN_PORT") == 0)
		return set_port(l, value, &to->port);
	unknown(ctx, key, l->number);
	return HF_SUCCESS;
}

static hf_status read_line(struct line *l, defaults_unknown unknown, void *ctx, struct defaults *to)
{
	HF_BUF_SCOPED struct hf_buf value = HF_BUF(DEFAULTS_PATH_MAX);
	char key[DEFAULTS_KEY_MAX];

	skip_blanks(l);
	if (peek(l) < 0 || peek(l) == '#')
		return HF_SUCCESS;
	HF_TRY(read_key(l, key));
	if (strcmp(key, "export") == 0 && is_blank(peek(l))) {
		skip_blanks(l);
		HF_TRY(read_key(l, key));
	}
	if (take(l) != '=')
		return wrong(l, "KEY=value is expected, without spaces around =");
	HF_TRY(read_value(l, &value));
	hf_buf_u8(&value, 0);
	HF_TRY(hf_buf_status(&value));
	return set(l, key, (const char *)value.ptr, unknown, ctx, to);
}

static struct hf_span cut_line(struct hf_span *text)
{
	const uint8_t *end = memchr(text->ptr, '\n', text->len);
	size_t len = end ? (size_t)(end - text->ptr) : text->len;
	struct hf_span line = HF_SPAN(text->ptr, len);

	text->ptr += len + (end ? 1 : 0);
	text->len -= len + (end ? 1 : 0);
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

hf_status defaults_parse(struct hf_span text, defaults_unknown unknown, void *ctx,
                         struct defaults *ret, struct hf_err *err)
{
	struct defaults d = { 0 };
	struct line l = { .err = err };

	if (text.len > DEFAULTS_FILE_MAX)
		return hf_fail(err, HF_TOOBIG, "more than %d bytes", DEFAULTS_FILE_MAX);
	while (text.len) {
		l.number++;
		l.left = cut_line(&text);
		HF_TRY(read_line(&l, unknown, ctx, &d));
	}
	*ret = d;
	return HF_SUCCESS;
}

static void warn_unknown(void *ctx, const char *key, unsigned line)
{
	HF_WARN("a setting that the gateway does not know was passed over",
	        HF_KS("file", (const char *)ctx), HF_KS("key", key), HF_KI("line", line));
}

hf_status defaults_read(const char *path, struct defaults *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(DEFAULTS_FILE_MAX);

	HF_TRY(os_trusted_file(path, &text, err));
	return hf_context(err,
	                  defaults_parse(hf_buf_span(&text), warn_unknown, (void *)path, ret, err),
	                  "%s", path);
}
