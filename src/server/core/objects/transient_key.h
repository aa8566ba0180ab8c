/* SPDX-License-Identifier: Apache-2.0
 * Keys that live in a session and are in no database: whoever made one carries it, and shows it
 * with each call. What he carries is opaque to him:
 *
 *   the key ── wrapped by the HSM's master key ──► a record, sealed by the HSM (op/record.h)
 *   the record, and what the key is and may do ── sealed with a key of the server ──► transient_key
 *
 * It opens for the session of the organisation that it was sealed for, at every server of the same
 * database, and for nobody else; with the session it ends. The key itself is in the clear only
 * inside the HSM. */
#ifndef HF_SERVER_CORE_OBJECTS_TRANSIENT_KEY_H
#define HF_SERVER_CORE_OBJECTS_TRANSIENT_KEY_H

#include "base/secret.h"
#include "server/core/objects/object.h"

#define TRANSIENT_KEY_MAX 11264 /* sealed; as base64 it fits into a body of 16 KB */

/* Whose it is. */
struct transient_session {
	const struct hf_secret *secret; /* the servers' */
	const char *org_id, *session_id;
};

/* Appends. `key` is transient. HF_TOOBIG: it has more about it than is carried. */
HF_MUST hf_status transient_key_seal(const struct transient_session *of, const struct object *key,
                                     struct hf_buf *to);
/* HF_INVALID with words: not made here for them, or changed on its way. The row and the record
 * point into *ret_plain, which the caller owns. */
HF_MUST hf_status transient_key_open(const struct transient_session *of, struct hf_span sealed,
                                     struct hf_secret *ret_plain, struct object_row *ret,
                                     struct hf_span *ret_record, struct hf_err *err);

/* What is sealed. Decoding is strict: exactly what encoding makes; spans and texts point into
 * `from`. */
void transient_key_encode(struct hf_buf *to, const struct object_row *row, struct hf_span record);
HF_MUST hf_status transient_key_decode(struct hf_span from, struct object_row *ret,
                                       struct hf_span *ret_record);

#endif
