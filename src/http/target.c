/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include "base/text.h"

#include <string.h>

/* The bytes up to the first `at`, or all; *rest is what follows it. False at the end of the input.
 */
static bool next_piece(struct hf_span *rest, char at, struct hf_span *ret)
{
	const uint8_t *end;

	if (!rest->ptr)
		return false;
	end = rest->len ? memchr(rest->ptr, at, rest->len) : NULL;
	if (!end) {
		*ret = *rest;
		*rest = HF_SPAN(NULL, 0);
		return true;
	}
	*ret = HF_SPAN(rest->ptr, end - rest->ptr);
	*rest = HF_SPAN(end + 1, rest->len - ret->len - 1);
	return true;
}

void http_target_split(struct hf_span target, struct hf_span *ret_path, struct hf_span *ret_query)
{
	struct hf_span rest = target;
	struct hf_span path = HF_SPAN(NULL, 0);

	next_piece(&rest, '?', &path);
	*ret_path = path;
	*ret_query = rest;
}

hf_status http_path_segments(struct hf_span path, struct hf_span ret[HTTP_SEGMENTS_MAX],
                             size_t *ret_n)
{
	struct hf_span rest, one;
	size_t n = 0;

	HF_ENSURE(path.len && path.ptr[0] == '/', HF_INVALID);
	rest = HF_SPAN(path.ptr + 1, path.len - 1);
	while (path.len > 1 && next_piece(&rest, '/', &one)) {
		HF_ENSURE(n < HTTP_SEGMENTS_MAX, HF_TOOBIG);
		ret[n++] = one;
	}
	*ret_n = n;
	return HF_SUCCESS;
}

hf_status http_percent_decode(struct hf_span from, bool form, char *to, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		int c = from.ptr[i];

		if (c == '%') {
			HF_ENSURE(from.len - i > 2, HF_INVALID);
			int high = hf_hex_digit(from.ptr[i + 1]);
			int low = hf_hex_digit(from.ptr[i + 2]);
			HF_ENSURE(high >= 0 && low >= 0, HF_INVALID);
			c = high << 4 | low;
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		HF_ENSURE(c != 0, HF_INVALID);
		to[n++] = (char)c;
	}
	to[n] = '\0';
	*ret_len = n;
	return HF_SUCCESS;
}

hf_status http_query_parse(struct hf_span query, char *room, struct http_pair ret[HTTP_QUERY_MAX],
                           size_t *ret_n)
{
	struct hf_span one, name;
	size_t n = 0, len;

	while (next_piece(&query, '&', &one)) {
		if (one.len == 0)
			continue;
		HF_ENSURE(n < HTTP_QUERY_MAX, HF_TOOBIG);
		next_piece(&one, '=', &name);
		ret[n].name = room;
		HF_TRY(http_percent_decode(name, true, room, &len));
		room += len + 1;
		/* Without "=" the value is empty: the name's own NUL. */
		ret[n].value = room - 1;
		if (one.ptr) {
			ret[n].value = room;
			HF_TRY(http_percent_decode(one, true, room, &len));
			room += len + 1;
		}
		n++;
	}
	*ret_n = n;
	return HF_SUCCESS;
}
