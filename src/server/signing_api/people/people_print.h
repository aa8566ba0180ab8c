/* SPDX-License-Identifier: Apache-2.0
 * Challenges and credentials, in the official API's shapes. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_PRINT_H
#define HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_PRINT_H

#include "json/write.h"
#include "proof/client_data.h"
#include "server/core/people/caller.h"
#include "server/store/credential_rows.h"
#include "server/store/identity_rows.h"

/* A challenge for one of these credentials to sign. */
struct signing_challenge {
	struct hf_span challenge, identifier;
	struct hf_span commitment; /* what it stands for (docs/proofs.md); empty: not shown */
	const struct caller_credential *credentials;
	size_t n_credentials;
	const struct relying_party *party;
	bool keys_withheld; /* encrypted private keys are not shown */
};
void print_signing_challenge(struct json_writer *w, const struct signing_challenge *c);

/* A challenge for a new credential. The object is left open. */
struct creation_challenge {
	struct hf_span challenge, ticket;
	const char *user_id, *username;
	const char *kind; /* of the credential that is to be made; NULL: several may be */
	const struct relying_party *party;
};
void print_creation_challenge(struct json_writer *w, const struct creation_challenge *c);

void print_credential(struct json_writer *w, const struct credential_row *row);
/* "credential" and "user" of an answer to a registration or recovery. */
void print_registered(struct json_writer *w, const char *uuid, const char *kind, const char *name,
                      const struct identity_row *person);

#endif
