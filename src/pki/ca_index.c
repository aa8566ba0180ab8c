/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ca_index.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEADER "holdfast-pki-index 1"
#define YEAR_10000 INT64_C(253402300800)

static const char *const reason_names[] = {
	[CA_UNSPECIFIED] = "unspecified",    [CA_KEY_COMPROMISE] = "keyCompromise",
	[CA_CA_COMPROMISE] = "cACompromise", [CA_AFFILIATION_CHANGED] = "affiliationChanged",
	[CA_SUPERSEDED] = "superseded",      [CA_CESSATION] = "cessationOfOperation",
};

const char *ca_reason_name(enum ca_reason reason)
{
	return (size_t)reason < HF_COUNT(reason_names) ? reason_names[reason] : NULL;
}

hf_status ca_reason_parse(const char *text, enum ca_reason *ret)
{
	for (size_t i = 0; i < HF_COUNT(reason_names); i++)
		if (strcmp(text, reason_names[i]) == 0) {
			*ret = (enum ca_reason)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_INVALID);
}

void ca_time_text(int64_t s, char to[CA_TIME_MAX])
{
	time_t at = (time_t)(s < 0 ? 0 : s >= YEAR_10000 ? YEAR_10000 - 1 : s);
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(to, CA_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool shaped(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	return *text == '\0';
}

static int digits(const char *at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (at[i] - '0');
	return value;
}

hf_status ca_time_parse(const char *text, int64_t *ret)
{
	char again[CA_TIME_MAX];
	struct tm tm = { 0 };
	int64_t s;

	HF_ENSURE(shaped(text, "0000-00-00T00:00:00Z"), HF_INVALID);
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	s = timegm(&tm);
	HF_ENSURE(s >= 0 && s < YEAR_10000, HF_INVALID);
	ca_time_text(s, again); /* a 31st of February is another day then */
	HF_ENSURE(strcmp(text, again) == 0, HF_INVALID);
	*ret = s;
	return HF_SUCCESS;
}

void ca_index_done(struct ca_index *x)
{
	free(x->entries);
	*x = (struct ca_index){ 0 };
}

hf_status ca_index_add(struct ca_index *x, const struct ca_entry *entry)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 16;
		struct ca_entry *larger = realloc(x->entries, cap * sizeof(*larger));

		HF_ENSURE(larger, HF_NOMEM);
		x->entries = larger;
		x->cap = cap;
	}
	x->entries[x->n++] = *entry;
	return HF_SUCCESS;
}

struct ca_entry *ca_index_find(struct ca_index *x, const char *serial)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->entries[i].serial, serial) == 0)
			return &x->entries[i];
	return NULL;
}

/* The next word of the line, which must be followed by one space or, for the last, by the end. */
static hf_status word(struct hf_span *line, bool last, char *to, size_t cap)
{
	const uint8_t *space = last ? NULL : memchr(line->ptr, ' ', line->len);
	size_t len = space ? (size_t)(space - line->ptr) : line->len;

	HF_ENSURE(len > 0 && (last || space), HF_INVALID);
	HF_TRY(hf_span_to_text(HF_SPAN(line->ptr, len), to, cap));
	*line = HF_SPAN(line->ptr + len + !last, line->len - len - !last);
	return HF_SUCCESS;
}

static hf_status time_word(struct hf_span *line, int64_t *ret)
{
	char text[CA_TIME_MAX];

	HF_TRY(word(line, false, text, sizeof(text)));
	return ca_time_parse(text, ret);
}

static bool is_serial(const char *text)
{
	return text[0] != '0' && strspn(text, "0123456789ABCDEF") == strlen(text);
}

