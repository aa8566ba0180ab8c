/* SPDX-License-Identifier: Apache-2.0
 * The master key and the master MAC key: two token objects. CKA_ID is 16 random bytes, the master
 * id, and for the MAC key the same with "mac" behind: NSS replaces a secret key by the next of
 * equal CKA_ID.
 *
 * Master key: AES-256, SENSITIVE, not EXTRACTABLE, PRIVATE, WRAP and UNWRAP and nothing else: a key
 * that also decrypts would give away what it wraps. MAC key: 32 bytes, HMAC-SHA256, SIGN and VERIFY
 * and nothing else; absent where the HSM makes no HMAC. Made by an administrator's command only:
 * several that "find or create" would each create their own. */
#ifndef HF_P11_MASTER_H
#define HF_P11_MASTER_H

#include "p11/template.h"

#define MASTER_ID_LEN 16
#define MASTER_MAC_LEN 32
#define MASTER_LABEL_DEFAULT "holdfast-master"
#define MASTER_LABEL_MAX 64

struct p11_master {
	CK_OBJECT_HANDLE key;
	CK_OBJECT_HANDLE mac;           /* P11_NO_OBJECT: the HSM makes no MAC */
	char id[2 * MASTER_ID_LEN + 1]; /* hex */
	uint64_t mac_mechanism;         /* CKM_SHA256_HMAC, or 0 */
	uint64_t mac_key_type;
	bool temporary; /* session objects of preflight's: p11_master_done() destroys them */
};

/* Needs an R/W session. HF_EXISTS when an object with that label is there. Whatever was made is
 * destroyed on failure. */
HF_MUST hf_status p11_master_create(struct p11_session *s, const char *label,
                                    struct p11_master *ret, struct hf_err *err);

/* Exactly one of that label, with the rights above, and its MAC key. Each fault has words of its
 * own with the next step. HF_NOTFOUND: none (holdfast hsm init-master). HF_STOP: extractable, wrong
 * rights, duplicates, MAC key missing or of another id. */
HF_MUST hf_status p11_master_find(struct p11_session *s, const char *label, struct p11_master *ret,
                                  struct hf_err *err);

/* The same two keys as session objects, so that preflight can try a token that has no master key
 * yet. */
HF_MUST hf_status p11_master_temporary(struct p11_session *s, struct p11_master *ret,
                                       struct hf_err *err);
void p11_master_done(struct p11_session *s, struct p11_master *m);

/* False where the token has no way to make AES keys at all (TPMs behind tpm2-pkcs11): then there
 * can be no master key, and its keys can only live inside it. A token that is merely unwell counts
 * as true. */
bool p11_master_possible(struct p11_session *s);

/* HMAC-SHA256 in the HSM. HF_UNSUPPORTED when there is no MAC key. */
HF_MUST hf_status p11_master_mac(struct p11_session *s, const struct p11_master *m,
                                 struct hf_span input, uint8_t ret[MASTER_MAC_LEN],
                                 struct hf_err *err);

#endif
