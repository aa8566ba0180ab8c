/* SPDX-License-Identifier: Apache-2.0
 * What generating and importing share: the template of a new key, and what is to be seen to before
 * and after.
 *
 * A new key is PRIVATE, SENSITIVE, MODIFIABLE and not EXTRACTABLE. One that may be exported
 * (USE_EXPORT) is EXTRACTABLE and not SENSITIVE, since only then does every token give its value;
 * one that is to be wrapped and destroyed (not persistent) is EXTRACTABLE and SENSITIVE. */
#ifndef HF_P11_OBJECT_NEW_H
#define HF_P11_OBJECT_NEW_H

#include "p11/object_half.h"
#include "p11/template.h"

/* All but what makes the key: no CKA_CLASS, CKA_KEY_TYPE, value, length or curve. Borrows from
 * *shape. */
void template_new(struct template *t, const struct key_shape *shape, enum object_half half);

/* HF_INVALID with words: no such keys, or a persistent one without CKA_ID, or names too long. */
HF_MUST hf_status new_check(const struct key_shape *shape, struct hf_err *err);

/* HF_NOTFOUND: the token has no key of this id. Otherwise the key that there is, as asked for, or
 * HF_EXISTS. Only persistent ones are looked for. */
HF_MUST hf_status new_is_there(struct p11_session *s, const struct key_shape *shape,
                               CK_OBJECT_HANDLE *ret_handle, struct key_shape *ret,
                               struct hf_buf *store, struct hf_err *err);

/* As closed as it was to be: set if the token did not, or HF_DENIED. */
HF_MUST hf_status new_close(struct p11_session *s, CK_OBJECT_HANDLE object,
                            const struct key_shape *shape, struct hf_err *err);

/* Takes away what the token has a new half say beyond what was asked for: an EC key that may
 * decrypt. Not in its template, which tokens that have no such attribute would refuse; where this
 * one does not let it be changed, it stays: there is no such mechanism. */
void new_trim(struct p11_session *s, CK_OBJECT_HANDLE object, const struct key_shape *shape,
              enum object_half half);

/* Counts a new object (p11_session.live), unless persistent; and takes it away. */
void new_count(struct p11_session *s, const struct key_shape *shape);
void new_destroy(struct p11_session *s, CK_OBJECT_HANDLE object, const struct key_shape *shape);

/* Might another template do, after this code? */
bool new_try_another(CK_RV rv);
/* What to say when none did. */
HF_MUST hf_status new_refused(struct p11_session *s, CK_RV rv, const char *call,
                              const struct key_shape *shape, struct hf_err *err);

/* CKK_…; of an Edwards or Montgomery curve that of PKCS#11 3.0. */
CK_KEY_TYPE new_key_type(const struct key_shape *shape);

#endif
