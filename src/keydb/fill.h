/* SPDX-License-Identifier: Apache-2.0
 * Records by the million, made by the database itself, for measuring growth: well-formed, each with
 * its own key id, but wrapped by no HSM and with a MAC of zeros. Nothing signs with them. */
#ifndef HF_KEYDB_FILL_H
#define HF_KEYDB_FILL_H

#include "db/db.h"

/* Records of secp256k1 keys with this public key, whose ids are `prefix` and the numbers `from` to
 * `to` - 1 with leading zeros, 16 digits. One statement. */
HF_MUST hf_status keydb_fill(struct db *db, const char *prefix, struct hf_span public_key,
                             int64_t from, int64_t to);

#endif
