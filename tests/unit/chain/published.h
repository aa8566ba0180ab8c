/* SPDX-License-Identifier: Apache-2.0
 * One request of a chain from its body to what can be broadcast, against what is published.
 * Signatures are given, and are checked to be the key's over what the plan says. */
#ifndef HF_TESTS_CHAIN_PUBLISHED_H
#define HF_TESTS_CHAIN_PUBLISHED_H

#include "chain/chain.h"

struct request_case {
	const char *network; /* NULL: a request on a key, whose body names the chain */
	enum key_type type;
	const char *public_key; /* hex, as all of them */
	const char *body;       /* JSON */
};

#define CASE_SIGNATURES_MAX 4

struct case_signature {
	const char *rs;
	const char *encoded;
};

/* Everything comes out as published: `inputs` (as many as signatures), each signature verifies over
 * its input and has that encoding, and all together make `signed_data` (NULL: none). */
void case_gives(const struct request_case *c, const char *const *inputs,
                const struct case_signature *signatures, size_t n, const char *signed_data);

/* Only what is signed, and what is said to be paid: "address amount", one a line, in smallest
 * units; NULL: not readable. */
void case_pays(const struct request_case *c, const char *payments);
void case_signs(const struct request_case *c, const char *const *inputs, size_t n);
/* What `signatures` (r || s, unchecked) make of it. */
void case_assembles(const struct request_case *c, const char *const *signatures, size_t n,
                    const char *signed_data);

/* Refused with that code, and words that contain `says`. */
void case_refused(const struct request_case *c, enum hf_code code, const char *says);

void case_address(const char *network, enum key_type type, const char *public_key,
                  const char *address);

#endif
