/* SPDX-License-Identifier: Apache-2.0
 * Change requests as JSON, in the official API's shape. */
#ifndef HF_SERVER_SIGNING_API_RIGHTS_PRINT_CHANGES_H
#define HF_SERVER_SIGNING_API_RIGHTS_PRINT_CHANGES_H

#include "db/db.h"
#include "json/write.h"

/* The whole: what a request is answered with (202) when a policy holds it. */
HF_MUST hf_status print_change_request(struct json_writer *w, struct db *db, const char *org_id,
                                       const char *id);
/* The member "pendingChangeRequest" of what it would change, if there is one. */
HF_MUST hf_status print_pending_change(struct json_writer *w, struct db *db, const char *org_id,
                                       const char *entity_id);

#endif
