/* SPDX-License-Identifier: Apache-2.0
 * The Signing API's objects as JSON. What is absent is left out, never null. */
#ifndef HF_SERVER_SIGNING_API_PRINT_H
#define HF_SERVER_SIGNING_API_PRINT_H

#include "json/write.h"
#include "server/store/key_rows.h"
#include "server/store/signature_rows.h"
#include "server/store/store_rows.h"

/* A Key. Beside the official members: `storage`, "Wrapped" (held outside of the HSM, encrypted by
 * its master key) or "Resident" (an object in the HSM itself). `alone`: as GET of one key has it,
 * with wallets and store. */
void print_key(struct json_writer *w, const struct key_row *key, bool alone);
void print_signature(struct json_writer *w, const struct signature_row *signature);
void print_store(struct json_writer *w, const struct store_row *store);

#endif
