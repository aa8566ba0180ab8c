/* SPDX-License-Identifier: Apache-2.0
 * The Signing API's objects as JSON, for its replies and for events. `name` is the member's, or
 * NULL inside an array and at the root. What is absent is left out, never null. */
#ifndef HF_SERVER_CORE_KEYS_OBJECTS_H
#define HF_SERVER_CORE_KEYS_OBJECTS_H

#include "json/write.h"
#include "server/store/key_rows.h"
#include "server/store/signature_rows.h"
#include "server/store/store_rows.h"
#include "server/store/wallet_rows.h"

/* A Key. Beside the official members: `storage`, "Wrapped" (held outside of the HSM, encrypted by
 * its master key) or "Resident" (an object in the HSM itself). print_key_members() leaves the
 * object open, for those that GET of one key has besides. */
void print_key(struct json_writer *w, const char *name, const struct key_row *key);
void print_key_members(struct json_writer *w, const char *name, const struct key_row *key);
void print_key_store(struct json_writer *w, const struct key_row *key);

/* A SignatureRequest. */
void print_signature(struct json_writer *w, const char *name, const struct signature_row *s);
void print_store(struct json_writer *w, const struct store_row *store);
void print_wallet(struct json_writer *w, const char *name, const struct wallet_row *wallet);

#endif
