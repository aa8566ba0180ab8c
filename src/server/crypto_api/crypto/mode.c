/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/mode.h"

#include "json/read.h"
#include "server/crypto_api/crypto/mode_words.h"

#include <string.h>

enum iv_rule {
	IV_NONE,
	IV_BLOCK, /* exactly a block */
	IV_GCM,
	IV_CCM,   /* 7 to 13 bytes (NIST SP 800-38C, A.1) */
	IV_TWEAK, /* of FF1: comes from the key's own format */
};

struct cipher_mode {
	const char *name;
	enum crypto_mode mode;
	enum iv_rule iv;
	bool tagged; /* makes a tag over `ad` too */
	bool des3;   /* DES3 has it as well */
	bool wraps;  /* keys too: those that hide every bit, and keep the length to themselves or do
	                not need to; CCM wants to be told it, of a key that nobody can see */
};

static const struct cipher_mode cipher_modes[] = {
	// clang-format off
	{ "ECB",      MODE_ECB,       IV_NONE,  false, true,  false },
	{ "CBC",      MODE_CBC,       IV_BLOCK, false, true,  true  },
	{ "CBCNOPAD", MODE_CBC_NOPAD, IV_BLOCK, false, true,  false },
	{ "CFB",      MODE_CFB,       IV_BLOCK, false, false, false },
	{ "OFB",      MODE_OFB,       IV_BLOCK, false, false, false },
	{ "CTR",      MODE_CTR,       IV_BLOCK, false, false, false },
	{ "GCM",      MODE_GCM,       IV_GCM,   true,  false, true  },
	{ "CCM",      MODE_CCM,       IV_CCM,   true,  false, false },
	{ "KW",       MODE_KW,        IV_NONE,  false, false, true  },
	{ "KWP",      MODE_KWP,       IV_NONE,  false, false, true  },
	{ "FF1",      MODE_FF1,       IV_TWEAK, false, false, false },
	// clang-format on
};

size_t mode_block_len(enum object_type type)
{
	return type == OBJECT_AES ? 16 : type == OBJECT_DES3 ? 8 : 0;
}

/* As the API spells it ("GCM"); "" for one that it has no word for. */
static const char *mode_name(enum crypto_mode mode)
{
	for (size_t i = 0; i < HF_COUNT(cipher_modes); i++)
		if (cipher_modes[i].mode == mode)
			return cipher_modes[i].name;
	return mode == MODE_RSA_OAEP ? "OAEP" : mode == MODE_RSA_PKCS1 ? "PKCS1_V15" : "";
}

static bool makes_iv(enum crypto_op_kind kind)
{
	return kind == CRYPTO_ENCRYPT || kind == CRYPTO_WRAP;
}

static const char *verb(enum crypto_op_kind kind)
{
	return kind == CRYPTO_ENCRYPT   ? "encrypt"
	       : kind == CRYPTO_DECRYPT ? "decrypt"
	       : kind == CRYPTO_WRAP    ? "wrap keys"
	                                : "unwrap keys";
}

/* ---- Symmetric ciphers */

static hf_status find_cipher(const struct mode_key *key, enum crypto_op_kind kind,
                             const struct json_t *said, const struct cipher_mode **ret,
                             struct hf_err *err)
{
	const char *name = json_value_text(said), *type = object_type_name((int)key->type);
	const struct cipher_mode *m = NULL;

	if (!name)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": a key of type %s needs one, such as \"GCM\" or "
		               "\"CBC\"",
		               type);
	for (size_t i = 0; i < HF_COUNT(cipher_modes) && !m; i++)
		if (strcmp(cipher_modes[i].name, name) == 0)
			m = &cipher_modes[i];
	if (!m)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": \"%.40s\" is none; known are ECB, CBC, CBCNOPAD, "
		               "CFB, OFB, CTR, GCM, CCM, KW, KWP and FF1",
		               name);
	if (key->type == OBJECT_DES3 && !m->des3)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": keys of type DES3 have no %s; use CBC", name);
	if ((kind == CRYPTO_WRAP || kind == CRYPTO_UNWRAP) && !m->wraps)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": keys are not wrapped with %s; use KWP, KW, GCM "
		               "or CBC",
		               name);
	*ret = m;
	return HF_SUCCESS;
}

