/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/listing.h"

#include <string.h>

bool crypto_sorts_by(const char *text, const char *field, bool *ret_descending)
{
	size_t len = strlen(field);
	bool descending;

	if (strncmp(text, field, len) != 0)
		return false;
	descending = strcmp(text + len, ":desc") == 0;
	if (!descending && text[len] && strcmp(text + len, ":asc") != 0)
		return false;
	*ret_descending = descending;
	return true;
}

void crypto_list_counts(struct json_writer *w, int64_t total, int64_t matched)
{
	json_int(w, "total_count", total);
	json_int(w, "filtered_count", matched);
	json_int(w, "count", matched);
	json_open_object(w, "count_accuracy");
	json_text(w, "$type", "Exact");
	json_close_object(w);
}
