/* SPDX-License-Identifier: Apache-2.0
 * What the files behind p11/crypt.h share. For src/p11/crypt*.c only. */
#ifndef HF_P11_CRYPT_IMPL_H
#define HF_P11_CRYPT_IMPL_H

#include "p11/crypt.h"
#include "p11/template.h"

#define CRYPT_BLOCK 16
#define CRYPT_SIGNATURE_MAX 1024 /* RSA-8192 */

/* crypt_call.c: one operation of two calls, C_…Init and the one that does it. */
enum crypt_kind { CRYPT_ENCRYPT, CRYPT_DECRYPT, CRYPT_SIGN };

struct crypt_call {
	enum crypt_kind kind;
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE key;
	size_t room; /* bytes that the result may have, as far as the buffer goes */
	bool begun;  /* C_…Init went well: what failed afterwards was about the data */
};

/* Appends the result. What the token does not have, or does not take the parameters of, is
 * HF_UNSUPPORTED; by p11/rv.h otherwise. Of a decryption that failed for what was in the data,
 * HF_UNAUTHENTIC with the one text that there is. */
HF_MUST hf_status crypt_run(struct p11_session *s, struct crypt_call *c, struct hf_span in,
                            struct hf_buf *to, struct hf_err *err);
/* The one text. */
HF_MUST hf_status crypt_undecipherable(struct hf_err *err);
/* Were these parameters refused, before there were data? Then others may be tried. */
bool crypt_params_refused(const struct p11_session *s, const struct crypt_call *c);

/* Does this code of a decryption say that the data are not right? */
bool crypt_is_about_data(struct p11_session *s, CK_RV rv);

/* C_GenerateRandom. */
HF_MUST hf_status crypt_random(struct p11_session *s, uint8_t *to, size_t n, struct hf_err *err);

/* "this is no way to encrypt": a mode that came to the wrong place. */
HF_MUST hf_status crypt_no_way(enum crypto_mode mode, const char *what, struct hf_err *err);

/* crypt_cipher.c: the symmetric modes that tokens have themselves. Lengths of data are checked
 * here. */
HF_MUST hf_status cipher_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                                 const struct crypto_mech *mech, struct hf_span plain,
                                 struct hf_buf *ret, struct hf_buf *ret_iv, struct hf_buf *ret_tag,
                                 struct hf_err *err);
HF_MUST hf_status cipher_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                                 const struct crypto_mech *mech, struct hf_span cipher,
                                 struct hf_buf *ret, struct hf_err *err);

/* crypt_params.c: a mechanism with what it points at. Not to be copied. */
struct crypt_gcm_2_40 { /* the published header of 2.40 left ulIvBits out, and some modules too */
	CK_BYTE *iv;
	CK_ULONG iv_len;
	CK_BYTE *aad;
	CK_ULONG aad_len;
	CK_ULONG tag_bits;
};
struct crypt_ccm {
	CK_ULONG data_len;
	CK_BYTE *nonce;
	CK_ULONG nonce_len;
	CK_BYTE *aad;
	CK_ULONG aad_len;
	CK_ULONG mac_len;
};
struct crypt_params {
	CK_MECHANISM mechanism;
	uint8_t iv[CRYPTO_IV_MAX]; /* some modules write the one that they used here */
	size_t iv_len;
	size_t tag_len; /* bytes behind the ciphertext */
	union {
		CK_GCM_PARAMS gcm;
		struct crypt_gcm_2_40 old_gcm;
		struct crypt_ccm ccm;
		CK_AES_CTR_PARAMS ctr;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
		CK_RSA_PKCS_PSS_PARAMS pss;
	};
};
/* A symmetric mode. `encrypting`: an IV that is wanted and not given is made by the HSM.
 * `data_len`: of the plaintext (CCM). HF_INVALID: an IV or tag of impossible length. */
HF_MUST hf_status params_cipher(struct p11_session *s, CK_OBJECT_HANDLE key,
                                const struct crypto_mech *mech, bool encrypting, size_t data_len,
                                struct crypt_params *ret, struct hf_err *err);
/* Again, in the other form of the GCM parameters. False: there is no other. */
bool params_other_form(struct crypt_params *p, const struct crypto_mech *mech);
/* PKCS1, OAEP, RAW. */
HF_MUST hf_status params_rsa(const struct crypto_mech *mech, struct crypt_params *ret,
                             struct hf_err *err);

/* crypt_rsa.c. HF_UNSUPPORTED: `mech` has a label for OAEP, and the token does without. */
HF_MUST hf_status rsa_check_label(struct p11_session *s, const struct crypto_mech *mech,
                                  struct hf_err *err);
HF_MUST hf_status rsa_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct crypto_mech *mech, struct hf_span plain,
                              struct hf_buf *ret, struct hf_err *err);
HF_MUST hf_status rsa_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct crypto_mech *mech, struct hf_span cipher,
                              struct hf_buf *ret, struct hf_err *err);

/* crypt_blocks.c: whole AES blocks by the HSM, which all that it does not have is made of. */
HF_MUST hf_status blocks_ecb(struct p11_session *s, CK_OBJECT_HANDLE key, bool encrypt,
                             const uint8_t *in, size_t len, uint8_t *ret, struct hf_err *err);
/* The last block of CBC with an IV of zeros. */
HF_MUST hf_status blocks_mac(struct p11_session *s, CK_OBJECT_HANDLE key, const uint8_t *in,
                             size_t len, uint8_t ret[CRYPT_BLOCK], struct hf_err *err);
HF_MUST hf_status blocks_cmac(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span data,
                              uint8_t ret[CRYPT_BLOCK], struct hf_err *err);

/* crypt_kw.c: RFC 3394 and RFC 5649 over data. */
#define KW_DATA_MAX 4096
HF_MUST hf_status kw_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key, bool pad,
                             struct hf_span plain, struct hf_buf *ret, struct hf_err *err);
HF_MUST hf_status kw_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key, bool pad,
                             struct hf_span cipher, struct hf_buf *ret, struct hf_err *err);

/* crypt_ff1.c */
HF_MUST hf_status ff1_data(struct p11_session *s, CK_OBJECT_HANDLE key,
                           const struct crypto_mech *mech, bool encrypt, struct hf_span data,
                           struct hf_buf *ret, struct hf_err *err);

/* crypt_hash.c: a digest as PKCS#11 speaks of it. NULL: it does not. */
struct crypt_hash {
	CK_MECHANISM_TYPE digest, hmac;
	CK_ULONG mgf;        /* 0: none */
	struct hf_span info; /* DigestInfo before the digest: RFC 8017, 9.2, note 1 */
};
const struct crypt_hash *crypt_hash(enum digest_alg alg);

/* crypt_made.c: the templates of keys that come out of others. */
void made_template(struct template *t, const struct key_shape *shape);
/* Counts it, reads back whether it is as closed and as long as it was to be, and destroys it where
 * it is not: HF_DENIED, HF_INVALID. */
HF_MUST hf_status made_accept(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct key_shape *shape, struct hf_err *err);

#endif
