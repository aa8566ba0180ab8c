/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/account.h"

#include "base/text.h"
#include "server/core/access/crypto_policy.h"
#include "server/store/account_rows.h"

#include <stdlib.h>
#include <string.h>

void account_policies_free(struct account_policies *a)
{
	if (!a)
		return;
	quorum_policy_free(a->quorum);
	crypto_policy_free(a->crypto);
	free(a->approval_policy);
	free(a->cryptographic_policy);
	free(a);
}

struct reading {
	const char *org_id;
	struct account_policies *read;
	struct hf_err *err;
};

static hf_status parse(struct account_policies *a, struct hf_err *err)
{
	hf_status s = HF_SUCCESS;

	if (a->approval_policy)
		s = quorum_account_parse(hf_span_text(a->approval_policy), &a->quorum, err);
	if (hf_ok(s) && a->cryptographic_policy)
		s = crypto_policy_parse(hf_span_text(a->cryptographic_policy), "account",
		                        &a->crypto, err);
	if (!hf_ok(s) && s.code != HF_NOMEM)
		return hf_fail(err, HF_CORRUPT, "a stored policy of the account cannot be read");
	return s;
}

static hf_status copy(const char *from, char **to)
{
	if (!from)
		return HF_SUCCESS;
	*to = hf_strdup(from);
	HF_ENSURE(*to, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status take(void *ctx, const struct account_policy_row *row)
{
	struct reading *r = ctx;
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	HF_TRY(hf_uuid_of_id(r->org_id, a->id));
	HF_TRY(copy(row->approval, &a->approval_policy));
	HF_TRY(copy(row->cryptographic, &a->cryptographic_policy));
	HF_TRY(parse(a, r->err));
	r->read = hf_take(a);
	return HF_SUCCESS;
}

hf_status account_policies_read(struct db *db, const char *org_id, struct account_policies **ret,
                                struct hf_err *err)
{
	struct reading r = { .org_id = org_id, .err = err };

	HF_TRY(account_policies_get(db, org_id, take, &r));
	*ret = r.read;
	return HF_SUCCESS;
}

hf_status account_check(const struct account_policies *a, enum account_act act,
                        const char *approved, struct hf_err *err)
{
	if (!a || !a->quorum || !(a->quorum->account_acts & 1u << act))
		return HF_SUCCESS;
	if (approved && strcmp(approved, a->id) == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, GUARD_QUORUM_TEXT);
}
