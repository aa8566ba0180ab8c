/* SPDX-License-Identifier: Apache-2.0
 * Which key store a driver serves. Its certificate decides: a store that is bound to an
 * intermediate (its issuer_key_id) is served by leaves of that one only; a store bound to none, by
 * any driver that the listener accepts. Stores bound to the driver's issuer go before unbound ones.
 * Where several are left, the name that the driver sends picks one of them; a name never opens more
 * than the certificate does. */
#ifndef HF_SERVER_QUEUE_API_CHOICE_H
#define HF_SERVER_QUEUE_API_CHOICE_H

#include "server/store/served_rows.h"

#define CHOICE_NAME_MAX 65
#define CHOICE_ISSUER_MAX 65

struct choice {
	enum hf_code code; /* HF_OK, or HF_DENIED with words */
	char store_id[HF_ID_MAX];
	char why[192];
};

/* Reads the database. A refusal is an answer too: *ret is filled in, and the status is OK. */
HF_MUST hf_status choice_make(struct db *db, const char *issuer_key_id, const char *name,
                              struct choice *ret);

/* What was chosen within the last second, so that a busy driver's polls need no read of their own.
 * Any thread. */
struct choices;
HF_MUST hf_status choices_new(struct choices **ret);
void choices_free(struct choices *c);
bool choices_get(struct choices *c, const char *issuer_key_id, const char *name,
                 struct choice *ret);
void choices_put(struct choices *c, const char *issuer_key_id, const char *name,
                 const struct choice *choice);

#endif
