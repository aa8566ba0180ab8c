/* SPDX-License-Identifier: Apache-2.0 */
#include "op/fields.h"

#include <string.h>

bool field_is_id(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-";

	return text[0] && text[strspn(text, allowed)] == 0;
}

bool field_is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

bool field_is_public_key(const struct key_type_info *type, size_t len)
{
	if (type->public_len)
		return len == type->public_len;
	return len > type->bits / 8 && len <= PUBLIC_KEY_MAX;
}
