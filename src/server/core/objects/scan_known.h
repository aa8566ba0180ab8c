/* SPDX-License-Identifier: Apache-2.0
 * What a scan knows of the group's keys: those that were there before, and those that it has found.
 * One thread at a time. */
#ifndef HF_SERVER_CORE_OBJECTS_SCAN_KNOWN_H
#define HF_SERVER_CORE_OBJECTS_SCAN_KNOWN_H

#include "server/store/scan_rows.h"

struct known_key {
	struct known_key *next, *next_of_all;
	char id[HF_UUID_MAX];
	enum object_type type;
	bool found;   /* by this scan */
	bool created; /* by this scan */
	bool missing, public_only, making, destroyed;
	bool has_public;
	uint8_t public_digest[32];
	size_t id_len, label_len;
	uint8_t names[2 * CKA_ID_MAX]; /* CKA_ID, CKA_LABEL */
};

#define KNOWN_CHAINS 8192

struct known_keys {
	struct known_key *chains[KNOWN_CHAINS];
	struct known_key *all;
};

void known_keys_done(struct known_keys *k);
HF_MUST hf_status known_keys_load(struct known_keys *k, struct db *db, const char *group_id);
/* The caller has filled row's id, type, names and public key. */
HF_MUST hf_status known_keys_add(struct known_keys *k, const struct object_row *row,
                                 struct known_key **ret);
/* By CKA_ID, CKA_LABEL and type; one that was not found yet before one that was. NULL. */
struct known_key *known_key_exact(struct known_keys *k, const struct object_row *row);
/* The only one of this CKA_ID and type that was not found yet. NULL. */
struct known_key *known_key_renamed(struct known_keys *k, const struct object_row *row);
/* Another public key than the one that is known. */
bool known_key_replaced(const struct known_key *k, const struct object_row *row);
/* From the start again: nothing was found. */
void known_keys_forget(struct known_keys *k);

#endif
