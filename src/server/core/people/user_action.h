/* SPDX-License-Identifier: Apache-2.0
 * User actions: a request that changes something is signed by its caller's credential.
 *
 * Three steps, none of which stores anything before the last:
 * 1. begin:  commits to method, path, payload, identity, credentials and time. The commitment is
 *            sealed into the challenge identifier; its SHA-256 is the challenge.
 * 2. finish: checks the credential's signature over the client data, which names the challenge.
 *            The result is the user action token: the commitment with the proof beside it, sealed.
 * 3. check:  the request presents the token, and has to be what was committed to. The action's id
 *            is then spent inside the transaction that does what was asked (store/action_rows.h),
 *            so it works once.
 *
 * The id is made in step 1: however often step 2 is repeated, one signature allows one request.
 *
 * The proof is kept with what the request made, and needs no trust in this server: commitment,
 * challenge and proof are proof/action.h's. Thread-safe. */
#ifndef HF_SERVER_CORE_PEOPLE_USER_ACTION_H
#define HF_SERVER_CORE_PEOPLE_USER_ACTION_H

#include "proof/action.h"
#include "server/core/people/caller.h"
#include "server/core/sealed.h"

#define USER_ACTION_IDENTIFIER_MAX 8192 /* challenge identifier, in text */
#define USER_ACTION_TOKEN_MAX 8192

#define CHALLENGE_LIFETIME_MS (5 * 60 * 1000)   /* from begin to finish */
#define USER_ACTION_LIFETIME_MS (2 * 60 * 1000) /* from finish to the request */
/* An id that is older than this can no longer be presented, and need not be remembered. */
#define USER_ACTION_MEMORY_MS (CHALLENGE_LIFETIME_MS + USER_ACTION_LIFETIME_MS + 60 * 1000)

/* What is committed to. */
struct user_action {
	const char *method;
	const char *path; /* with or without its query, as the client said */
	struct payload_hash payload;
};

/* Fills three empty buffers. HF_INVALID with words; HF_UNAUTHENTIC when the
 * caller has no credential. */
HF_MUST hf_status user_action_begin(const struct seal *challenges, const struct caller *caller,
                                    const struct user_action *action, int64_t now_ms,
                                    struct hf_buf *commitment, struct hf_buf *challenge,
                                    struct hf_buf *identifier, struct hf_err *err);

struct user_action_proof {
	const char *credential_id;
	const char *kind;           /* of the credential, as the client says */
	struct hf_span client_data; /* the bytes that were signed */
	struct hf_span signature;
	struct hf_span authenticator_data; /* kind Fido2; otherwise empty */
	const struct relying_party *party; /* whose authenticators are taken */
};

/* Appends the user action token. *ret_counter is an authenticator's count of signatures; 0: of
 * something that does not count. HF_INVALID: challenge unknown, expired, or client data malformed;
 * HF_UNAUTHENTIC: no such credential, or its signature does not verify. */
HF_MUST hf_status user_action_finish(const struct seal *challenges, const struct seal *actions,
                                     const struct caller *caller, const char *identifier,
                                     const struct user_action_proof *from, int64_t now_ms,
                                     struct hf_buf *token, uint32_t *ret_counter,
                                     struct hf_err *err);

/* What a request spends. */
struct user_action_spent {
	char id[HF_ID_MAX];
	int64_t forget_ms; /* when it may be forgotten */
};

/* `path` is the request's without its query, `target` with it: clients sign either. Appends the
 * proof, to be kept with what the request makes. HF_DENIED when the token is missing, forged,
 * expired or for another request. */
HF_MUST hf_status user_action_check(const struct seal *actions, const struct caller *caller,
                                    const char *token, const struct user_action *action,
                                    const char *target, int64_t now_ms, struct hf_buf *proof,
                                    struct user_action_spent *ret, struct hf_err *err);

#endif
