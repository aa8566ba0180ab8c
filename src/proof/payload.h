/* SPDX-License-Identifier: Apache-2.0
 * What a user action commits to as its payload: the SHA-256 of the body's canonical JSON. Clients
 * serialise the body once for the signature and once for the wire, not always alike, so it is
 * meaning that is compared, not bytes. An empty body, an absent one and "{}" are the same. */
#ifndef HF_PROOF_PAYLOAD_H
#define HF_PROOF_PAYLOAD_H

#include "json/read.h"

#define PAYLOAD_MAX (256u << 10)
#define PAYLOAD_HASH_LEN 32

struct payload_hash {
	uint8_t bytes[PAYLOAD_HASH_LEN];
};

/* Parses a body of at most `max` bytes; an empty one gives an empty object. The caller owns *ret.
 * HF_TOOBIG, HF_INVALID with words. */
HF_MUST hf_status payload_parse(struct hf_span body, size_t max, struct json_t **ret,
                                struct hf_err *err);
HF_MUST hf_status payload_hash(const struct json_t *body, struct payload_hash *ret);
/* Both at once, for a body that is only compared. */
HF_MUST hf_status payload_hash_text(struct hf_span body, struct payload_hash *ret,
                                    struct hf_err *err);

#endif
