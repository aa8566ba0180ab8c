/* SPDX-License-Identifier: Apache-2.0
 * Every reader of a body of a crypto call, and what it would mean for every type of key. What is
 * taken passes the codec of operations. */
#include "fuzz.h"

#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/crypto/generic_batch.h"
#include "server/crypto_api/crypto/multipart.h"

static const struct mode_key keys[] = {
	{ OBJECT_AES, CURVE_NONE, 256 },  { OBJECT_DES3, CURVE_NONE, 168 },
	{ OBJECT_HMAC, CURVE_NONE, 256 }, { OBJECT_RSA, CURVE_NONE, 2048 },
	{ OBJECT_EC, CURVE_P256, 256 },   { OBJECT_EC, CURVE_ED25519, 256 },
	{ OBJECT_EC, CURVE_X25519, 256 }, { OBJECT_SECRET, CURVE_NONE, 256 },
	{ OBJECT_OPAQUE, CURVE_NONE, 0 }, { OBJECT_CERTIFICATE, CURVE_NONE, 0 },
};

static void encodes(enum crypto_op_kind kind, const struct mode_key *key,
                    const struct crypto_mech *mech, struct hf_span data)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct crypto_op op = { .kind = kind, .mech = *mech, .data = data }, back;

	op.key.name.type = key->type;
	op.subject.name.type = key->type;
	crypto_op_encode(&encoded, &op);
	FUZZ_CHECK(hf_ok(hf_buf_status(&encoded)));
	FUZZ_CHECK(hf_ok(crypto_op_decode(hf_buf_span(&encoded), &back, NULL)));
}

static void fit_cipher(enum crypto_op_kind kind, const struct mode_said *said, struct hf_span data)
{
	struct crypto_mech mech;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(keys); i++)
		if (hf_ok(mode_of_cipher(&keys[i], kind, said, &mech, &err)) &&
		    (kind == CRYPTO_WRAP ||
		     hf_ok(mode_takes(&keys[i], kind, &mech, data.len, &err))))
			encodes(kind, &keys[i], &mech, data);
}

static void fit_signature(const struct sign_body *body, bool verify)
{
	uint8_t digest[DIGEST_LEN_MAX];
	struct crypto_mech mech;
	struct hf_span data;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(keys); i++)
		if (hf_ok(sign_body_mech(body, &keys[i], verify, digest, &mech, &data, &err)) &&
		    !verify)
			encodes(CRYPTO_SIGN, &keys[i], &mech, data);
}

static void fit_mac(const struct mac_body *body)
{
	struct crypto_mech mech;
	struct hf_err err;
	size_t len;

	for (size_t i = 0; i < HF_COUNT(keys); i++)
		if (hf_ok(mode_of_mac(&keys[i], body->alg, &mech, &len, &err)))
			encodes(CRYPTO_MAC, &keys[i], &mech, body->data);
}

static void read_all(const struct json_t *doc, struct hf_buf *bytes)
{
	struct cipher_body cipher;
	struct sign_body sign;
	struct mac_body mac;
	struct digest_body digest;
	struct wrap_body wrap;
	struct random_body random;
	struct data_key_body data_key;
	struct hf_err err;

	if (hf_ok(read_encrypt(doc, bytes, &cipher, &err)))
		fit_cipher(CRYPTO_ENCRYPT, &cipher.said, cipher.data);
	if (hf_ok(read_decrypt(doc, bytes, &cipher, &err)))
		fit_cipher(CRYPTO_DECRYPT, &cipher.said, cipher.data);
	if (hf_ok(read_wrap(doc, bytes, &wrap, &err)))
		fit_cipher(CRYPTO_WRAP, &wrap.said, (struct hf_span){ 0 });
	if (hf_ok(read_sign(doc, bytes, &sign, &err)))
		fit_signature(&sign, false);
	if (hf_ok(read_verify(doc, bytes, &sign, &err)))
		fit_signature(&sign, true);
	if (hf_ok(read_mac(doc, bytes, &mac, &err)))
		fit_mac(&mac);
	hf_ignore(read_mac_verify(doc, bytes, &mac, &err));
	if (hf_ok(read_digest(doc, bytes, &digest, &err)))
		FUZZ_CHECK(digest_alg_len((int)digest.alg));
	if (hf_ok(read_random(doc, &random, &err)))
		FUZZ_CHECK(random.size > 0 && random.size <= CRYPTO_RANDOM_MAX);
	hf_ignore(read_data_key(doc, bytes, &data_key, &err));
}

static void read_steps(const struct json_t *doc, struct hf_buf *bytes)
{
	static struct generic_tree tree;
	struct multipart_body body;
	struct hf_err err;

	for (int at = MULTIPART_INIT; at <= MULTIPART_FINAL; at++) {
		enum multipart_step step = (enum multipart_step)at;

		hf_ignore(read_multipart(doc, CRYPTO_ENCRYPT, step, bytes, &body, &err));
		hf_ignore(read_multipart(doc, CRYPTO_DECRYPT, step, bytes, &body, &err));
	}
	if (hf_ok(generic_tree_read(doc, &tree, &err)))
		FUZZ_CHECK(tree.n_items && tree.n_items <= GENERIC_ITEMS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct hf_buf bytes;

	if (!hf_ok(json_parse(HF_SPAN(data, size), 1u << 20, &doc, NULL)))
		return 0;
	FUZZ_CHECK(hf_ok(body_reserve(doc, &bytes)));
	read_all(doc, &bytes);
	read_steps(doc, &bytes);
	body_wipe(&bytes);
	return 0;
}
