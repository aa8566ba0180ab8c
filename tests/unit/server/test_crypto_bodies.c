/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/crypto_api/crypto/bodies.h"

#include <stdio.h>
#include <string.h>

static const struct mode_key aes = { OBJECT_AES, CURVE_NONE, 256, NULL };
static const struct mode_key des3 = { OBJECT_DES3, CURVE_NONE, 168 };
static const struct mode_key rsa = { OBJECT_RSA, CURVE_NONE, 2048 };
static const struct mode_key rsa_pkcs1 = {
	.type = OBJECT_RSA,
	.bits = 2048,
	.options = "{\"rsa\":{\"encryption_policy\":[{\"padding\":{\"PKCS1_V15\":{}}},{}],"
	           "\"signature_policy\":[{\"padding\":{\"PSS\":{}}}]}}",
};
static const struct mode_key p256 = { OBJECT_EC, CURVE_P256, 256 };
static const struct mode_key ed25519 = { OBJECT_EC, CURVE_ED25519, 256 };
static const struct mode_key x25519 = { OBJECT_EC, CURVE_X25519, 256 };
static const struct mode_key hmac = { OBJECT_HMAC, CURVE_NONE, 256 };
static const struct mode_key secret = { OBJECT_SECRET, CURVE_NONE, 256 };

struct parsed {
	struct json_t *doc;
	struct hf_buf bytes;
};

static struct parsed parse(const char *text)
{
	struct parsed p = { 0 };

	CHECK_OK(json_parse(hf_span_text(text), 1u << 20, &p.doc, NULL));
	CHECK_OK(body_reserve(p.doc, &p.bytes));
	return p;
}

static void done(struct parsed *p)
{
	body_wipe(&p->bytes);
	json_done(p->doc);
}

struct row {
	const struct mode_key *key;
	const char *json;
	enum hf_code code;
	enum crypto_mode mode; /* when HF_OK */
	const char *words;     /* otherwise: the beginning */
};

static void check_row(const struct row *row, hf_status got, const struct crypto_mech *mech,
                      const struct hf_err *err)
{
	if (got.code != row->code)
		fail_msg("%s: %s (%s)", row->json, hf_code_name(got.code), err->text);
	if (row->code == HF_OK && mech->mode != row->mode)
		fail_msg("%s: mode %d", row->json, (int)mech->mode);
	if (row->code != HF_OK && strncmp(err->text, row->words, strlen(row->words)) != 0)
		fail_msg("%s: %s", row->json, err->text);
}

static hf_status read_cipher(const struct row *row, enum crypto_op_kind kind, struct parsed *p,
                             struct crypto_mech *mech, struct hf_err *err)
{
	struct cipher_body body;

	HF_TRY(kind == CRYPTO_ENCRYPT ? read_encrypt(p->doc, &p->bytes, &body, err)
	                              : read_decrypt(p->doc, &p->bytes, &body, err));
	HF_TRY(mode_of_cipher(row->key, kind, &body.said, mech, err));
	return mode_takes(row->key, kind, mech, body.data.len, err);
}

static void check_ciphers(const struct row *rows, size_t n, enum crypto_op_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct parsed p = parse(rows[i].json);
		struct crypto_mech mech = { 0 };
		struct hf_err err = { 0 };
		hf_status s = read_cipher(&rows[i], kind, &p, &mech, &err);

		check_row(&rows[i], s, &mech, &err);
		done(&p);
	}
}

#define IV12 "AAAAAAAAAAAAAAAA"
#define IV16 "AAAAAAAAAAAAAAAAAAAAAA=="
#define OAEP(hash) "{\"OAEP\":{\"mgf\":{\"mgf1\":{\"hash\":\"" hash "\"}}}}"
#define PSS(hash) "{\"PSS\":{\"mgf\":{\"mgf1\":{\"hash\":\"" hash "\"}}}}"

