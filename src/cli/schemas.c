/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/schemas.h"

#include "keydb/keydb.h"
#include "server/store/migrations.h"

const struct db_schema *const cli_schemas[] = { &keydb_schema, &server_schema };
const size_t cli_schema_count = HF_COUNT(cli_schemas);
