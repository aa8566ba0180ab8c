/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/wrap_format.h"

#include <stddef.h>

const char *wrap_format_name(int format)
{
	static const char *const names[WRAP_FORMAT_MAX + 1] = {
		[WRAP_RFC5649] = "rfc5649",   [WRAP_RFC3394] = "rfc3394",
		[WRAP_CBC_PAD] = "cbc-pad",   [WRAP_RFC3394_PKCS7] = "rfc3394-pkcs7",
		[WRAP_RESIDENT] = "resident",
	};

	return format > 0 && format <= WRAP_FORMAT_MAX ? names[format] : NULL;
}
