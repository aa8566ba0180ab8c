/* SPDX-License-Identifier: Apache-2.0
 * What callers say of security objects, and the filters of their lists. What is taken makes a row
 * within its bounds, and its options are understood again; a filter says yes or no, and its $not
 * the opposite. */
#include "fuzz.h"

#include "server/crypto_api/objects/filter.h"
#include "server/crypto_api/objects/request.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1800000000000)

static void check_row(struct sobject_request *r, const struct object_row *row)
{
	char *again;

	FUZZ_CHECK(!*row->name == row->transient && strlen(row->name) < OBJECT_NAME_MAX);
	FUZZ_CHECK(object_type_name(row->type));
	FUZZ_CHECK(row->state == OBJECT_PREACTIVE || row->state == OBJECT_ACTIVE);
	FUZZ_CHECK(object_type_has_bits(row->type, row->curve, row->bits, false));
	FUZZ_CHECK(!row->rotation_policy || row->rotate_at_ms > NOW);
	if (row->options) {
		char options[SOBJECT_JSON_MAX];

		snprintf(options, sizeof(options), "%s", row->options);
		FUZZ_CHECK(hf_ok(
		        sobject_request_options(r, row->type, row->bits, options, &again, NULL)));
	}
}

static void check_request(const struct json_t *doc)
{
	const struct sobject_made made = { 0 };
	const struct principal who = { .identity_id = "app-1" };
	struct sobject_request r = { 0 };
	struct object_row row;
	struct hf_err err;

	if (hf_ok(sobject_request_read(doc, NULL, 0, NOW, &r, &err)) &&
	    hf_ok(sobject_request_row(&r, &made, &who, NOW, &row, &err)))
		check_row(&r, &row);
	sobject_request_done(&r);
}

static void check_filter(struct hf_span text)
{
	JSON_SCOPED struct json_t *filter = NULL, *not = NULL;
	HF_BUF_SCOPED struct hf_buf negated = HF_BUF(2 * FILTER_TEXT_MAX);
	const struct filter_facts facts = { .now_ms = NOW };
	struct object_row row = { .name = "k",
		                  .type = OBJECT_AES,
		                  .bits = 256,
		                  .uses = USE_SIGN,
		                  .state = OBJECT_ACTIVE,
		                  .custom_metadata = "{\"a\":\"b\"}" };
	bool matches;

	if (!hf_ok(filter_parse(&filter_of_objects, text, &filter, NULL)))
		return;
	matches = filter_matches(&filter_of_objects, filter, &row, &facts);
	filter_must_equal(filter, "name");
	hf_buf_text(&negated, "{\"$not\":");
	hf_buf_put(&negated, text.ptr, text.len);
	hf_buf_text(&negated, "}");
	if (hf_ok(filter_parse(&filter_of_objects, hf_buf_span(&negated), &not, NULL)))
		FUZZ_CHECK(filter_matches(&filter_of_objects, not, &row, &facts) != matches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;

	check_filter(HF_SPAN(data, size));
	if (hf_ok(json_parse(HF_SPAN(data, size), 4 * SOBJECT_JSON_MAX, &doc, NULL)))
		check_request(doc);
	return 0;
}
