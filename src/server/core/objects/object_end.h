/* SPDX-License-Identifier: Apache-2.0
 * The states of a key's life (NIST SP 800-57 part 1, 7), as changes of its row. Each is for
 * object_change()'s apply(), and fails with words where the state does not allow it.
 *
 * Activation and deactivation are never the HSM's business. A destroyed key stays readable; a
 * deleted one is kept for the audit log's readers, and its name is free. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_END_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_END_H

#include "server/core/objects/object.h"

HF_MUST hf_status object_activate(struct object_row *o, int64_t now_ms, struct hf_err *err);

/* RevocationReason. Compromised for KeyCompromise and CACompromise, otherwise Deactivated. */
struct revocation {
	bool compromised;
	int64_t occurred_ms; /* of a compromise; 0: not said */
	char *json;          /* as it is kept and shown; lives as long as the row is used */
};
HF_MUST hf_status object_revoke(struct object_row *o, const struct revocation *why, int64_t now_ms,
                                struct hf_err *err);

void object_destroy(struct object_row *o, int64_t now_ms);
void object_delete(struct object_row *o, int64_t now_ms);
void object_drop_private(struct object_row *o);

#endif
