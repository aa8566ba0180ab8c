/* SPDX-License-Identifier: Apache-2.0
 * Request bodies: what they may hold, read out of parsed JSON. Texts point into the document.
 * HF_INVALID, or HF_UNSUPPORTED for what the API knows and HSM key stores do not do, with words
 * that name the field. No body has a field that is not listed. */
#ifndef HF_SERVER_SIGNING_API_BODIES_H
#define HF_SERVER_SIGNING_API_BODIES_H

#include "crypto/key_type.h"
#include "json/read.h"

/* The key type that a scheme and a curve name; either may be NULL, not both. */
HF_MUST hf_status read_key_type(const char *scheme, const char *curve, enum key_type *ret,
                                struct hf_err *err);

struct create_key_body {
	const char *scheme, *curve;
	const char *name;     /* "" when absent */
	const char *store_id; /* "" when absent */
	enum key_type type;
};
HF_MUST hf_status read_create_key(const struct json_t *body, struct create_key_body *ret,
                                  struct hf_err *err);

struct update_key_body {
	const char *name; /* NULL: cleared */
};
HF_MUST hf_status read_update_key(const struct json_t *body, struct update_key_body *ret,
                                  struct hf_err *err);

HF_MUST hf_status read_empty(const struct json_t *body, struct hf_err *err);

/* What all kinds have in common; the rest is the chain's to read (chain/chain.h). */
struct signature_body {
	const char *external_id; /* "" when absent */
};
HF_MUST hf_status read_signature(const struct json_t *body, struct signature_body *ret,
                                 struct hf_err *err);

struct action_init_body {
	const char *payload, *method, *path;
};
HF_MUST hf_status read_action_init(const struct json_t *body, struct action_init_body *ret,
                                   struct hf_err *err);

#endif
