/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/payload.h"

#include "crypto/digest.h"

/* Canonical JSON can be longer than what was parsed: control characters become six bytes. */
#define CANONICAL_MAX (6u * PAYLOAD_MAX)

hf_status payload_parse(struct hf_span body, size_t max, struct json_t **ret, struct hf_err *err)
{
	if (!body.len)
		body = hf_span_text("{}");
	return json_parse(body, max, ret, err);
}

hf_status payload_hash(const struct json_t *body, struct payload_hash *ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CANONICAL_MAX);

	HF_TRY(json_canonical(body, &text));
	return sha256(hf_buf_span(&text), ret->bytes);
}

hf_status payload_hash_text(struct hf_span body, struct payload_hash *ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(payload_parse(body, PAYLOAD_MAX, &doc, err));
	return payload_hash(doc, ret);
}
