/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/proofs.h"

#include "base/text.h"
#include "proof/action.h"

#include <string.h>

/* The entry has the path without the query, and perhaps cut off. */
static bool same_path(struct hf_span committed, const char *path)
{
	size_t n = strlen(path);

	return committed.len >= n && memcmp(committed.ptr, path, n) == 0 &&
	       (committed.len == n || committed.ptr[n] == '?' || n >= 1024);
}

static bool same_payload(const struct action_commitment *c, const char *body_hash)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(64);

	hf_buf_base64url(&text, HF_SPAN(c->payload.bytes, sizeof(c->payload.bytes)));
	return hf_span_is(hf_buf_span(&text), body_hash);
}

static hf_status compare(const struct entry *e, const struct action_proof *p, struct hf_err *err)
{
	const struct action_commitment *c = &p->commitment;

	if (!hf_span_is(c->org, e->org_id) || !hf_span_is(c->identity, entry_text(e->identity_id)))
		return hf_fail(err, HF_UNAUTHENTIC, "its proof is one of somebody else");
	if (strcmp(p->credential_id, entry_text(e->credential_id)) != 0)
		return hf_fail(err, HF_UNAUTHENTIC, "its proof is by another credential");
	if (!hf_span_is(c->method, entry_text(e->method)) ||
	    !same_path(c->path, entry_text(e->path)) || !same_payload(c, entry_text(e->body_hash)))
		return hf_fail(err, HF_UNAUTHENTIC, "its proof is one for another request");
	return HF_SUCCESS;
}

hf_status proof_of_entry(const struct entry *e, const struct authorizers *credentials,
                         enum proof_found *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(ACTION_PROOF_MAX);
	const struct authorizer *by;
	struct action_proof proof;

	*ret = PROOF_NONE;
	if (!e->proof)
		return HF_SUCCESS;
	if (!hf_ok(hf_unbase64(hf_span_text(e->proof), &bytes)) ||
	    !hf_ok(action_proof_decode(hf_buf_span(&bytes), &proof)))
		return hf_fail(err, HF_INVALID, "its proof is malformed");
	HF_TRY(compare(e, &proof, err));
	*ret = PROOF_UNCHECKED;
	if (!credentials)
		return HF_SUCCESS;
	by = authorizers_find(credentials, proof.credential_id);
	*ret = PROOF_UNKNOWN;
	if (!by)
		return HF_SUCCESS;
	HF_TRY(hf_context(err, action_proof_check(&proof, &by->verifier, err), "its proof"));
	if (strcmp(by->identity, entry_text(e->identity_id)) != 0)
		return hf_fail(err, HF_UNAUTHENTIC, "its credential belongs to %s", by->identity);
	*ret = PROOF_VERIFIED;
	return HF_SUCCESS;
}
