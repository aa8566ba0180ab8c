/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr_template.h"

#include "base/text.h"

#include <string.h>

#define FORMAT "1"

enum { PATH_LENGTH_MAX = 3 };

enum field { VERSION, ORGANISATION, COMMON_NAME, KEY_TYPE, PATH_LENGTH, DAYS, DNS, URI, FIELDS };

static const char *const names[FIELDS] = {
	[VERSION] = "holdfast-csr-template",
	[ORGANISATION] = "organisation",
	[COMMON_NAME] = "common-name",
	[KEY_TYPE] = "key-type",
	[PATH_LENGTH] = "path-length",
	[DAYS] = "days",
	[DNS] = "dns-subtree",
	[URI] = "uri-subtree",
};

static const char *const type_names[] = { [PKI_P256] = "p256", [PKI_P384] = "p384" };

const char *pki_key_type_name(enum pki_key_type type)
{
	return type_names[type];
}

hf_status pki_key_type_parse(const char *text, enum pki_key_type *ret)
{
	for (size_t i = 0; i < HF_COUNT(type_names); i++)
		if (strcmp(text, type_names[i]) == 0) {
			*ret = (enum pki_key_type)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_INVALID);
}

/* Names of people and machines; what a terminal or a log could take for a command is none. */
static bool is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len > 0 && len < TEMPLATE_NAME_MAX && text[0] != ' ' && text[len - 1] != ' ';
}

static bool is_host(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 254 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
	               len;
}

static hf_status check_subtrees(const struct template_subtrees *s, const char *name,
                                struct hf_err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (!is_host(s->host[i]))
			return hf_fail(err, HF_INVALID, "%s: \"%s\" is not a domain", name,
			               s->host[i]);
	return HF_SUCCESS;
}

hf_status csr_template_check(const struct csr_template *t, struct hf_err *err)
{
	if (!is_name(t->organisation))
		return hf_fail(err, HF_INVALID,
		               "organisation: give the name that stands in every certificate, of "
		               "1 to %d bytes without control characters",
		               TEMPLATE_NAME_MAX - 1);
	if (!is_name(t->common_name))
		return hf_fail(err, HF_INVALID,
		               "common-name: give 1 to %d bytes without control characters; a * "
		               "stands for any text",
		               TEMPLATE_NAME_MAX - 1);
	if (t->path_length < 0 || t->path_length > PATH_LENGTH_MAX)
		return hf_fail(err, HF_INVALID, "path-length: give 0 to %d", PATH_LENGTH_MAX);
	if (t->days < 1 || t->days > TEMPLATE_DAYS_MAX)
		return hf_fail(err, HF_INVALID, "days: give 1 to %d", TEMPLATE_DAYS_MAX);
	HF_TRY(check_subtrees(&t->dns, names[DNS], err));
	return check_subtrees(&t->uri, names[URI], err);
}

static hf_status add_subtree(struct template_subtrees *s, struct hf_span value)
{
	HF_ENSURE(s->n < TEMPLATE_SUBTREES_MAX, HF_TOOBIG);
	HF_TRY(hf_span_to_text(value, s->host[s->n], sizeof(s->host[0])));
	s->n++;
	return HF_SUCCESS;
}

static hf_status number(struct hf_span value, int max, int *ret)
{
	char text[16];
	int64_t n;

	HF_TRY(hf_span_to_text(value, text, sizeof(text)));
	HF_TRY(hf_parse_i64(text, 0, max, &n));
	*ret = (int)n;
	return HF_SUCCESS;
}

static hf_status set(struct csr_template *t, enum field field, struct hf_span value)
{
	char text[TEMPLATE_NAME_MAX];

	switch (field) {
	case VERSION:
		HF_ENSURE(hf_span_is(value, FORMAT), HF_UNSUPPORTED);
		return HF_SUCCESS;
	case ORGANISATION:
		return hf_span_to_text(value, t->organisation, sizeof(t->organisation));
	case COMMON_NAME:
		return hf_span_to_text(value, t->common_name, sizeof(t->common_name));
	case KEY_TYPE:
		HF_TRY(hf_span_to_text(value, text, sizeof(text)));
		return pki_key_type_parse(text, &t->key_type);
	case PATH_LENGTH:
		return number(value, PATH_LENGTH_MAX, &t->path_length);
	case DAYS:
		return number(value, TEMPLATE_DAYS_MAX, &t->days);
	case DNS:
		return add_subtree(&t->dns, value);
	case URI:
		return add_subtree(&t->uri, value);
	case FIELDS:
		break;
	}
	return HF_FAILURE(HF_INVALID);
}

