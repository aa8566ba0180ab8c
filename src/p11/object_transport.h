/* SPDX-License-Identifier: Apache-2.0
 * Values in and out of tokens that do not take or give them in the clear: under a session key that
 * is made for that moment, never leaves, and is destroyed at once. CKM_AES_CBC_PAD: what a token
 * does to itself within one call needs no check value. */
#ifndef HF_P11_OBJECT_TRANSPORT_H
#define HF_P11_OBJECT_TRANSPORT_H

#include "p11/template.h"

/* `value`: raw, or PKCS#8 of a private key. *ret is the caller's, and not counted
 * (p11_session.live). */
CK_RV transport_in(struct p11_session *s, const struct template *t, struct hf_span value,
                   CK_OBJECT_HANDLE *ret);
/* Of a key that is EXTRACTABLE; in the same forms. The caller owns *ret. By p11/rv.h. */
HF_MUST hf_status transport_out(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_secret *ret,
                                struct hf_err *err);

#endif
