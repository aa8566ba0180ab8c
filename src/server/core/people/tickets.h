/* SPDX-License-Identifier: Apache-2.0
 * Tickets: a login, registration, new credential or recovery under way, handed to the client
 * instead of being kept: sealed (core/sealed.h), with claims as a JWT has them. The challenge that
 * a credential signs is a hash of the ticket, and so commits to all that it says:
 *   base64url(hex(SHA-256(field("holdfast ticket 1") || ticket)))
 * A ticket is spent by its id, in the transaction of what it is good for. Thread-safe. */
#ifndef HF_SERVER_CORE_PEOPLE_TICKETS_H
#define HF_SERVER_CORE_PEOPLE_TICKETS_H

#include "proof/action.h"
#include "server/core/people/codes.h"
#include "server/core/sealed.h"

#define TICKET_TEXT_MAX 4096
#define TICKET_USERNAME_MAX 256
#define TICKET_LIFETIME_MS (15 * 60 * 1000)
#define LOGIN_LIFETIME_MS (5 * 60 * 1000)

enum ticket_kind { TICKET_LOGIN, TICKET_REGISTRATION, TICKET_CREDENTIAL, TICKET_RECOVERY };

struct ticket {
	enum ticket_kind kind;
	char id[HF_ID_MAX]; /* made by ticket_put() */
	int64_t issued_ms;
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];               /* login: "", which would tell who exists */
	char username[TICKET_USERNAME_MAX];        /* login: as the client said, or "" */
	char credential_kind[CREDENTIAL_KIND_MAX]; /* the one that is to be made; "": any */
	char credential_id[CREDENTIAL_ID_MAX];     /* recovery: the key that allows it */
	char code_kind[16];                        /* that is used with it; "": none */
	uint8_t code_hash[CODE_HASH_LEN];
};

/* Fills id and issued_ms; appends text and challenge. */
HF_MUST hf_status ticket_put(const struct hf_secret *mac, struct ticket *t, int64_t now_ms,
                             struct hf_buf *text, struct hf_buf *challenge);
/* A ticket of this kind; appends its challenge. HF_INVALID with the words of the Signing API for
 * any other text, and for one that has expired. */
HF_MUST hf_status ticket_open(const struct hf_secret *mac, enum ticket_kind kind, const char *text,
                              int64_t now_ms, struct ticket *ret, struct hf_buf *challenge,
                              struct hf_err *err);
/* Inside a transaction: HF_INVALID with words when it was spent before. */
HF_MUST hf_status ticket_spend(struct db *db, const struct ticket *t, struct hf_err *err);

#endif
