/* SPDX-License-Identifier: Apache-2.0
 * Checks of fields that several codecs share. For src/op only. */
#ifndef HF_OP_FIELDS_H
#define HF_OP_FIELDS_H

#include "crypto/key_type.h"

/* Letters, digits and hyphens, at least one: fit for a log, a label and a path. */
bool field_is_id(const char *text);
/* `len` digits of lower-case hex and nothing else. */
bool field_is_hex(const char *text, size_t len);
/* The length of a canonical public key of this type. The point itself is checked where it is used,
 * by signature_finish(), since finding y costs more than all of decoding. */
bool field_is_public_key(const struct key_type_info *type, size_t len);

#endif