static void encryption_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ &aes, "{\"alg\":\"AES\",\"plain\":\"AAAA\",\"mode\":\"GCM\"}", HF_OK, MODE_GCM,
		  "" },
		{ &aes,
		  "{\"alg\":\"AES\",\"plain\":\"\",\"mode\":\"GCM\",\"iv\":null,\"tag_len\":null}",
		  HF_OK, MODE_GCM, "" },
		{ &aes,
		  "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"" IV12 "\",\"ad\":\"AA==\","
		  "\"tag_len\":96}",
		  HF_OK, MODE_GCM, "" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"tag_len\":64}", HF_INVALID, 0,
		  "field \"tag_len\": a tag of 64 bits" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"tag_len\":16}", HF_INVALID, 0,
		  "field \"tag_len\": a tag of 16 bits; mode GCM has tags of 96" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"iv\": 3 bytes, expected 12 to" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CCM\",\"iv\":\"" IV16 "\"}", HF_INVALID, 0,
		  "field \"iv\": 16 bytes, expected 7 to 13" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CCM\",\"tag_len\":64}", HF_OK, MODE_CCM,
		  "" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\"}", HF_OK,
		  MODE_CBC, "" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CBC\",\"iv\":\"\"}", HF_INVALID, 0,
		  "field \"iv\": 0 bytes, expected 16" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CBC\",\"ad\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"ad\": mode CBC authenticates nothing; GCM does" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CBCNOPAD\"}", HF_INVALID, 0,
		  "field \"plain\": 3 bytes; mode CBCNOPAD takes 16 or more, in whole blocks of "
		  "16" },
		{ &aes, "{\"plain\":\"" IV16 "\",\"mode\":\"ECB\"}", HF_OK, MODE_ECB, "" },
		{ &aes, "{\"plain\":\"" IV16 "\",\"mode\":\"ECB\",\"iv\":\"" IV16 "\"}", HF_INVALID,
		  0, "field \"iv\": mode ECB has none" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"CTR\"}", HF_OK, MODE_CTR, "" },
		{ &aes, "{\"plain\":\"" IV16 "\",\"mode\":\"KW\"}", HF_OK, MODE_KW, "" },
		{ &aes, "{\"plain\":\"AAAAAAAAAAA=\",\"mode\":\"KW\"}", HF_INVALID, 0,
		  "field \"plain\": 8 bytes; mode KW takes 16 or more" },
		{ &aes, "{\"plain\":\"AA==\",\"mode\":\"KWP\"}", HF_OK, MODE_KWP, "" },
		{ &aes, "{\"plain\":\"\",\"mode\":\"KWP\"}", HF_INVALID, 0,
		  "field \"plain\": 0 bytes" },
		{ &aes, "{\"plain\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"mode\": a key of type AES" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"gcm\"}", HF_INVALID, 0,
		  "field \"mode\": \"gcm\" is none" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":" OAEP("SHA1") "}", HF_INVALID, 0,
		  "field \"mode\": a key of type AES" },
		{ &aes, "{\"alg\":\"RSA\",\"plain\":\"AAAA\",\"mode\":\"GCM\"}", HF_INVALID, 0,
		  "field \"alg\": \"RSA\", but the key is of type AES" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"label\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"label\"" },
		{ &aes, "{\"plain\":\"AA!A\",\"mode\":\"GCM\"}", HF_INVALID, 0,
		  "field \"plain\": expected base64" },
		{ &aes, "{\"plain\":\"AAAA\",\"mode\":\"GCM\",\"colour\":1}", HF_INVALID, 0,
		  "unknown field \"colour\"" },
		{ &aes, "{\"mode\":\"GCM\"}", HF_INVALID, 0, "field \"plain\" is missing" },
		{ &des3, "{\"plain\":\"AAAA\",\"mode\":\"CBC\",\"iv\":\"AAAAAAAAAAA=\"}", HF_OK,
		  MODE_CBC, "" },
		{ &des3, "{\"plain\":\"AAAA\",\"mode\":\"GCM\"}", HF_INVALID, 0,
		  "field \"mode\": keys of type DES3 have no GCM" },
		{ &rsa, "{\"alg\":\"RSA\",\"plain\":\"AAAA\",\"mode\":" OAEP("SHA256") "}", HF_OK,
		  MODE_RSA_OAEP, "" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":" OAEP("SHA256") ",\"label\":\"AAAA\"}",
		  HF_OK, MODE_RSA_OAEP, "" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{}}}", HF_OK, MODE_RSA_PKCS1,
		  "" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{}},\"label\":\"AAAA\"}",
		  HF_INVALID, 0, "field \"label\": only OAEP has one" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"RAW_DECRYPT\":{}}}", HF_INVALID, 0,
		  "field \"mode\": RAW_DECRYPT is for decryption only" },
		{ &rsa, "{\"plain\":\"AAAA\"}", HF_OK, MODE_RSA_OAEP, "" },
		{ &rsa_pkcs1, "{\"plain\":\"AAAA\"}", HF_OK, MODE_RSA_PKCS1, "" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":" PSS("SHA256") "}", HF_INVALID, 0,
		  "field \"mode\": PSS is for signatures" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":\"GCM\"}", HF_INVALID, 0,
		  "field \"mode\": of an RSA key" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":" OAEP("MD5") "}", HF_INVALID, 0,
		  "field \"mode\": \"MD5\" is no digest" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"OAEP\":{}}}", HF_INVALID, 0,
		  "field \"mode\": expected {\"OAEP\":" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{\"x\":1}}}", HF_INVALID, 0,
		  "field \"mode\": of an RSA key" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{},\"PSS\":{}}}", HF_INVALID,
		  0, "field \"mode\": of an RSA key" },
		{ &rsa, "{\"plain\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{}},\"iv\":\"AAAA\"}",
		  HF_INVALID, 0, "field \"iv\": RSA has none" },
		{ &p256, "{\"plain\":\"AAAA\"}", HF_INVALID, 0,
		  "a key of type EC does not encrypt" },
		{ &hmac, "{\"plain\":\"AAAA\"}", HF_INVALID, 0,
		  "a key of type HMAC does not encrypt" },
		{ &secret, "{\"plain\":\"AAAA\"}", HF_INVALID, 0, "a key of type SECRET does not" },
	};

	(void)state;
	check_ciphers(rows, HF_COUNT(rows), CRYPTO_ENCRYPT);
}