static hf_status check_iv(const struct mode_key *key, enum crypto_op_kind kind,
                          const struct cipher_mode *m, struct hf_span iv, struct hf_err *err)
{
	size_t block = mode_block_len(key->type), least = block, most = block;

	if (m->iv == IV_NONE || m->iv == IV_TWEAK) {
		if (iv.len)
			return hf_fail(err, HF_INVALID, "field \"iv\": mode %s has none", m->name);
		return HF_SUCCESS;
	}
	if (!iv.ptr && makes_iv(kind))
		return HF_SUCCESS; /* the HSM makes one */
	if (!iv.ptr)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"iv\" is missing: mode %s needs the one that encryption gave",
		        m->name);
	if (m->iv == IV_GCM) {
		least = makes_iv(kind) ? MODE_GCM_IV_MIN : 1;
		most = CRYPTO_IV_MAX;
	} else if (m->iv == IV_CCM) {
		least = 7;
		most = 13;
	}
	if (iv.len >= least && iv.len <= most)
		return HF_SUCCESS;
	if (least == most)
		return hf_fail(err, HF_INVALID, "field \"iv\": %zu bytes, expected %zu", iv.len,
		               least);
	return hf_fail(err, HF_INVALID, "field \"iv\": %zu bytes, expected %zu to %zu", iv.len,
	               least, most);
}

static bool tag_len_fits(enum crypto_mode mode, size_t len)
{
	return mode == MODE_GCM ? len >= MODE_GCM_TAG_MIN && len <= 16
	                        : len >= 4 && len <= 16 && len % 2 == 0; /* CCM */
}

static hf_status set_tag(enum crypto_op_kind kind, const struct cipher_mode *m,
                         const struct mode_said *said, struct crypto_mech *to, struct hf_err *err)
{
	const char *lengths =
	        m->mode == MODE_GCM ? "96, 104, 112, 120 or 128" : "32, 48, 64, 80, 96, 112 or 128";
	int64_t bits = said->tag_bits ? said->tag_bits : 128;

	if (!m->tagged) {
		if (said->tag.len || said->ad.len)
			return hf_fail(err, HF_INVALID,
			               "field \"%s\": mode %s authenticates nothing; GCM does",
			               said->tag.len ? "tag" : "ad", m->name);
		return HF_SUCCESS; /* tag_len is irrelevant then, the API says */
	}
	to->ad = said->ad;
	if (!makes_iv(kind)) {
		if (!said->tag.ptr)
			return hf_fail(err, HF_INVALID,
			               "field \"tag\" is missing: mode %s needs the one that "
			               "encryption gave",
			               m->name);
		to->tag = said->tag;
		bits = (int64_t)said->tag.len * 8;
	}
	if (bits % 8 || bits < 0 || !tag_len_fits(m->mode, (size_t)bits / 8))
		return hf_fail(
		        err, HF_INVALID, "field \"%s\": a tag of %lld bits; mode %s has tags of %s",
		        makes_iv(kind) ? "tag_len" : "tag", (long long)bits, m->name, lengths);
	to->tag_len = (uint8_t)(bits / 8);
	return HF_SUCCESS;
}

static hf_status of_symmetric(const struct mode_key *key, enum crypto_op_kind kind,
                              const struct mode_said *said, struct crypto_mech *ret,
                              struct hf_err *err)
{
	struct crypto_mech mech = { 0 };
	const struct cipher_mode *m = NULL;

	HF_TRY(find_cipher(key, kind, said->mode, &m, err));
	if (said->label.ptr)
		return hf_fail(err, HF_INVALID, "field \"label\": only RSA with OAEP has one");
	HF_TRY(check_iv(key, kind, m, said->iv, err));
	HF_TRY(set_tag(kind, m, said, &mech, err));
	mech.mode = m->mode;
	mech.iv = said->iv;
	*ret = mech;
	return HF_SUCCESS;
}

/* ---- RSA */

static hf_status of_rsa(const struct mode_key *key, enum crypto_op_kind kind,
                        const struct mode_said *said, struct crypto_mech *ret, struct hf_err *err)
{
	struct crypto_mech mech = { 0 };
	struct padding_words words;

	HF_TRY(mode_words_padding(said->mode, &words, err));
	if (words.padding == PADDING_NONE)
		HF_TRY(mode_words_default(key->options, false, &words, err));
	if (words.padding == PADDING_PSS)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": PSS is for signatures; to %s with RSA, use "
		               "{\"OAEP\":{\"mgf\":{\"mgf1\":{\"hash\":\"SHA256\"}}}} or "
		               "{\"PKCS1_V15\":{}}",
		               verb(kind));
	if (words.padding == PADDING_RAW && kind != CRYPTO_DECRYPT)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": RAW_DECRYPT is for decryption only");
	if (said->iv.len || said->ad.len || said->tag.len)
		return hf_fail(err, HF_INVALID, "field \"%s\": RSA has none",
		               said->iv.len   ? "iv"
		               : said->ad.len ? "ad"
		                              : "tag");
	if (said->label.ptr && words.padding != PADDING_OAEP)
		return hf_fail(err, HF_INVALID, "field \"label\": only OAEP has one");
	mech.mode = words.padding == PADDING_OAEP    ? MODE_RSA_OAEP
	            : words.padding == PADDING_PKCS1 ? MODE_RSA_PKCS1
	                                             : MODE_RSA_RAW;
	mech.hash = words.hash;
	mech.mgf_hash = words.hash;
	mech.ad = said->label;
	*ret = mech;
	return HF_SUCCESS;
}

