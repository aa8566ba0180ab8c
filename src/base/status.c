/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[HF_OK] = "ok",
	[HF_NOMEM] = "out-of-memory",
	[HF_INVALID] = "invalid",
	[HF_TOOBIG] = "too-big",
	[HF_NOTFOUND] = "not-found",
	[HF_EXISTS] = "exists",
	[HF_DENIED] = "denied",
	[HF_UNAUTHENTIC] = "unauthentic",
	[HF_IO] = "io",
	[HF_TIMEOUT] = "timeout",
	[HF_CLOSED] = "closed",
	[HF_BUSY] = "busy",
	[HF_UNSUPPORTED] = "unsupported",
	[HF_CORRUPT] = "corrupt",
	[HF_STATE] = "wrong-state",
	[HF_STOP] = "stop",
	[HF_INTERNAL] = "internal",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == HF_CODE_COUNT_, "a code without a name");

const char *hf_code_name(enum hf_code code)
{
	return (unsigned)code < HF_CODE_COUNT_ ? names[code] : "unknown";
}

hf_status hf_fail(struct hf_err *err, enum hf_code code, const char *fmt, ...)
{
	if (err) {
		va_list args;

		err->code = code;
		va_start(args, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, args);
		va_end(args);
	}
	return HF_FAILURE(code);
}

hf_status hf_context(struct hf_err *err, hf_status s, const char *fmt, ...)
{
	char told[HF_ERR_TEXT_MAX];
	va_list args;
	size_t used;

	if (s.code == HF_OK || !err)
		return s;
	if (err->code != s.code) /* the failing call had no words of its own */
		snprintf(err->text, sizeof(err->text), "%s", hf_code_name(s.code));
	memcpy(told, err->text, sizeof(told));
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", told);
	err->code = s.code;
	return s;
}