static void decryption_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ &aes,
		  "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"" IV12 "\",\"tag\":\"" IV16 "\"}",
		  HF_OK, MODE_GCM, "" },
		{ &aes, "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"" IV12 "\"}", HF_INVALID, 0,
		  "field \"tag\" is missing" },
		{ &aes,
		  "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"" IV12 "\",\"tag\":\"AAAA\"}",
		  HF_INVALID, 0, "field \"tag\": a tag of 24 bits" },
		{ &aes, "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"" IV12 "\",\"tag\":\"\"}",
		  HF_INVALID, 0, "field \"tag\": a tag of 0 bits" },
		{ &aes, "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"tag\":\"" IV16 "\"}", HF_INVALID,
		  0, "field \"iv\" is missing" },
		{ &aes, "{\"cipher\":\"AAAA\",\"mode\":\"GCM\",\"iv\":\"\",\"tag\":\"" IV16 "\"}",
		  HF_INVALID, 0, "field \"iv\": 0 bytes" },
		{ &aes, "{\"cipher\":\"" IV16 "\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\"}", HF_OK,
		  MODE_CBC, "" },
		{ &aes, "{\"cipher\":\"AAAA\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\"}", HF_INVALID, 0,
		  "field \"cipher\": 3 bytes; mode CBC takes 16 or more" },
		{ &aes, "{\"cipher\":\"\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\"}", HF_INVALID, 0,
		  "field \"cipher\": 0 bytes" },
		{ &aes,
		  "{\"cipher\":\"" IV16 "\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\",\"tag\":\"AAAA\"}",
		  HF_INVALID, 0, "field \"tag\": mode CBC authenticates nothing" },
		{ &aes,
		  "{\"cipher\":\"" IV16 "\",\"mode\":\"CBC\",\"iv\":\"" IV16 "\",\"masked\":true}",
		  HF_OK, MODE_CBC, "" },
		{ &rsa, "{\"cipher\":\"AAAA\",\"mode\":{\"RAW_DECRYPT\":{}}}", HF_INVALID, 0,
		  "field \"cipher\": 3 bytes; this RSA key decrypts exactly 256" },
	};

	(void)state;
	check_ciphers(rows, HF_COUNT(rows), CRYPTO_DECRYPT);
}

