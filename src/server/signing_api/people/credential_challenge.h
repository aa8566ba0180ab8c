/* SPDX-License-Identifier: Apache-2.0
 * One more credential of a person: the challenge for it, and taking it. By the person himself
 * (credentials.c), or with a code that he made before (credential_codes.c). */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_CREDENTIAL_CHALLENGE_H
#define HF_SERVER_SIGNING_API_PEOPLE_CREDENTIAL_CHALLENGE_H

#include "server/signing_api/people/people_calls.h"

/* HF_UNSUPPORTED with words for what is not taken here. */
HF_MUST hf_status check_credential_kind(const struct call *c, const char *kind, struct hf_err *err);
/* `ticket` has its kinds and code; the rest is filled in. */
HF_MUST hf_status print_credential_challenge(struct call *c, struct db *db,
                                             const struct identity_row *person,
                                             struct ticket *ticket);

struct credential_creation {
	struct person_call person; /* first */
	struct ticket ticket;
	struct new_credentials_body body;
	struct enrolled_set set;
};
/* In prepare(): body, ticket and the new credential, checked against each other. */
HF_MUST hf_status credential_creation_read(struct credential_creation *n, struct hf_err *err);
/* A run(). */
HF_MUST hf_status credential_creation_run(struct call *c, struct db *db);

#endif
