/* SPDX-License-Identifier: Apache-2.0
 * The operations of routes.c's table, by the file that has them. */
#ifndef HF_SERVER_CRYPTO_API_HANDLERS_H
#define HF_SERVER_CRYPTO_API_HANDLERS_H

#include "server/crypto_api/call.h"

/* system.c */
extern const struct crypto_operation crypto_version, crypto_health, crypto_info;

#endif
