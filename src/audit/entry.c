/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/entry.h"

#include <string.h>

hf_status entry_parse(struct hf_span text, struct entry *ret, struct hf_err *err)
{
#define TEXT(name, member, required)                                                               \
	{                                                                                          \
		name, JSON_READ_TEXT, offsetof(struct entry, member), required                     \
	}
	static const struct json_field fields[] = {
		TEXT("address", address, false),
		TEXT("bodyHash", body_hash, false),
		{ "count", JSON_READ_INT, offsetof(struct entry, count), false, false, 0,
		  UINT32_MAX },
		TEXT("credentialId", credential_id, false),
		TEXT("groupId", group_id, false),
		TEXT("id", id, true),
		TEXT("identityId", identity_id, false),
		TEXT("method", method, false),
		TEXT("name", name, false),
		TEXT("operation", operation, true),
		TEXT("orgId", org_id, true),
		TEXT("outcome", outcome, true),
		TEXT("path", path, false),
		TEXT("proof", proof, false),
		TEXT("reason", reason, false),
		{ "status", JSON_READ_INT, offsetof(struct entry, status), false, false, 0, 999 },
		TEXT("subjectId", subject_id, false),
		TEXT("time", time, true),
		TEXT("tokenId", token_id, false),
		{ "version", JSON_READ_INT, offsetof(struct entry, version), true, false, 1, 1 },
	};
	struct entry e = { 0 };
	hf_status s = json_parse(text, ENTRY_MAX, &e.doc, err);

	if (hf_ok(s))
		s = json_read_some(e.doc, fields, HF_COUNT(fields), &e, err);
	if (!hf_ok(s)) {
		entry_done(&e);
		return s;
	}
	*ret = e;
	return HF_SUCCESS;
}

void entry_done(struct entry *e)
{
	json_done(e->doc);
	e->doc = NULL;
}

const char *entry_text(const char *text)
{
	return text ? text : "";
}

bool entry_succeeded(const struct entry *e)
{
	static const char *const bad[] = { "Denied", "Failed", "Blocked", "Rejected", "Refused" };

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		if (strcmp(e->outcome, bad[i]) == 0)
			return false;
	return true;
}