#define HASH32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void signing_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ &p256, "{\"hash_alg\":\"SHA256\",\"hash\":\"" HASH32 "\"}", HF_OK, MODE_ECDSA,
		  "" },
		{ &p256, "{\"hash_alg\":\"sha256\",\"data\":\"AAAA\"}", HF_OK, MODE_ECDSA, "" },
		{ &p256, "{\"hash_alg\":\"SHA3_384\",\"data\":\"AAAA\"}", HF_OK, MODE_ECDSA, "" },
		{ &p256, "{\"hash_alg\":\"SHA512\",\"hash\":\"" HASH32 "\"}", HF_INVALID, 0,
		  "field \"hash\": 32 bytes; a digest by SHA512 has 64" },
		{ &p256, "{\"hash\":\"" HASH32 "\"}", HF_INVALID, 0,
		  "field \"hash_alg\" is missing" },
		{ &p256, "{\"hash_alg\":\"SHA256\"}", HF_INVALID, 0, "expected exactly one" },
		{ &p256, "{\"hash_alg\":\"SHA256\",\"hash\":\"" HASH32 "\",\"data\":\"AAAA\"}",
		  HF_INVALID, 0, "expected exactly one" },
		{ &p256, "{\"hash_alg\":\"SHA1\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"hash_alg\": nothing new is signed with SHA1" },
		{ &p256, "{\"hash_alg\":\"RIPEMD160\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"hash_alg\": nothing new" },
		{ &p256, "{\"hash_alg\":\"SSL3\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"hash_alg\": \"SSL3\" is no digest" },
		{ &p256, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{}}}",
		  HF_INVALID, 0, "field \"mode\": only RSA has one" },
		{ &p256,
		  "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"deterministic_signature\":true}",
		  HF_INVALID, 0, "field \"deterministic_signature\"" },
		{ &p256, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"context\":\"AAAA\"}",
		  HF_INVALID, 0, "field \"context\"" },
		{ &p256,
		  "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"deterministic_signature\":false,"
		  "\"mode\":null,\"hash\":null}",
		  HF_OK, MODE_ECDSA, "" },
		{ &ed25519, "{\"data\":\"AAAA\"}", HF_OK, MODE_EDDSA, "" },
		{ &ed25519, "{\"data\":\"\",\"hash_alg\":\"SHA512\"}", HF_OK, MODE_EDDSA, "" },
		{ &ed25519, "{\"data\":\"AAAA\",\"hash_alg\":\"SHA256\"}", HF_INVALID, 0,
		  "field \"hash_alg\": Ed25519 signs the message itself" },
		{ &ed25519, "{\"hash\":\"" HASH32 "\"}", HF_INVALID, 0,
		  "field \"hash\": Ed25519 signs the message itself" },
		{ &x25519, "{\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "a key of type X25519 does not sign" },
		{ &rsa, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_OK, MODE_RSA_PKCS1, "" },
		{ &rsa_pkcs1, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_OK, MODE_RSA_PSS,
		  "" },
		{ &rsa, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"mode\":{\"PKCS1_V15\":{}}}",
		  HF_OK, MODE_RSA_PKCS1, "" },
		{ &rsa, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"mode\":" PSS("SHA256") "}",
		  HF_OK, MODE_RSA_PSS, "" },
		{ &rsa, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\",\"mode\":" OAEP("SHA256") "}",
		  HF_INVALID, 0, "field \"mode\": that is one of encryption" },
		{ &rsa, "{\"hash_alg\":\"BLAKE2B256\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"hash_alg\": " },
		{ &aes, "{\"hash_alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "a key of type AES does not sign" },
	};

	(void)state;
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct parsed p = parse(rows[i].json);
		struct crypto_mech mech = { 0 };
		uint8_t digest[DIGEST_LEN_MAX];
		struct hf_err err = { 0 };
		struct hf_span data;
		struct sign_body body;
		hf_status s = read_sign(p.doc, &p.bytes, &body, &err);

		if (hf_ok(s))
			s = sign_body_mech(&body, rows[i].key, false, digest, &mech, &data, &err);
		check_row(&rows[i], s, &mech, &err);
		done(&p);
	}
}

