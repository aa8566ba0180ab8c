/* SPDX-License-Identifier: Apache-2.0
 * The order of a list, as clients ask for it: "kid:asc", "kid:desc", or "kid", which ascends. */
#ifndef HF_SERVER_CRYPTO_API_SORT_H
#define HF_SERVER_CRYPTO_API_SORT_H

#include <stdbool.h>

/* Whether `text` asks for this field, and which way then. */
bool crypto_sorts_by(const char *text, const char *field, bool *ret_descending);

#endif
