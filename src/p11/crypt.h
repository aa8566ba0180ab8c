/* SPDX-License-Identifier: Apache-2.0
 * Using a key that is in the session: encrypting, signing, wrapping and so on, by the words of
 * p11/mech.h. Nothing is computed with a key outside the HSM: where a token lacks a mechanism, it
 * is put together from blocks that the token enciphers (FF1, KW and KWP from ECB; CMAC), or it is
 * HF_UNSUPPORTED with words. Results are appended; buffers that get plaintext are wiped by their
 * owner. By p11/rv.h: HF_INVALID for data of impossible length, HF_UNAUTHENTIC for a tag, padding
 * or check that does not fit; one text for all causes, so that nobody learns which. */
#ifndef HF_P11_CRYPT_H
#define HF_P11_CRYPT_H

#include "p11/key_shape.h"
#include "p11/mech.h"
#include "p11/session.h"

/* `public_object`: of RSA, for encryption. *ret_tag: of GCM, CCM. *ret_iv: as given or as made. */
HF_MUST hf_status p11_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct crypto_mech *mech, struct hf_span plain,
                              struct hf_buf *ret, struct hf_buf *ret_iv, struct hf_buf *ret_tag,
                              struct hf_err *err);
HF_MUST hf_status p11_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct crypto_mech *mech, struct hf_span cipher,
                              struct hf_buf *ret, struct hf_err *err);

/* The signature in its interface's form: DER for ECDSA. Not verified here. */
HF_MUST hf_status p11_sign(struct p11_session *s, CK_OBJECT_HANDLE key,
                           const struct crypto_mech *mech, struct hf_span data, struct hf_buf *ret,
                           struct hf_err *err);

/* HMAC, CMAC. */
HF_MUST hf_status p11_mac(struct p11_session *s, CK_OBJECT_HANDLE key,
                          const struct crypto_mech *mech, struct hf_span data, struct hf_buf *ret,
                          struct hf_err *err);
/* HF_UNAUTHENTIC: it is another. By the HSM, or by making it anew and comparing in constant time.
 */
HF_MUST hf_status p11_mac_verify(struct p11_session *s, CK_OBJECT_HANDLE key,
                                 const struct crypto_mech *mech, struct hf_span data,
                                 struct hf_span mac, struct hf_err *err);

HF_MUST hf_status p11_wrap_key(struct p11_session *s, CK_OBJECT_HANDLE wrapper,
                               const struct crypto_mech *mech, CK_OBJECT_HANDLE subject,
                               struct hf_buf *ret, struct hf_buf *ret_iv, struct hf_buf *ret_tag,
                               struct hf_err *err);
/* Those that make a key: of `shape`, as p11_object_generate() does; whoever calls has looked
 * whether it is there already. */
HF_MUST hf_status p11_unwrap_key(struct p11_session *s, CK_OBJECT_HANDLE wrapper,
                                 const struct crypto_mech *mech, struct hf_span wrapped,
                                 const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                                 struct hf_err *err);
HF_MUST hf_status p11_derive(struct p11_session *s, CK_OBJECT_HANDLE key,
                             const struct crypto_mech *mech, struct hf_span data,
                             const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                             struct hf_err *err);
/* `peer`: SubjectPublicKeyInfo, of the same curve: HF_INVALID otherwise, or when it is not on it.
 */
HF_MUST hf_status p11_agree(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span peer,
                            const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                            struct hf_err *err);

#define P11_RANDOM_MAX 65536
HF_MUST hf_status p11_random(struct p11_session *s, size_t n, struct hf_buf *ret,
                             struct hf_err *err);

#endif
