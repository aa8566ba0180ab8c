/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/fpe.h"

#include "base/secret.h"
#include "json/read.h"
#include "server/core/crypto/fpe_format.h"

struct fpe_work {
	struct fpe_format *format;
	struct fpe_plan *plan;
};

static hf_status format_of(const struct object *o, struct fpe_format **ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *options = NULL;
	const struct json_t *fpe;

	if (o->options)
		HF_TRY(json_parse(hf_span_text(o->options), 2 * FPE_OPTIONS_MAX, &options, err));
	fpe = json_member(options, "fpe");
	if (!fpe)
		fpe = json_member(json_member(options, "aes"), "fpe");
	if (!json_value_is(fpe, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": FF1 is for keys with a format: give the key "
		               "\"fpe\" options when it is made");
	return fpe_format_parse(fpe, ret, err);
}

hf_status fpe_begin(const struct object *o, enum crypto_op_kind kind, struct crypto_op *op,
                    struct fpe_work **ret, struct hf_err *err)
{
	struct fpe_work *f = calloc(1, sizeof(*f));
	hf_status s;

	HF_ENSURE(f, HF_NOMEM);
	s = format_of(o, &f->format, err);
	if (hf_ok(s))
		s = hf_context(err, fpe_plan_new(f->format, op->data, &f->plan, err),
		               "field \"%s\"", kind == CRYPTO_ENCRYPT ? "plain" : "cipher");
	if (!hf_ok(s)) {
		fpe_work_free(f);
		return s;
	}
	op->data = hf_buf_span(&f->plan->numerals);
	op->mech.radix = f->plan->radix;
	op->mech.iv = hf_buf_span(&f->plan->tweak);
	op->mech.ad = hf_buf_span(&f->plan->bound);
	*ret = f;
	return HF_SUCCESS;
}

hf_status fpe_print(struct fpe_work *f, const char *field, struct hf_span numerals, bool masked,
                    struct json_writer *w, struct hf_err *err)
{
	struct hf_buf text = HF_BUF(4 * FPE_TEXT_MAX);
	hf_status s = fpe_plan_finish(f->plan, numerals, masked, &text, err);

	if (hf_ok(s))
		json_base64(w, field, hf_buf_span(&text));
	if (text.ptr)
		hf_wipe(text.ptr, text.cap);
	hf_buf_done(&text);
	return s;
}

void fpe_work_free(struct fpe_work *f)
{
	if (!f)
		return;
	fpe_plan_free(f->plan);
	fpe_format_free(f->format);
	free(f);
}
