/* SPDX-License-Identifier: Apache-2.0
 * Keys of any kind in records (op/record.h): wrapped by a master key like those of wallets, in the
 * same formats, and unwrapped with what their record says they may do. */
#ifndef HF_SIGNER_CRYPTO_RECORD_H
#define HF_SIGNER_CRYPTO_RECORD_H

#include "op/crypto_op.h"
#include "signer/crypto_keys.h"

/* What a record says; its MAC is checked. `key_id`: that it has to be of. Spans of *ret point into
 * the record. HF_CORRUPT, HF_UNAUTHENTIC, HF_STATE: it is damaged, altered or another key's, or of
 * a master key that is not here. */
HF_MUST hf_status crypto_record_open(struct desk *d, const struct key_where *where,
                                     const char *key_id, struct key_record *ret,
                                     struct hf_err *err);
/* A session object, the caller's. */
HF_MUST hf_status crypto_record_unwrap(struct desk *d, const struct key_record *r,
                                       enum key_purpose purpose, CK_OBJECT_HANDLE *ret,
                                       struct hf_err *err);

/* As an object of this shape; the record is checked (crypto_record_open()). */
HF_MUST hf_status crypto_record_unwrap_as(struct desk *d, const struct key_record *r,
                                          const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                                          struct hf_err *err);

/* Wraps a session object of this shape (its uses are those of the record), seals the record, and
 * proves that it gives the key back before anybody hears of it. The length of an AES key that the
 * token did not tell (0) is seen from the wrapped key. */
HF_MUST hf_status crypto_record_make(struct desk *d, CK_OBJECT_HANDLE key, const char *key_id,
                                     struct key_shape *shape, struct hf_buf *ret,
                                     struct hf_err *err);

/* The same key under another master key: what job_rewrap() does with records of any kind. *r is
 * checked, and changed. */
HF_MUST hf_status crypto_record_rewrap(struct desk *d, struct key_record *r,
                                       const struct p11_master *to, struct hf_buf *ret,
                                       struct hf_err *err);

#endif