static void legacy_digests_are_good_enough_to_verify(void **state)
{
	struct parsed p = parse("{\"hash_alg\":\"SHA1\",\"data\":\"AAAA\",\"signature\":\"AAAA\"}");
	uint8_t digest[DIGEST_LEN_MAX];
	struct crypto_mech mech;
	struct sign_body body;
	struct hf_span data;

	(void)state;
	CHECK_OK(read_verify(p.doc, &p.bytes, &body, NULL));
	CHECK_OK(sign_body_mech(&body, &p256, true, digest, &mech, &data, NULL));
	CHECK(data.len == 20);
	CHECK(body.signature.len == 3);
	done(&p);
}

static void macs_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ &hmac, "{\"alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_OK, MODE_HMAC, "" },
		{ &hmac, "{\"alg\":\"SHA1\",\"data\":\"\"}", HF_OK, MODE_HMAC, "" },
		{ &hmac, "{\"data\":\"AAAA\"}", HF_INVALID, 0, "field \"alg\" is missing" },
		{ &hmac, "{\"alg\":\"BLAKE2B256\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"alg\"" },
		{ &aes, "{\"data\":\"AAAA\"}", HF_OK, MODE_CMAC, "" },
		{ &aes, "{\"alg\":null,\"data\":\"AAAA\"}", HF_OK, MODE_CMAC, "" },
		{ &aes, "{\"alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "field \"alg\": a key of type AES makes a CMAC" },
		{ &p256, "{\"alg\":\"SHA256\",\"data\":\"AAAA\"}", HF_INVALID, 0,
		  "a key of type EC makes no MAC" },
	};

	(void)state;
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct parsed p = parse(rows[i].json);
		struct crypto_mech mech = { 0 };
		struct hf_err err = { 0 };
		struct mac_body body;
		size_t len = 0;
		hf_status s = read_mac(p.doc, &p.bytes, &body, &err);

		if (hf_ok(s))
			s = mode_of_mac(rows[i].key, body.alg, &mech, &len, &err);
		check_row(&rows[i], s, &mech, &err);
		CHECK(!hf_ok(s) || len);
		done(&p);
	}
}

static void a_mac_to_check_is_called_digest_by_old_clients(void **state)
{
	struct parsed p = parse("{\"data\":\"AAAA\",\"digest\":\"AAAAAA==\"}");
	struct mac_body body;

	(void)state;
	CHECK_OK(read_mac_verify(p.doc, &p.bytes, &body, NULL));
	CHECK(body.mac.len == 4);
	done(&p);
	p = parse("{\"data\":\"AAAA\",\"digest\":\"AAAAAA==\",\"mac\":\"AAAAAA==\"}");
	CHECK_CODE(read_mac_verify(p.doc, &p.bytes, &body, NULL), HF_INVALID);
	done(&p);
}

