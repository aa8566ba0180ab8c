/* SPDX-License-Identifier: Apache-2.0
 * One operation on keys of any kind, where they are: resident in a slot, found by their CKA_ID and
 * CKA_LABEL, or wrapped in a record (op/record.h). What the Crypto API asks of gateways and of
 * drivers alike; the signer does it (signer/crypto_job.h).
 *
 * Spans point into whatever the operation was decoded from, or at what the caller keeps, and live
 * as long as that. Plaintext and imported keys pass through: buffers that hold encoded operations
 * or results are wiped by those who made them. */
#ifndef HF_OP_CRYPTO_OP_H
#define HF_OP_CRYPTO_OP_H

#include "base/buf.h"
#include "op/op.h"
#include "op/record.h"
#include "p11/key_shape.h"
#include "p11/mech.h"

/* Sent: append only. */
enum crypto_op_kind {
	CRYPTO_LIST = 1, /* keys of the slot, `count` at most, from `cursor` on -> list, cursor */
	CRYPTO_DESCRIBE = 2, /* key -> made: as the token has it now */
	CRYPTO_GENERATE = 3, /* made -> made. In a slot: one that is there with this id already is
	                        the answer, if it is like what was asked for */
	CRYPTO_IMPORT =
	        4, /* made, data: raw (symmetric) or PKCS#8 / SPKI DER -> made; as GENERATE */
	CRYPTO_UPDATE =
	        5, /* key, made.label and made.uses (where uses_given): C_SetAttributeValue */
	CRYPTO_DESTROY = 6, /* key; private_only. One that is gone already is HF_NOTFOUND */
	CRYPTO_EXPORT =
	        7, /* key -> data: raw, or PKCS#8. HF_DENIED from the token where it is sensitive */
	CRYPTO_ENCRYPT = 8, /* key, mech, data -> data, iv, tag */
	CRYPTO_DECRYPT = 9, /* key, mech (its iv, tag), data -> data */
	CRYPTO_SIGN = 10, /* key, mech, data -> data: DER for ECDSA, raw for the others; verified */
	CRYPTO_MAC = 11,  /* key, mech, data -> data */
	CRYPTO_MAC_VERIFY = 12, /* key, mech, data, more: the MAC -> verified */
	CRYPTO_WRAP = 13,       /* key, mech, subject -> data: the wrapped key, iv, tag */
	CRYPTO_UNWRAP = 14,     /* key, mech, data, made -> made; as GENERATE */
	CRYPTO_DERIVE = 15,  /* key, mech (ENCRYPT_DATA or HKDF), data, made -> made; as GENERATE */
	CRYPTO_AGREE = 16,   /* key, more: the peer's SPKI, mech ECDH, made -> made; as GENERATE */
	CRYPTO_RANDOM = 17,  /* count: bytes -> data */
	CRYPTO_PING = 18,    /* does the slot answer? C_GenerateRandom or a session's info */
	CRYPTO_PERSIST = 19, /* key: the record of a transient one, made: a kept one of the same
	                        material, with none but its uses -> made; as GENERATE */
};
#define CRYPTO_OP_KIND_MAX 19

bool crypto_op_makes(enum crypto_op_kind kind);       /* a key: `made` says which */
bool crypto_op_uses_key(enum crypto_op_kind kind);    /* `key` says which */
const char *crypto_op_name(enum crypto_op_kind kind); /* "mac-verify", for logs */

#define CRYPTO_DATA_MAX (256u << 10) /* one operation's input: beyond it, several (multipart) */
#define CRYPTO_RESULT_DATA_MAX (CRYPTO_DATA_MAX + 4096) /* with a padding, or a wrapping */
#define CRYPTO_LIST_MAX 256                             /* keys in one page of CRYPTO_LIST */
#define CRYPTO_RANDOM_MAX 65536
#define CRYPTO_MORE_MAX 2048 /* a MAC, a peer's public key */
#define CRYPTO_TAG_MAX 16

/* Which key. */
struct key_where {
	struct hf_span record; /* record_encode(): wrapped; empty: in the slot, by its name */
	struct key_name name;  /* its public key is what every signature is verified against, of a
	                          wrapped one too */
};

struct crypto_op {
	enum crypto_op_kind kind;
	/* The server's id of `key`, or, of GENERATE and IMPORT, of `made`; may be "" in a slot. For
	 * a pool, whose drivers find the records by it, name.id of `subject` and made.id are such
	 * ids as text, too. */
	char key_id[HF_ID_MAX];
	struct key_where key, subject;
	struct crypto_mech mech;
	struct key_shape made;
	bool private_only;
	uint32_t count;
	uint64_t cursor; /* 0: from the start */
	struct hf_span data, more;
};

/* Does a key of the slot come, change or go? */
bool crypto_op_changes_slot(const struct crypto_op *op);

struct crypto_result {
	enum op_outcome outcome;
	enum hf_code code; /* unless OP_DONE */
	char text[256];    /* likewise: for people; never a secret */
	bool unhealthy; /* likewise: a server-side return code; the slot is to be taken for ill */
	bool verified;
	uint64_t cursor; /* of LIST: where the next page begins; 0: that was all */
	uint32_t total;  /* of LIST: keys in the slot, as far as known */
	struct hf_span data, iv, tag;
	struct key_shape made;
	struct hf_span record; /* of what was made, when it was to be wrapped */
	struct hf_span list;   /* crypto_list_next() */
};

#define CRYPTO_OP_ENCODED_MAX (CRYPTO_DATA_MAX + CRYPTO_AD_MAX + 2 * RECORD_ENCODED_MAX + 16384)
#define CRYPTO_RESULT_ENCODED_MAX CRYPTO_OP_ENCODED_MAX

/* Codec (op/crypto_op.c, op/crypto_result.c), version byte first; strict: exactly what encoding
 * makes is decoded, anything else is HF_INVALID. */
void crypto_op_encode(struct hf_buf *to, const struct crypto_op *op);
HF_MUST hf_status crypto_op_decode(struct hf_span from, struct crypto_op *ret, struct hf_err *err);
void crypto_result_encode(struct hf_buf *to, const struct crypto_result *r);
HF_MUST hf_status crypto_result_decode(struct hf_span from, struct crypto_result *ret);

/* Records that come along with an operation from another machine are those of transient keys: all
 * others come from the database of whoever does it. HF_DENIED with words. */
HF_MUST hf_status crypto_op_check_records(const struct crypto_op *op, struct hf_err *err);

/* crypto_verify.c: does the signature verify for the public key that the operation names?
 * HF_INVALID: it names none, or its mechanism is no way to sign; otherwise verify_any()'s. */
HF_MUST hf_status crypto_signature_check(const struct crypto_op *op, struct hf_span signature);
/* Could it be checked? */
bool crypto_signature_checkable(const struct crypto_op *op);

/* The keys of a LIST result: appended one by one when it is made, read one after the other. */
void crypto_list_add(struct hf_buf *to, const struct key_shape *key);
/* HF_NOTFOUND: no more. */
HF_MUST hf_status crypto_list_next(struct hf_reader *r, struct key_shape *ret);

#endif
