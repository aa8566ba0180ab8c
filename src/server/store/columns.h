/* SPDX-License-Identifier: Apache-2.0
 * Small things that reading rows has in common. */
#ifndef HF_SERVER_STORE_COLUMNS_H
#define HF_SERVER_STORE_COLUMNS_H

#include "db/db.h"

#include <stdio.h>

/* Greater than every id: prefixes are shorter and begin with other letters. */
#define AFTER_EVERY_ID "zzzzzzzz"

static inline void column_text(struct db_stmt *st, int i, char *to, size_t cap)
{
	snprintf(to, cap, "%s", db_col_text(st, i));
}

#endif
