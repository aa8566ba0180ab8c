/* SPDX-License-Identifier: Apache-2.0
 * Which PINs each token has refused, so that none is put to a token twice, and no more wrong ones
 * than the operator allows: tokens lock after a few. Keeps no PIN, only its mark: an HMAC under a
 * key of this process. One thread at a time. */
#ifndef HF_GATEWAY_PINS_H
#define HF_GATEWAY_PINS_H

#include "base/secret.h"
#include "crypto/digest.h"
#include "hsmhost/task.h"

#define PIN_ATTEMPTS_MAX 10
#define PIN_TOKENS_MAX 64

struct pin_mark {
	uint8_t bytes[SHA256_LEN];
};

struct pins;

/* `attempts`: different wrong PINs before a token is asked no more; 1 to PIN_ATTEMPTS_MAX. */
HF_MUST hf_status pins_new(unsigned attempts, struct pins **ret);
void pins_free(struct pins *p);

HF_MUST hf_status pins_mark(const struct pins *p, const struct hf_secret *pin,
                            struct pin_mark *ret);
bool pin_mark_equal(const struct pin_mark *a, const struct pin_mark *b); /* constant time */

/* May it be put to the token? HF_DENIED, with words: it was refused before, or too many were. */
HF_MUST hf_status pins_may_try(struct pins *p, const struct hsmhost_token *token,
                               const struct pin_mark *pin, struct hf_err *err);
/* Only what the token has said of this very PIN, not that it is locked, say. Once or again. */
void pins_refused(struct pins *p, const struct hsmhost_token *token, const struct pin_mark *pin);
/* The token has counted anew since then, too. */
void pins_accepted(struct pins *p, const struct hsmhost_token *token);

#endif
