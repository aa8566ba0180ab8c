/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_any.h"
#include "op/crypto_op.h"

_Static_assert(CRYPTO_SALT_AS_HASH == VERIFY_SALT_AS_HASH, "one word for it");

static bool verification_of(const struct crypto_mech *m, struct verify_how *ret)
{
	struct verify_how how = {
		.hash = m->hash, .mgf_hash = m->mgf_hash, .salt_len = m->salt_len, .by_table = true
	};

	if (m->mode == MODE_ECDSA)
		how.kind = VERIFY_ECDSA;
	else if (m->mode == MODE_EDDSA)
		how.kind = VERIFY_EDDSA;
	else if (m->mode == MODE_RSA_PKCS1)
		how.kind = VERIFY_RSA_PKCS1;
	else if (m->mode == MODE_RSA_PSS)
		how.kind = VERIFY_RSA_PSS;
	else
		return false;
	*ret = how;
	return true;
}

bool crypto_signature_checkable(const struct crypto_op *op)
{
	struct verify_how how;

	return op->key.name.public_key.len && verification_of(&op->mech, &how);
}

hf_status crypto_signature_check(const struct crypto_op *op, struct hf_span signature)
{
	struct verify_how how;

	HF_ENSURE(op->key.name.public_key.len && verification_of(&op->mech, &how), HF_INVALID);
	return verify_any(op->key.name.public_key, &how, op->data, signature);
}
