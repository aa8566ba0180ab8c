/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/rules.h"

#include "base/text.h"

#include <string.h>

hf_status body_text(const struct chain_request *r, const char *name, const char **ret,
                    struct hf_err *err)
{
	const char *text = json_member_text(r->body, name);

	if (!text)
		return hf_fail(err, HF_INVALID, "field \"%s\"%s: expected text", name,
		               json_member(r->body, name) ? "" : " is missing");
	*ret = text;
	return HF_SUCCESS;
}

hf_status body_hex(const struct chain_request *r, const char *name, size_t max, struct hf_buf *to,
                   struct hf_err *err)
{
	const char *text;
	size_t len;
	hf_status s;

	HF_TRY(body_text(r, name, &text, err));
	if (strncmp(text, "0x", 2) == 0)
		text += 2;
	len = strlen(text);
	if (len > 2 * max)
		return hf_fail(err, HF_TOOBIG,
		               "field \"%s\": %zu bytes, where at most %zu are taken", name,
		               len / 2, max);
	s = hf_unhex(HF_SPAN(text, len), to);
	if (s.code == HF_INVALID)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\": expected an even number of hex digits, at most %zu "
		               "bytes, with or without 0x",
		               name, max);
	return s;
}

static bool among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

hf_status body_only(const struct chain_request *r, const char *const *names, size_t n,
                    struct hf_err *err)
{
	static const char *const common[] = { "kind", "network", "blockchainKind", "externalId" };
	HF_BUF_SCOPED struct hf_buf known = HF_BUF(256);
	const char *name;
	void *at = NULL;

	while ((name = json_member_next(r->body, &at, NULL))) {
		if (among(name, common, HF_COUNT(common)) || among(name, names, n))
			continue;
		for (size_t i = 0; i < HF_COUNT(common); i++)
			hf_buf_printf(&known, "%s%s", i ? ", " : "", common[i]);
		for (size_t i = 0; i < n; i++)
			hf_buf_printf(&known, ", %s", names[i]);
		return hf_fail(err, HF_INVALID,
		               "unknown field \"%.100s\"; known for kind \"%s\" are: %.*s", name,
		               chain_kind_name(r->kind), (int)known.len,
		               known.len ? (const char *)known.ptr : "");
	}
	return HF_SUCCESS;
}