static hf_status check_alg(const struct mode_key *key, const char *alg, struct hf_err *err)
{
	const char *type = object_type_name((int)key->type);
	enum object_type named;

	if (!alg || (hf_ok(object_type_parse(alg, &named)) && named == key->type))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"alg\": \"%.40s\", but the key is of type %s", alg,
	               type ? type : "unknown");
}

hf_status mode_of_cipher(const struct mode_key *key, enum crypto_op_kind kind,
                         const struct mode_said *said, struct crypto_mech *ret, struct hf_err *err)
{
	HF_TRY(check_alg(key, said->alg, err));
	if (said->tag.len > CRYPTO_TAG_MAX || said->ad.len > CRYPTO_AD_MAX ||
	    said->label.len > CRYPTO_AD_MAX)
		return hf_fail(err, HF_TOOBIG, "field \"%s\" is too long: %u bytes at most",
		               said->tag.len > CRYPTO_TAG_MAX ? "tag"
		               : said->ad.len > CRYPTO_AD_MAX ? "ad"
		                                              : "label",
		               said->tag.len > CRYPTO_TAG_MAX ? CRYPTO_TAG_MAX : CRYPTO_AD_MAX);
	switch (key->type) {
	case OBJECT_AES:
	case OBJECT_DES3:
		return of_symmetric(key, kind, said, ret, err);
	case OBJECT_RSA:
		return of_rsa(key, kind, said, ret, err);
	case OBJECT_EC:
	case OBJECT_HMAC:
	case OBJECT_SECRET:
	case OBJECT_OPAQUE:
	case OBJECT_CERTIFICATE:
		break;
	}
	return hf_fail(err, HF_INVALID, "a key of type %s does not %s; AES, DES3 and RSA do",
	               object_type_name((int)key->type), verb(kind));
}

/* ---- Lengths */

static hf_status rsa_takes(const struct mode_key *key, enum crypto_op_kind kind,
                           const struct crypto_mech *mech, size_t len, struct hf_err *err)
{
	size_t modulus = (key->bits + 7) / 8, overhead;

	if (kind == CRYPTO_DECRYPT) {
		if (len != modulus)
			return hf_fail(err, HF_INVALID,
			               "field \"cipher\": %zu bytes; this RSA key decrypts exactly "
			               "%zu",
			               len, modulus);
		return HF_SUCCESS;
	}
	overhead = mech->mode == MODE_RSA_OAEP ? 2 * digest_alg_len((int)mech->hash) + 2 : 11;
	if (modulus < overhead || len > modulus - overhead)
		return hf_fail(err, HF_INVALID,
		               "field \"plain\": %zu bytes; this RSA key with %s encrypts at most "
		               "%zu. Encrypt the data with an AES key, and that key with RSA",
		               len, mode_name(mech->mode),
		               modulus < overhead ? (size_t)0 : modulus - overhead);
	return HF_SUCCESS;
}

hf_status mode_takes(const struct mode_key *key, enum crypto_op_kind kind,
                     const struct crypto_mech *mech, size_t len, struct hf_err *err)
{
	const char *field = kind == CRYPTO_DECRYPT ? "cipher" : "plain";
	size_t block = mode_block_len(key->type), unit = 1, least = 0;

	if (key->type == OBJECT_RSA)
		return rsa_takes(key, kind, mech, len, err);
	if (!block)
		return hf_fail(err, HF_INVALID, "this key is none that encrypts");
	if (mech->mode == MODE_ECB || mech->mode == MODE_CBC_NOPAD) {
		unit = block;
		least = block;
	} else if (mech->mode == MODE_CBC && kind == CRYPTO_DECRYPT) {
		unit = block;
		least = block;
	} else if (mech->mode == MODE_KW) { /* RFC 3394: two half blocks at least, and one more */
		unit = 8;
		least = kind == CRYPTO_DECRYPT ? 24 : 16;
	} else if (mech->mode == MODE_KWP) {
		unit = kind == CRYPTO_DECRYPT ? 8 : 1;
		least = kind == CRYPTO_DECRYPT ? 16 : 1;
	}
	if (len >= least && len % unit == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"%s\": %zu bytes; mode %s takes %zu or more, in whole blocks of %zu",
	               field, len, mode_name(mech->mode), least, unit);
}
