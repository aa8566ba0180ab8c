/* SPDX-License-Identifier: Apache-2.0
 * What the calls by which people prove who they are have in common: most come without a token, so
 * what they present may be guessed at, and guessing is counted (core/people/attempts.h). */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_CALLS_H
#define HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_CALLS_H

#include "server/core/people/people.h"
#include "server/core/people/tickets.h"
#include "server/signing_api/call.h"
#include "server/signing_api/people/credential_bodies.h"

struct person_call {
	struct call call;                                   /* first */
	char guessed[TICKET_USERNAME_MAX + HF_ID_MAX + 16]; /* at what; "": nothing */
};

/* False: too many attempts failed, from this address or at this username ("": at none); then the
 * call is answered, with 429. */
bool person_may_try(struct person_call *p, const char *org_id, const char *username);
/* An operation's failed(): counts what was HF_UNAUTHENTIC. */
void person_failed(struct call *c, hf_status s);

/* Inside a transaction: the code, of this kind and person, which nobody used before. HF_UNAUTHENTIC
 * with words for any other. Only looks when `use` is false. */
HF_MUST hf_status person_code(struct call *c, struct db *db, const struct identity_row *person,
                              const char *kind, const char *code, bool use,
                              uint8_t ret_hash[CODE_HASH_LEN]);

/* The audit log's name for a call that needs no permission. */
void person_operation(struct call *c, const char *name);
/* For the audit log, which has no caller to tell: the organisation, if there is one, and the name
 * that was given; or who it turned out to be. */
HF_MUST hf_status person_is_said_to_be(struct call *c, struct db *db, const char *org_id,
                                       const char *username);
void person_is(struct call *c, const struct identity_row *person);

/* What a factor_body holds, decoded. */
struct decoded_factor {
	struct hf_buf client_data, signature, authenticator_data;
};
HF_MUST hf_status factor_decode(const struct factor_body *body, struct decoded_factor *ret,
                                struct hf_err *err);
struct assertion factor_assertion(const struct decoded_factor *d);
void factor_done(struct decoded_factor *d);

/* New credentials of one request, checked. */
struct enrolled_set {
	struct new_credential credentials[NEW_CREDENTIALS_MAX];
	struct enrolled enrolled[NEW_CREDENTIALS_MAX];
	size_t n;
};
HF_MUST hf_status enrolled_set_read(const struct relying_party *party,
                                    const struct new_credentials_body *body,
                                    struct hf_span challenge, struct enrolled_set *ret,
                                    struct hf_err *err);
/* Inside the transaction; the uuid of the first. */
HF_MUST hf_status enrolled_set_insert(struct db *db, const struct identity_row *person,
                                      const struct enrolled_set *set, int64_t now_ms,
                                      char ret_uuid[HF_ID_MAX], struct hf_err *err);

#endif