static void what_wraps_keys_hides_all_of_them(void **state)
{
	static const struct row rows[] = {
		{ &aes, "{\"kid\":\"k\",\"mode\":\"KWP\"}", HF_OK, MODE_KWP, "" },
		{ &aes, "{\"subject\":{\"kid\":\"k\"},\"alg\":\"AES\",\"mode\":\"GCM\"}", HF_OK,
		  MODE_GCM, "" },
		{ &aes, "{\"kid\":\"k\",\"mode\":\"CTR\"}", HF_INVALID, 0,
		  "field \"mode\": keys are not wrapped with CTR" },
		{ &aes, "{\"kid\":\"k\",\"mode\":\"ECB\"}", HF_INVALID, 0,
		  "field \"mode\": keys are not wrapped with ECB" },
		{ &aes, "{\"kid\":\"k\",\"mode\":\"CCM\"}", HF_INVALID, 0,
		  "field \"mode\": keys are not wrapped with CCM" },
		{ &rsa, "{\"kid\":\"k\",\"mode\":" OAEP("SHA1") "}", HF_OK, MODE_RSA_OAEP, "" },
		{ &aes, "{\"mode\":\"KWP\"}", HF_INVALID, 0, "field \"subject\" is missing" },
		{ &aes, "{\"kid\":\"k\",\"mode\":\"KWP\",\"key_format\":\"Jwk\"}", HF_INVALID, 0,
		  "field \"key_format\"" },
		{ &aes, "{\"kid\":\"k\",\"mode\":\"KWP\",\"key_format\":\"Pkcs8\"}", HF_OK,
		  MODE_KWP, "" },
	};

	(void)state;
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct parsed p = parse(rows[i].json);
		struct crypto_mech mech = { 0 };
		struct hf_err err = { 0 };
		struct wrap_body body;
		hf_status s = read_wrap(p.doc, &p.bytes, &body, &err);

		if (hf_ok(s))
			s = mode_of_cipher(rows[i].key, CRYPTO_WRAP, &body.said, &mech, &err);
		check_row(&rows[i], s, &mech, &err);
		done(&p);
	}
}

static void what_is_too_long_names_the_way_in_pieces(void **state)
{
	size_t n = (CRYPTO_DATA_MAX + 3) / 3 * 4;
	HF_FREE char *json = malloc(n + 64);
	struct cipher_body body;
	struct hf_err err = { 0 };
	struct parsed p;
	int at;

	(void)state;
	assert_non_null(json);
	at = sprintf(json, "{\"mode\":\"CBC\",\"plain\":\"");
	memset(json + at, 'A', n);
	sprintf(json + at + n, "\"}");
	p = parse(json);
	CHECK_CODE(read_encrypt(p.doc, &p.bytes, &body, &err), HF_TOOBIG);
	CHECK(strstr(err.text, "/crypto/v1/encrypt/init"));
	done(&p);
}

static void all_spans_of_a_body_stay_where_they_are(void **state)
{
	struct parsed p = parse("{\"plain\":\"" IV16 "\",\"mode\":\"GCM\",\"iv\":\"" IV12
	                        "\",\"ad\":\"AQID\"}");
	struct cipher_body body;
	const uint8_t *before = p.bytes.ptr;

	(void)state;
	CHECK_OK(read_encrypt(p.doc, &p.bytes, &body, NULL));
	CHECK(p.bytes.ptr == before);
	CHECK(body.data.len == 16 && body.said.iv.len == 12 && body.said.ad.len == 3);
	CHECK(memcmp(body.said.ad.ptr, "\1\2\3", 3) == 0);
	CHECK(!body.said.tag.ptr && !body.said.label.ptr);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encryption_row_by_row),
		cmocka_unit_test(decryption_row_by_row),
		cmocka_unit_test(signing_row_by_row),
		cmocka_unit_test(legacy_digests_are_good_enough_to_verify),
		cmocka_unit_test(macs_row_by_row),
		cmocka_unit_test(a_mac_to_check_is_called_digest_by_old_clients),
		cmocka_unit_test(what_wraps_keys_hides_all_of_them),
		cmocka_unit_test(what_is_too_long_names_the_way_in_pieces),
		cmocka_unit_test(all_spans_of_a_body_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
