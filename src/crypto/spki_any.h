/* SPDX-License-Identifier: Apache-2.0
 * A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) of any kind of key that an HSM may have, taken apart:
 * DER only, named curves only. Whether a point is on its curve is not looked at. Thread-safe. */
#ifndef HF_CRYPTO_SPKI_ANY_H
#define HF_CRYPTO_SPKI_ANY_H

#include "crypto/object_type.h"

#define SPKI_ANY_MAX 4200 /* RSA-16384 and more */

struct spki_parts {
	enum object_type type; /* OBJECT_RSA or OBJECT_EC */
	enum curve curve;      /* of OBJECT_EC */
	struct hf_span key;    /* RSA: RSAPublicKey; EC: the point, X9.62; others: as RFC 8410 */
};

/* Points into `spki`. HF_INVALID; HF_UNSUPPORTED: another algorithm or curve. */
HF_MUST hf_status spki_read(struct hf_span spki, struct spki_parts *ret);

#endif
