/* SPDX-License-Identifier: Apache-2.0
 * Whose call it is. */
#include "server/crypto_api/call_inside.h"

void crypto_call_find_caller(struct crypto_call *c)
{
	crypto_call_fail_with(c, 401, "no session, API key or certificate that this server knows");
}
