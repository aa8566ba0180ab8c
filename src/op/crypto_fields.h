/* SPDX-License-Identifier: Apache-2.0
 * The parts of an operation on a key (op/crypto_op.h) that several codecs share. Writers append;
 * readers are strict and leave a failure in the reader. For src/op only. */
#ifndef HF_OP_CRYPTO_FIELDS_H
#define HF_OP_CRYPTO_FIELDS_H

#include "op/crypto_op.h"

bool field_read_bool(struct hf_reader *r); /* 0 or 1 */

void field_put_mech(struct hf_buf *to, const struct crypto_mech *m);
void field_read_mech(struct hf_reader *r, struct crypto_mech *ret);

void field_put_where(struct hf_buf *to, const struct key_where *w);
void field_read_where(struct hf_reader *r, struct key_where *ret);

/* `any_type`: the type may be left open (0), as of an update. */
void field_put_shape(struct hf_buf *to, const struct key_shape *s);
void field_read_shape(struct hf_reader *r, bool any_type, struct key_shape *ret);

#endif