static struct hf_span trim(struct hf_span s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = HF_SPAN(s.ptr + 1, s.len - 1);
	while (s.len &&
	       (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t' || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static enum field find(struct hf_span name)
{
	for (int i = 0; i < FIELDS; i++)
		if (hf_span_is(name, names[i]))
			return (enum field)i;
	return FIELDS;
}

struct reading {
	struct csr_template t;
	bool seen[FIELDS];
	unsigned line;
	struct hf_err *err;
};

static hf_status read_line(struct reading *r, struct hf_span line)
{
	const uint8_t *equals;
	enum field field;
	struct hf_span name;

	r->line++;
	line = trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return HF_SUCCESS;
	equals = memchr(line.ptr, '=', line.len);
	if (!equals)
		return hf_fail(r->err, HF_INVALID, "line %u: neither a comment nor name = value",
		               r->line);
	name = trim(HF_SPAN(line.ptr, equals - line.ptr));
	field = find(name);
	if (field == FIELDS)
		return hf_fail(r->err, HF_INVALID,
		               "line %u: \"%.*s\" is nothing that a template of this release has",
		               r->line, (int)(name.len < 40 ? name.len : 40), name.ptr);
	if (r->seen[field] && field != DNS && field != URI)
		return hf_fail(r->err, HF_INVALID, "line %u: %s is given twice", r->line,
		               names[field]);
	r->seen[field] = true;
	if (!hf_ok(set(&r->t, field, trim(HF_SPAN(equals + 1, line.ptr + line.len - equals - 1)))))
		return hf_fail(r->err, HF_INVALID, "line %u: %s cannot have this value", r->line,
		               names[field]);
	return HF_SUCCESS;
}

hf_status csr_template_decode(struct hf_span text, struct csr_template *ret, struct hf_err *err)
{
	struct reading r = { .err = err };

	if (text.len > TEMPLATE_TEXT_MAX)
		return hf_fail(err, HF_TOOBIG, "a template has %d bytes at most",
		               TEMPLATE_TEXT_MAX);
	while (text.len) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		HF_TRY(read_line(&r, HF_SPAN(text.ptr, len)));
		text = HF_SPAN(text.ptr + len + (end ? 1 : 0), text.len - len - (end ? 1 : 0));
	}
	for (int i = 0; i < DNS; i++)
		if (!r.seen[i])
			return hf_fail(err, HF_INVALID, "the line %s = … is missing", names[i]);
	HF_TRY(csr_template_check(&r.t, err));
	*ret = r.t;
	return HF_SUCCESS;
}

void csr_template_encode(struct hf_buf *to, const struct csr_template *t)
{
	hf_buf_printf(to,
	              "# What the intermediate certificate of %s has to be. Make its key and "
	              "request with:\n"
	              "#   holdfast pki request --template THIS-FILE --key org-ca-key.pem --csr "
	              "org-ca.csr\n"
	              "%s = %s\n\n"
	              "# The subject, exactly so; in the common name a * stands for any text.\n"
	              "%s = %s\n%s = %s\n\n"
	              "# p256 or p384.\n%s = %s\n\n"
	              "# 0: it signs certificates of drivers, and no further authorities.\n"
	              "%s = %d\n\n"
	              "# How long it will be valid.\n%s = %d\n",
	              t->organisation, names[VERSION], FORMAT, names[ORGANISATION], t->organisation,
	              names[COMMON_NAME], t->common_name, names[KEY_TYPE],
	              pki_key_type_name(t->key_type), names[PATH_LENGTH], t->path_length,
	              names[DAYS], t->days);
	if (t->dns.n || t->uri.n)
		hf_buf_text(to, "\n# Names that its leaves may have beside their subject.\n");
	for (size_t i = 0; i < t->dns.n; i++)
		hf_buf_printf(to, "%s = %s\n", names[DNS], t->dns.host[i]);
	for (size_t i = 0; i < t->uri.n; i++)
		hf_buf_printf(to, "%s = %s\n", names[URI], t->uri.host[i]);
}

bool csr_template_name_fits(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) { /* the last * takes one more character whenever the rest does not fit */
		if (*pattern == '*') {
			star = pattern++;
			from = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}
