/* SPDX-License-Identifier: Apache-2.0
 * Every route of the Crypto API: one line each. */
#include "server/crypto_api/handlers.h"

#define SMALL (16u << 10)
#define NONE 0u

// clang-format off
const struct crypto_route crypto_routes[] = {
	/* The system */
	{ "GET",    "/sys/v1/version", "Crypto:Version", CALLER_NOBODY, NONE, 0, &crypto_version },
	{ "GET",    "/sys/v1/health",  "Crypto:Health",  CALLER_NOBODY, NONE, 0, &crypto_health },
	{ "GET",    "/sys/v1/info",    "Crypto:Info",    CALLER_NOBODY, NONE, 0, &crypto_info },

	/* Sessions */

	/* Apps */

	/* Users and the account */

	/* The log */

	/* Groups and their connections */

	/* Security objects */

	/* Operations on keys */

	/* Batches */

	/* Approvals */
};
// clang-format on

const size_t crypto_route_count = HF_COUNT(crypto_routes);