static hf_status revocation(struct hf_span *line, struct ca_entry *e)
{
	char text[32];

	HF_TRY(word(line, false, text, sizeof(text)));
	e->revoked = strcmp(text, "revoked") == 0;
	if (e->revoked) {
		HF_TRY(time_word(line, &e->revoked_s));
		HF_TRY(word(line, false, text, sizeof(text)));
		return ca_reason_parse(text, &e->reason);
	}
	HF_ENSURE(strcmp(text, "valid") == 0, HF_INVALID);
	for (int i = 0; i < 2; i++) {
		HF_TRY(word(line, false, text, sizeof(text)));
		HF_ENSURE(strcmp(text, "-") == 0, HF_INVALID);
	}
	return HF_SUCCESS;
}

static hf_status read_entry(struct hf_span line, struct ca_index *x)
{
	struct ca_entry e = { 0 };

	HF_TRY(word(&line, false, e.serial, sizeof(e.serial)));
	HF_ENSURE(is_serial(e.serial), HF_INVALID);
	HF_TRY(time_word(&line, &e.issued_s));
	HF_TRY(time_word(&line, &e.until_s));
	HF_TRY(revocation(&line, &e));
	HF_TRY(word(&line, true, e.subject, sizeof(e.subject)));
	return ca_index_add(x, &e);
}

static hf_status read_crl_number(struct hf_span line, int64_t *ret)
{
	char text[32], again[32];

	HF_TRY(word(&line, false, text, sizeof(text)));
	HF_ENSURE(strcmp(text, "crl") == 0, HF_INVALID);
	HF_TRY(word(&line, true, text, sizeof(text)));
	HF_TRY(hf_parse_i64(text, 0, INT64_MAX, ret));
	snprintf(again, sizeof(again), "%lld", (long long)*ret);
	HF_ENSURE(strcmp(text, again) == 0, HF_INVALID);
	return HF_SUCCESS;
}

static hf_status read_line(unsigned number, struct hf_span line, struct ca_index *x)
{
	switch (number) {
	case 1:
		HF_ENSURE(hf_span_is(line, HEADER), HF_INVALID);
		return HF_SUCCESS;
	case 2:
		return read_crl_number(line, &x->crl_number);
	default: /* every further line */
		return read_entry(line, x);
	}
}

hf_status ca_index_decode(struct hf_span text, struct ca_index *ret, struct hf_err *err)
{
	HF_CLEANUP(ca_index_done) struct ca_index x = { 0 };
	unsigned number = 0;

	if (text.len > CA_INDEX_MAX)
		return hf_fail(err, HF_TOOBIG, "an index has %u bytes at most", CA_INDEX_MAX);
	for (bool empty = text.len == 0; text.len || (number < 2 && !empty);) {
		const uint8_t *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
		size_t len = end ? (size_t)(end - text.ptr) : 0;
		hf_status s;

		if (!end)
			return hf_fail(err, HF_INVALID, "line %u is cut off", number + 1);
		s = read_line(++number, HF_SPAN(text.ptr, len), &x);
		if (!hf_ok(s))
			return hf_fail(err, s.code, "line %u is not one of an index", number);
		text = HF_SPAN(end + 1, text.len - len - 1);
	}
	*ret = x;
	x = (struct ca_index){ 0 };
	return HF_SUCCESS;
}

void ca_index_encode(struct hf_buf *to, const struct ca_index *x)
{
	hf_buf_printf(to, HEADER "\ncrl %lld\n", (long long)x->crl_number);
	for (size_t i = 0; i < x->n; i++) {
		const struct ca_entry *e = &x->entries[i];
		char issued[CA_TIME_MAX], until[CA_TIME_MAX], revoked[CA_TIME_MAX] = "-";

		ca_time_text(e->issued_s, issued);
		ca_time_text(e->until_s, until);
		if (e->revoked)
			ca_time_text(e->revoked_s, revoked);
		hf_buf_printf(to, "%s %s %s %s %s %s %s\n", e->serial, issued, until,
		              e->revoked ? "revoked" : "valid", revoked,
		              e->revoked ? ca_reason_name(e->reason) : "-", e->subject);
	}
}
