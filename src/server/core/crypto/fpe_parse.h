/* SPDX-License-Identifier: Apache-2.0
 * Reading `fpe` options: what the files share. For fpe_*.c only. */
#ifndef HF_SERVER_CORE_CRYPTO_FPE_PARSE_H
#define HF_SERVER_CORE_CRYPTO_FPE_PARSE_H

#include "server/core/crypto/fpe_tree.h"

#include "json/read.h"

struct fpe_parse {
	struct hf_err *err;
	unsigned n_parts;
	bool builtin;
};

/* fpe_fields.c. HF_INVALID with words. */
HF_MUST hf_status fpe_read_alphabet(const struct json_t *array, struct alphabet *ret,
                                    struct hf_err *err);
/* "all", or an array of numbers. */
HF_MUST hf_status fpe_read_positions(const struct json_t *value, const char *name,
                                     struct positions *ret, struct hf_err *err);
HF_MUST hf_status fpe_read_literal(const char *text, struct literal *ret, struct hf_err *err);

/* fpe_constraints.c: into a part whose children are there. */
HF_MUST hf_status fpe_read_constraints(const struct json_t *object, struct fpe_part *p,
                                       struct hf_err *err);

#endif
