/* SPDX-License-Identifier: Apache-2.0
 * Client data: the JSON whose bytes a credential signs (WebAuthn, 5.8.1; the API's Key credentials
 * take the same form). What it says is checked here, in any order of members and with others beside
 * them; the signature over its bytes is the caller's to check. Pure functions: any thread. */
#ifndef HF_PROOF_CLIENT_DATA_H
#define HF_PROOF_CLIENT_DATA_H

#include "base/buf.h"

#define CLIENT_DATA_MAX 1024

/* For whose site authenticators answer. */
struct relying_party {
	const char *id; /* "bank.example"; NULL: none, so that no authenticator is taken */
	const char *const *origins; /* "https://app.bank.example" */
	size_t n_origins;
	bool verify_user; /* by PIN, finger or face, as well as that somebody is there */
};

/* Of a key pair: "type" and "challenge" are these. HF_INVALID with words. */
HF_MUST hf_status client_data_check(struct hf_span bytes, const char *type,
                                    struct hf_span challenge, struct hf_err *err);

/* Of an authenticator: made by a page of one of the party's origins, not inside of another's.
 * Clients hand the challenge to it as the bytes of its text, or as what that stands for in
 * base64url. HF_INVALID, HF_UNAUTHENTIC with words. */
HF_MUST hf_status client_data_check_page(struct hf_span bytes, const char *type,
                                         struct hf_span challenge,
                                         const struct relying_party *party, struct hf_err *err);

#endif
