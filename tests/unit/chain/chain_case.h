/* SPDX-License-Identifier: Apache-2.0
 * One request to sign, from its body to what can be broadcast. What goes wrong in setting it up
 * ends the test. */
#ifndef HF_TESTS_CHAIN_CASE_H
#define HF_TESTS_CHAIN_CASE_H

#include "chain/chain.h"

struct chain_case {
	struct json_t *doc;
	struct hf_buf public_key;
	struct chain_request request;
	struct chain_plan plan;
	struct hf_err err;
};
void chain_case_done(struct chain_case *c);
#define CASE_SCOPED HF_CLEANUP(chain_case_done)

/* Reads and prepares. `network` is the wallet's, or NULL: a request on a key. Key and body are text
 * (hex, JSON with ' for "). */
hf_status chain_case_prepare(struct chain_case *c, const char *network, enum key_type type,
                             const char *public_key, const char *body);

/* Inputs, "encoded" and "signedData" as hex. */
void check_input(const struct chain_case *c, size_t i, const char *hex);
void check_encoded(const struct chain_case *c, const char *r_and_s, int recid, const char *hex);
void check_signed(const struct chain_case *c, const char *r_and_s, int recid, const char *hex);

/* What it pays: exactly one transfer, of the native coin when `amount` is not NULL. */
void check_pays(const struct chain_case *c, const char *to, const char *amount);
/* Readable or not, with so many transfers. */
void check_intent(const struct chain_case *c, bool readable, size_t n_transfers);

/* A refusal with this code, whose words have `words` in them. */
void check_refused(const char *network, enum key_type type, const char *public_key,
                   const char *body, enum hf_code code, const char *words);
void check_address(const char *network, enum key_type type, const char *public_key,
                   const char *address);

#endif
