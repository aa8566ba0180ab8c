/* SPDX-License-Identifier: Apache-2.0
 * What a browser sends of an authenticator, with an assertion or a new device: what is read has an
 * id in its one spelling, and everything within its limits. */
#include "fuzz.h"

#include "base/text.h"
#include "server/core/access/second_factor.h"

#include <string.h>

static void is_base64url(const char *id)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(CREDENTIAL_ID_MAX),
	                            again = HF_BUF(CREDENTIAL_ID_MAX);

	FUZZ_CHECK(hf_ok(hf_unbase64(hf_span_text(id), &bytes)));
	hf_buf_base64url(&again, hf_buf_span(&bytes));
	FUZZ_CHECK(hf_span_is(hf_buf_span(&again), id));
}

static void read_as(const struct json_t *doc, bool new_device)
{
	HF_CLEANUP(factor_proof_done) struct factor_proof p;
	struct hf_err err;

	if (!hf_ok(factor_proof_read(doc, new_device, &p, &err)))
		return;
	is_base64url(p.credential_id);
	FUZZ_CHECK(p.client_data.len && p.client_data.len <= CLIENT_DATA_MAX && p.data.len);
	FUZZ_CHECK(new_device == !p.signature.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;

	if (!hf_ok(json_parse(HF_SPAN(data, size), 64u << 10, &doc, NULL)))
		return 0;
	read_as(doc, false);
	read_as(doc, true);
	return 0;
}
