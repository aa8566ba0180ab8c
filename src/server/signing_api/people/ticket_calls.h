/* SPDX-License-Identifier: Apache-2.0
 * What registrations, recoveries and credentials that are added have in common: a first call gives
 * out a challenge with a ticket (core/people/tickets.h), and a second one brings the ticket back
 * with the new credentials. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_TICKET_CALLS_H
#define HF_SERVER_SIGNING_API_PEOPLE_TICKET_CALLS_H

#include "json/write.h"
#include "server/signing_api/people/people_calls.h"

/* The first call, by one who has a code: who he says he is, and the hash of his code into the
 * ticket, which has the kind of the code already. HF_UNAUTHENTIC with words. */
HF_MUST hf_status ticket_find_person(struct call *c, struct db *db, const char *org_id,
                                     const char *username, const char *code, struct ticket *ticket,
                                     struct identity_row *ret);
/* Fills in whose ticket it is, and prints the challenge up to the array "excludeCredentials", which
 * stays open. */
HF_MUST hf_status ticket_print_challenge(struct call *c, const struct identity_row *person,
                                         struct ticket *ticket, struct json_writer *w);

/* The second call, where the ticket is the bearer token. `what`, for words: "registration". */
HF_MUST hf_status ticket_of_bearer(struct call *c, enum ticket_kind kind, const char *what,
                                   struct ticket *ret, struct hf_buf *challenge,
                                   struct hf_err *err);
/* Inside the transaction: spends the ticket. HF_UNAUTHENTIC: the person is active no longer. */
HF_MUST hf_status ticket_redeem(struct call *c, struct db *db, const struct ticket *ticket,
                                struct identity_row *ret);
/* Inside the transaction: uses up the code of a ticket that has one. `what`: "registration code".
 * HF_UNAUTHENTIC: somebody has, or it has expired. */
HF_MUST hf_status ticket_use_code(struct call *c, struct db *db, const struct ticket *ticket,
                                  const char *what);

#endif
