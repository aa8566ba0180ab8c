/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/authorizing.h"

#include "base/log.h"
#include "os/trustedfile.h"
#include "proof/request.h"

static hf_status read_file(const char *path, struct authorizing *a, struct hf_err *err)
{
	AUTHORIZERS_SCOPED struct authorizers *parsed = NULL;

	HF_TRY(os_trusted_file(path, &a->text, err));
	HF_TRY(hf_context(err, authorizers_parse(hf_buf_span(&a->text), &parsed, err), "%s", path));
	a->spent_age_ms = 1000 * authorizers_age_most_s(parsed) + 2 * REQUEST_AHEAD_MS;
	HF_INFO("requests are checked here: only what the authorizers allow is signed",
	        HF_KS("file", path), HF_KS("organization", parsed->organization),
	        HF_KI("credentials", parsed->n_credentials), HF_KI("rules", parsed->n_rules));
	return HF_SUCCESS;
}

hf_status authorizing_read(const char *path, struct authorizing *ret, struct hf_err *err)
{
	struct authorizing a = { .text = HF_BUF(AUTHORIZERS_FILE_MAX) };
	struct hf_err why = { 0 };
	hf_status s = path && path[0] ? read_file(path, &a, &why) : HF_SUCCESS;

	if (!hf_ok(s)) {
		authorizing_done(&a);
		return hf_fail(err, HF_STOP, "--authorizers: %s",
		               why.text[0] ? why.text : hf_code_name(s.code));
	}
	*ret = a;
	return HF_SUCCESS;
}

void authorizing_done(struct authorizing *a)
{
	hf_buf_done(&a->text);
}
