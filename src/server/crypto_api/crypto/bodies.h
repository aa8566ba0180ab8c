/* SPDX-License-Identifier: Apache-2.0
 * Request bodies of the crypto calls: every field that the schemas know, nothing else. null means
 * that a field was not given, as some clients write it.
 *
 * Base64 is decoded into one buffer for the whole request, `bytes`, which never moves once
 * body_reserve() has made room; all spans point there, everything else into the JSON document. What
 * is in it may be plaintext: body_wipe(). */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_BODIES_H
#define HF_SERVER_CRYPTO_API_CRYPTO_BODIES_H

#include "json/read.h"
#include "server/crypto_api/crypto/mode.h"

/* Room for all that a document can decode to. HF_TOOBIG, HF_NOMEM. */
HF_MUST hf_status body_reserve(const struct json_t *doc, struct hf_buf *bytes);
void body_wipe(struct hf_buf *bytes); /* and releases */

/* One field's base64, at most `max` bytes of it; `text` NULL leaves *ret. HF_TOOBIG of a long one:
 * `instead` says what to do. */
HF_MUST hf_status body_base64(struct hf_buf *bytes, const char *field, const char *text, size_t max,
                              const char *instead, struct hf_span *ret, struct hf_err *err);

/* Encrypt and decrypt; wrap and unwrap have the same parameters. */
struct cipher_body {
	struct json_t *key; /* SobjectDescriptor; NULL: not given */
	struct mode_said said;
	struct hf_span data; /* plain or cipher */
	bool masked;
};
HF_MUST hf_status read_encrypt(const struct json_t *doc, struct hf_buf *bytes,
                               struct cipher_body *ret, struct hf_err *err);
HF_MUST hf_status read_decrypt(const struct json_t *doc, struct hf_buf *bytes,
                               struct cipher_body *ret, struct hf_err *err);

struct sign_body {
	struct json_t *key;
	const char *hash_alg; /* NULL: not given */
	struct json_t *mode;
	struct hf_span hash, data; /* exactly one has a ptr */
	struct hf_span signature;  /* of verify */
	bool deterministic;
};
HF_MUST hf_status read_sign(const struct json_t *doc, struct hf_buf *bytes, struct sign_body *ret,
                            struct hf_err *err);
HF_MUST hf_status read_verify(const struct json_t *doc, struct hf_buf *bytes, struct sign_body *ret,
                              struct hf_err *err);
/* How this key signs it, and over what: *ret_data is `data` of the body (EdDSA) or a digest, which
 * stands in `digest` when it had to be made. */
HF_MUST hf_status sign_body_mech(const struct sign_body *body, const struct mode_key *key,
                                 bool verify, uint8_t digest[DIGEST_LEN_MAX],
                                 struct crypto_mech *ret, struct hf_span *ret_data,
                                 struct hf_err *err);

struct mac_body {
	struct json_t *key;
	const char *alg;
	struct hf_span data, mac; /* mac: of macverify */
};
HF_MUST hf_status read_mac(const struct json_t *doc, struct hf_buf *bytes, struct mac_body *ret,
                           struct hf_err *err);
HF_MUST hf_status read_mac_verify(const struct json_t *doc, struct hf_buf *bytes,
                                  struct mac_body *ret, struct hf_err *err);

struct digest_body {
	enum digest_alg alg;
	struct hf_span data;
};
HF_MUST hf_status read_digest(const struct json_t *doc, struct hf_buf *bytes,
                              struct digest_body *ret, struct hf_err *err);

struct wrap_body {
	struct json_t *key, *subject;
	const char *kid; /* the subject, as old clients name it: one of the two is not NULL */
	struct mode_said said;
};
HF_MUST hf_status read_wrap(const struct json_t *doc, struct hf_buf *bytes, struct wrap_body *ret,
                            struct hf_err *err);

struct random_body {
	int64_t size;
	const char *group_id; /* NULL: the app's own group */
};
HF_MUST hf_status read_random(const struct json_t *doc, struct random_body *ret,
                              struct hf_err *err);

struct data_key_body {
	struct json_t *key;
	int64_t bits; /* of the data key */
	struct hf_span ad;
};
HF_MUST hf_status read_data_key(const struct json_t *doc, struct hf_buf *bytes,
                                struct data_key_body *ret, struct hf_err *err);

#endif
