/* SPDX-License-Identifier: Apache-2.0
 * The keys of an operation (op/crypto_op.h), ready to be used in a session: found in the slot, or
 * unwrapped from a record whose MAC was checked.
 *
 * Handles of the slot's keys are remembered. A module may give the handle of a key that somebody
 * destroyed to another one: so a handle that is more than FOUND_TRUST_MS old is asked for its
 * CKA_ID before it is used again. Signatures are verified by the host in any case. One thread. */
#ifndef HF_SIGNER_CRYPTO_KEYS_H
#define HF_SIGNER_CRYPTO_KEYS_H

#include "p11/object.h"
#include "signer/job.h"

#define FOUND_KEYS_MAX 4096
#define FOUND_TRUST_MS 2000

/* What a key that comes out of a record is for. */
enum key_purpose {
	KEY_TO_USE,    /* as its record says; it cannot leave */
	KEY_TO_WRAP,   /* it may leave once more, wrapped */
	KEY_TO_EXPORT, /* its value may be read */
};

/* Which key is wanted, and what for. */
struct key_want {
	const struct key_where *where;
	const char *key_id;    /* that the record has to name; "": whatever it names */
	enum object_half half; /* HALF_PUBLIC: of RSA, to encrypt and to wrap with */
	unsigned use;          /* that the record has to allow: one of enum key_use, or 0 */
	enum key_purpose purpose;
};

struct held_key {
	CK_OBJECT_HANDLE handle;
	bool ours;             /* made for this operation: crypto_key_release() destroys it */
	bool remembered;       /* came out of a memory: may be stale */
	char found[HF_ID_MAX]; /* its name there */
};

/* HF_NOTFOUND: the slot has no such key; HF_DENIED: the record does not allow this use; HF_CORRUPT,
 * HF_UNAUTHENTIC, HF_STATE: the record is damaged, altered, another key's, or of another master
 * key. */
HF_MUST hf_status crypto_key_open(struct desk *d, const struct key_want *want, struct held_key *ret,
                                  struct hf_err *err);
void crypto_key_release(struct desk *d, struct held_key *key);
/* Its handle is stale, says the module: it is looked for anew next time. */
void crypto_key_forget(struct desk *d, const struct held_key *key);

#endif
