/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/sort.h"

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
