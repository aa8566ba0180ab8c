/* SPDX-License-Identifier: Apache-2.0
 * Path, segments and query: what is decoded, when it is encoded and decoded again, is the same; and
 * no pair leaves its room. */
#include "fuzz.h"

#include "http/target.h"

#include <stdio.h>
#include <string.h>

#define TARGET_MAX 4096

static void check_round_trip(struct hf_span raw, bool form)
{
	char plain[TARGET_MAX + 1], coded[3 * TARGET_MAX + 1], again[3 * TARGET_MAX + 1];
	size_t len, len_again;

	if (!hf_ok(http_percent_decode(raw, form, plain, &len)))
		return;
	FUZZ_CHECK(len <= raw.len && strlen(plain) == len);
	for (size_t i = 0; i < len; i++)
		snprintf(coded + 3 * i, 4, "%%%02X", (unsigned)(uint8_t)plain[i]);
	FUZZ_CHECK(hf_ok(http_percent_decode(HF_SPAN(coded, 3 * len), form, again, &len_again)));
	FUZZ_CHECK(len_again == len && memcmp(plain, again, len) == 0);
}

static void check_query(struct hf_span query)
{
	struct http_pair pairs[HTTP_QUERY_MAX];
	char *room = malloc(query.len + 2); /* exactly as much as is promised to be enough */
	size_t n;

	if (room && hf_ok(http_query_parse(query, room, pairs, &n)))
		for (size_t i = 0; i < n; i++)
			FUZZ_CHECK(strlen(pairs[i].name) + strlen(pairs[i].value) <= query.len);
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_span segments[HTTP_SEGMENTS_MAX], path, query;
	size_t n, total = 0;

	if (size > TARGET_MAX)
		return 0;
	http_target_split(HF_SPAN(data, size), &path, &query);
	check_round_trip(query, true);
	check_query(query);
	if (!hf_ok(http_path_segments(path, segments, &n)))
		return 0;
	for (size_t i = 0; i < n; i++) {
		total += segments[i].len + 1;
		check_round_trip(segments[i], false);
	}
	FUZZ_CHECK(total == (path.len > 1 ? path.len : 0));
	return 0;
}
