/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `policies`: one query, one function. */
#ifndef HF_SERVER_STORE_POLICY_ROWS_H
#define HF_SERVER_STORE_POLICY_ROWS_H

#include "db/db.h"

HF_MUST hf_status policy_rows_any(struct db *db, const char *org_id, const char *activity_kind,
                                  bool *ret);

#endif
