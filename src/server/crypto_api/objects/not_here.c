/* SPDX-License-Identifier: Apache-2.0
 * What the reference does with security objects, and is not done here, with words. */
#include "server/crypto_api/handlers.h"

/* A component is for its custodian's eyes alone: the reference hands them out, and takes them, one
 * by one inside an approval request. All at once to one caller would be an export by another name.
 */
static void refuse_components(struct crypto_call *c)
{
	crypto_call_fail_with(c, 501,
	                      "key components are not supported: wrap the key with one of the "
	                      "receiver's (POST /crypto/v1/wrapkey), under a quorum");
}

/* It would be a statement of an enclave's maker about a key, and there is no enclave. */
static void refuse_attestation(struct crypto_call *c)
{
	crypto_call_fail_with(c, 501,
	                      "keys are not attested here: their HSM's own tools attest them, by "
	                      "the CKA_ID that \"external\" tells");
}

static void refuse_mechanism(struct crypto_call *c)
{
	crypto_call_fail_with(c, 501,
	                      "transform, encapsulate and decapsulate are not supported: PKCS#11 "
	                      "modules have no mechanism for them yet");
}

const struct crypto_operation crypto_no_mechanism = {
	.size = sizeof(struct crypto_call),
	.after = refuse_mechanism,
};
const struct crypto_operation crypto_key_attestation = {
	.size = sizeof(struct crypto_call),
	.after = refuse_attestation,
};
const struct crypto_operation crypto_key_components = {
	.size = sizeof(struct crypto_call),
	.after = refuse_components,
};
