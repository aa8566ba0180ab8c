/* SPDX-License-Identifier: Apache-2.0
 * The sealed record of a wrapped key: everything that belongs together, under one MAC that the HSM
 * made.
 *
 * A row altered, or swapped with another, no longer matches its MAC and is refused before the HSM
 * is asked to unwrap it. The wrap format, not the vendor's mechanism number, is recorded, so that
 * another vendor's HSM with the same master key can use the record. */
#ifndef HF_OP_RECORD_H
#define HF_OP_RECORD_H

#include "base/buf.h"
#include "base/id.h"
#include "crypto/key_type.h"
#include "p11/key_shape.h"
#include "p11/wrap_format.h"

/* Stored: append only. */
enum mac_kind {
	MAC_NONE = 0,        /* the HSM has none: integrity is the wrap format's own and the
	                        verified signature */
	MAC_HMAC_SHA256 = 1, /* by the master MAC key, in the HSM */
};

/* The key of the canaries: made by a signer for itself, beside the real ones. Nobody owns anything
 * with it; random numbers are signed with it, to see whether the HSM works. */
#define CANARY_KEY_ID "canary"

#define WRAPPED_BLOB_MAX 6144 /* RSA-8192 takes about 4700 */
#define MASTER_ID_MAX 33      /* 16 bytes in hex and the NUL: see p11/master.h */
#define RECORD_MAC_MAX 32
#define RECORD_ENCODED_MAX (WRAPPED_BLOB_MAX + SPKI_MAX + 512)

/* There are two kinds of record, each with a version of its own. That of a wallet's key has a
 * key_type and a canonical public key. That of a key of any kind (op/crypto_op.h) has key_type 0,
 * and its kind and uses beside it, under the MAC: an AES key that was made to encrypt does not
 * decrypt because somebody edits a row. */

struct key_record {
	char key_id[HF_ID_MAX];
	enum key_type key_type; /* 0: of any kind, which the next four say */
	enum object_type type;
	enum curve curve;
	uint32_t bits;
	unsigned uses; /* of USE_IN_HSM */
	enum wrap_format format;
	char master_id[MASTER_ID_MAX];
	struct hf_span public_key; /* canonical; of any kind: SubjectPublicKeyInfo, or empty */
	struct hf_span blob;
	enum mac_kind mac_kind;
	struct hf_span mac;
};

/* A transient key is in no database: its record goes with whoever may use it, and comes with every
 * operation. Its id says so, under the MAC; where nothing seals records it cannot be. */
#define TRANSIENT_ID "tk" /* prefix: base/id.h */
bool record_is_transient(const struct key_record *r);

/* The bytes that the MAC covers: every field but the MAC itself, each with its length, and a
 * version. */
void record_mac_input(struct hf_buf *to, const struct key_record *r);

/* The key that a record of any kind says. Spans point into the record and into *r. */
struct key_shape record_shape(const struct key_record *r);

/* The whole record. Decoding is strict; spans point into `from`. */
void record_encode(struct hf_buf *to, const struct key_record *r);
HF_MUST hf_status record_decode(struct hf_span from, struct key_record *ret);

#endif
