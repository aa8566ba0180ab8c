/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/rights/permissions.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static const char *const names[PERMISSION_COUNT_] = { [PERMIT_NOBODY_] = "",
	                                              [PERMIT_OPEN] = "Open",
	                                              [PERMIT_AUTHENTICATED] = "Authenticated",
#define X(id, name) [PERMIT_##id] = name,
	                                              PERMISSION_LIST(X)
#undef X
};

const char *permission_name(enum permission p)
{
	return p < PERMISSION_COUNT_ ? names[p] : "";
}

hf_status permission_parse(const char *name, enum permission *ret)
{
	for (int p = PERMIT_AUTHENTICATED + 1; p < PERMISSION_COUNT_; p++) {
		if (strcmp(names[p], name) == 0) {
			*ret = (enum permission)p;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_NOTFOUND);
}

void permission_grant(struct permission_set *to, enum permission p)
{
	to->words[p / 64] |= UINT64_C(1) << p % 64;
}

void permission_grant_all(struct permission_set *to)
{
	for (int p = PERMIT_AUTHENTICATED + 1; p < PERMISSION_COUNT_; p++)
		permission_grant(to, (enum permission)p);
}

bool permission_granted(const struct permission_set *set, enum permission p)
{
	return set->words[p / 64] >> p % 64 & 1;
}

void permission_restrict(struct permission_set *set, const struct permission_set *most)
{
	for (int i = 0; i < PERMISSION_WORDS; i++)
		set->words[i] &= most->words[i];
}

void permission_grant_text(struct permission_set *to, const char *operations)
{
	int p = PERMIT_AUTHENTICATED; /* they stand in our order: the next is found at once */

	if (strcmp(operations, "*") == 0) {
		permission_grant_all(to);
		return;
	}
	while (*operations) {
		const struct hf_span name =
		        HF_SPAN((const uint8_t *)operations, strcspn(operations, ","));

		for (int tried = 0; tried < PERMISSION_COUNT_; tried++) {
			p = p + 1 < PERMISSION_COUNT_ ? p + 1 : PERMIT_AUTHENTICATED + 1;
			if (!hf_span_is(name, names[p]))
				continue;
			permission_grant(to, (enum permission)p);
			break;
		}
		operations += name.len + (operations[name.len] == ',');
	}
}

hf_status permission_set_text(const struct permission_set *set, char *to, size_t cap)
{
	size_t len = 0;

	HF_ENSURE(cap, HF_TOOBIG);
	to[0] = '\0';
	for (int p = PERMIT_AUTHENTICATED + 1; p < PERMISSION_COUNT_; p++) {
		if (!permission_granted(set, (enum permission)p))
			continue;
		len += (size_t)snprintf(to + len, cap - len, "%s%s", len ? "," : "", names[p]);
		HF_ENSURE(len < cap, HF_TOOBIG);
	}
	return HF_SUCCESS;
}

hf_status permission_check(const struct caller *c, enum permission p, struct hf_err *err)
{
	if (p == PERMIT_AUTHENTICATED || permission_granted(&c->granted, p))
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, "%s %s is not authorized to perform operation (%s)", c->name,
	               c->identity_id, permission_name(p));
}
