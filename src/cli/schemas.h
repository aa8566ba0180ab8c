/* SPDX-License-Identifier: Apache-2.0
 * The schemas that this program knows. */
#ifndef HF_CLI_SCHEMAS_H
#define HF_CLI_SCHEMAS_H

#include "db/schema.h"

extern const struct db_schema *const cli_schemas[];
extern const size_t cli_schema_count;

#endif
