/* SPDX-License-Identifier: Apache-2.0
 * Wrapping and unwrapping with the master key, by format (p11/wrap_format.h) rather than by
 * mechanism number.
 *
 * One number is not one format: 0x210A is RFC 5649 on SoftHSM and nShield, and PKCS#7 padding
 * inside RFC 3394 on NSS and openCryptoki. Which one a token means is seen from the length that it
 * gives to a wrapped AES-256 key. */
#ifndef HF_P11_WRAP_H
#define HF_P11_WRAP_H

#include "p11/keytype.h"

#define WRAP_BLOB_MAX 6144 /* RSA-8192 takes about 4700 */

struct wrap_candidate {
	CK_MECHANISM_TYPE mechanism;
	enum wrap_format format; /* what its name promises */
};

/* Worth trying, best first. */
const struct wrap_candidate *wrap_candidates(size_t *ret_count);

/* What format a mechanism gives on this token, from the length of a wrapped AES-256 key. 0: none
 * that we know. */
int wrap_format_detect(CK_MECHANISM_TYPE mechanism, size_t blob_len);

/* Tries `mechanism` on a fresh session AES key. HF_UNSUPPORTED when the token does not wrap with it
 * or into no format that we know. */
HF_MUST hf_status p11_wrap_probe(struct p11_session *s, CK_OBJECT_HANDLE master,
                                 CK_MECHANISM_TYPE mechanism, enum wrap_format *ret,
                                 struct hf_err *err);

/* Appends the blob (for WRAP_CBC_PAD with its random IV in front) to `to`. By p11/rv.h; HF_CORRUPT:
 * a blob of no possible length. */
HF_MUST hf_status p11_wrap(struct p11_session *s, CK_OBJECT_HANDLE master,
                           CK_MECHANISM_TYPE mechanism, enum wrap_format format,
                           CK_OBJECT_HANDLE key, struct hf_buf *to, struct hf_err *err);

/* What C_UnwrapKey is asked, built once. Points into itself: not to be copied. */
struct unwrap_plan {
	struct template template;
	CK_MECHANISM mechanism; /* its parameter is the blob's first `iv_len` bytes */
	size_t iv_len;
};
void unwrap_plan_build(struct unwrap_plan *to, CK_MECHANISM_TYPE mechanism, enum wrap_format format,
                       enum key_type type, const struct p11_type_profile *profile);

/* What an unwrapped key is for. To wrap: it may leave the HSM once more, under another master key;
 * it is SENSITIVE all the same. */
enum unwrap_purpose { UNWRAP_TO_SIGN, UNWRAP_TO_WRAP };

/* How many more keys of a kind are believed to be closed before one is read back again.
 *
 * Whether C_UnwrapKey honours SENSITIVE and EXTRACTABLE is a property of the module, not of the
 * single call: preflight has read both back for the same mechanism, key type and template on this
 * token. What reading back can still find is a module that was exchanged under us, and that shows
 * with the first key of a process. An attacker inside the process gains nothing by the rest, for he
 * could ask for another template himself. So: the first of each kind, then one in UNWRAP_TRUST. A
 * module that needs QUIRK_RATCHET is read back every time. */
#define UNWRAP_TRUST 256
struct unwrap_watch {
	uint16_t trust[KEY_TYPE_MAX + 1][WRAP_FORMAT_MAX + 1];
};

struct unwrap_ask {
	enum key_type type;
	enum wrap_format format;
	struct hf_span blob;
	enum unwrap_purpose purpose;
	struct unwrap_watch *watch; /* NULL: read back this one */
};

/* The private key as a session object; the caller destroys it. Reads back SENSITIVE and
 * EXTRACTABLE, sets them where the module ignored the template (QUIRK_RATCHET of the profile), and
 * refuses what is still exposed: HF_DENIED. HF_CORRUPT or what p11/rv.h says when the blob does not
 * unwrap. */
HF_MUST hf_status p11_unwrap_as(struct p11_session *s, CK_OBJECT_HANDLE master,
                                CK_MECHANISM_TYPE mechanism, const struct unwrap_ask *ask,
                                const struct p11_type_profile *profile, CK_OBJECT_HANDLE *ret,
                                struct hf_err *err);
/* To sign, and read back. */
HF_MUST hf_status p11_unwrap(struct p11_session *s, CK_OBJECT_HANDLE master,
                             CK_MECHANISM_TYPE mechanism, enum wrap_format format,
                             enum key_type type, const struct p11_type_profile *profile,
                             struct hf_span blob, CK_OBJECT_HANDLE *ret, struct hf_err *err);

#endif
