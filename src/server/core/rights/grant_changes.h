/* SPDX-License-Identifier: Apache-2.0
 * Changes of permissions and assignments: how they are written down while they wait for approval,
 * what has to be so for them, and their appliers (changes.h). */
#ifndef HF_SERVER_CORE_RIGHTS_GRANT_CHANGES_H
#define HF_SERVER_CORE_RIGHTS_GRANT_CHANGES_H

#include "json/write.h"
#include "server/core/policies/changes.h"
#include "server/store/permission_rows.h"

/* Appended: JSON of the official API. */
void permission_body_print(struct hf_buf *to, const struct permission_row *p);
void assignment_body_print(struct hf_buf *to, const struct assignment_row *a);
/* The member "operations": the names. */
void operations_print(struct json_writer *w, const struct permission_row *p);

/* HF_NOTFOUND. */
HF_MUST hf_status assignment_get(struct db *db, const char *org_id, const char *permission_id,
                                 const char *id, struct assignment_row *ret, struct hf_err *err);
/* Before it is asked for, and again before it is made: the holder is there (HF_NOTFOUND), and has
 * not got the permission already (HF_EXISTS). */
HF_MUST hf_status assignment_check(struct db *db, const struct assignment_row *a,
                                   struct hf_err *err);
/* HF_STATE: immutable, or the last with full access. */
HF_MUST hf_status assignment_check_removal(struct db *db, const struct assignment_row *a,
                                           struct hf_err *err);

#endif
