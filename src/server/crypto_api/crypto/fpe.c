/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/fpe.h"

hf_status fpe_begin(const struct object *o, enum crypto_op_kind kind, struct crypto_op *op,
                    struct fpe_work **ret, struct hf_err *err)
{
	return hf_fail(err, HF_UNSUPPORTED, "field \"mode\": FF1 is not supported yet");
}

hf_status fpe_print(struct fpe_work *f, const char *field, struct hf_span numerals, bool masked,
                    struct json_writer *w, struct hf_err *err)
{
	return HF_FAILURE(HF_INTERNAL);
}

void fpe_work_free(struct fpe_work *f)
{
}
