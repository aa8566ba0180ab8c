/* SPDX-License-Identifier: Apache-2.0
 * Values as PostgreSQL sends them: the first byte chooses the type. */
#include "db/postgres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Oid types[] = { PG_INT8, PG_INT4, PG_INT2,    PG_BOOL,
		                     PG_OID,  PG_XID8, PG_NUMERIC, PG_TEXT };
	int64_t v;

	if (size == 0 || size > 4096)
		return 0;
	(void)pg_read_int(types[data[0] % HF_COUNT(types)], (const char *)data + 1, (int)size - 1,
	                  &v);
	return 0;
}
