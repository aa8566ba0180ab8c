/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

static void same_as(const uint8_t *got, size_t len, const char *hex)
{
	char text[2 * SHA512_LEN + 1];

	hf_hex(got, len, text);
	assert_string_equal(text, hex);
}

static void sha_gives_the_vectors_of_fips_180(void **state)
{
	uint8_t out[SHA512_LEN];

	CHECK_OK(sha256(hf_span_text("abc"), out));
	same_as(out, SHA256_LEN,
	        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_OK(sha256((struct hf_span){ 0 }, out));
	same_as(out, SHA256_LEN,
	        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_OK(sha512(hf_span_text("abc"), out));
	same_as(out, SHA512_LEN,
	        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void hmac_gives_the_vectors_of_rfc_4231(void **state)
{
	uint8_t key[20], out[SHA256_LEN];

	memset(key, 0x0b, sizeof(key));
	CHECK_OK(hmac_sha256(HF_SPAN(key, 20), hf_span_text("Hi There"), out));
	same_as(out, SHA256_LEN,
	        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	CHECK_OK(hmac_sha256(hf_span_text("Jefe"), hf_span_text("what do ya want for nothing?"),
	                     out));
	same_as(out, SHA256_LEN,
	        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hmac_takes_an_empty_key_and_an_empty_message(void **state)
{
	uint8_t out[SHA256_LEN];

	CHECK_OK(hmac_sha256((struct hf_span){ 0 }, (struct hf_span){ 0 }, out));
	same_as(out, SHA256_LEN,
	        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hkdf_gives_the_vector_of_rfc_5869(void **state)
{
	static const uint8_t salt[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const uint8_t info[] = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9
	};
	HF_SECRET struct hf_secret out = { 0 };
	uint8_t secret[22];

	memset(secret, 0x0b, sizeof(secret));
	CHECK_OK(hkdf_sha256(HF_SPAN(secret, 22), HF_SPAN(salt, 13), HF_SPAN(info, 10), 42, &out));
	assert_int_equal(out.len, 42);
	same_as(out.ptr, out.len,
	        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
	        "65");
}

static void hkdf_refuses_what_it_cannot_give(void **state)
{
	struct hf_secret out = { 0 };
	struct hf_span none = { 0 }, secret = hf_span_text("secret");

	CHECK_CODE(hkdf_sha256(secret, none, none, 255 * 32 + 1, &out), HF_INVALID);
	CHECK_CODE(hkdf_sha256(secret, none, none, 0, &out), HF_INVALID);
	CHECK_CODE(hkdf_sha256(none, none, none, 32, &out), HF_INVALID);
	CHECK(!out.ptr);
}

static void hkdf_takes_no_salt_and_no_info(void **state)
{
	HF_SECRET struct hf_secret out = { 0 };
	struct hf_span none = { 0 };
	uint8_t secret[22];

	memset(secret, 0x0b, sizeof(secret));
	CHECK_OK(hkdf_sha256(HF_SPAN(secret, 22), none, none, 42, &out)); /* RFC 5869, A.3 */
	same_as(out.ptr, out.len,
	        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
	        "c8");
}

/* Keccak: FIPS 202's sponge before its padding changed; the empty string and "abc" as Ethereum's
 * documentation has them. SHA3-256, SHA-512/256: FIPS 202 and 180. RIPEMD-160: its authors'.
 * BLAKE2b: RFC 7693, appendix A; of 32 bytes: libsodium's own and Substrate's use of it. */
static void hashes_of_chains_give_their_published_vectors(void **state)
{
	uint8_t out[SHA512_LEN];

	CHECK_OK(keccak256((struct hf_span){ 0 }, out));
	same_as(out, 32, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
	CHECK_OK(keccak256(hf_span_text("abc"), out));
	same_as(out, 32, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
	CHECK_OK(sha3_256((struct hf_span){ 0 }, out));
	same_as(out, 32, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
	CHECK_OK(sha3_256(hf_span_text("abc"), out));
	same_as(out, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
	CHECK_OK(sha512_256(hf_span_text("abc"), out));
	same_as(out, 32, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
	CHECK_OK(ripemd160((struct hf_span){ 0 }, out));
	same_as(out, 20, "9c1185a5c5e9fc54612808977ee8f548b2258d31");
	CHECK_OK(ripemd160(hf_span_text("message digest"), out));
	same_as(out, 20, "5d0689ef49d2fae572b881b123a85ffa21595f36");
	CHECK_OK(hash160((struct hf_span){ 0 }, out));
	same_as(out, 20, "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb");
	CHECK_OK(blake2b(hf_span_text("abc"), out, 64));
	same_as(out, 64,
	        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
	CHECK_OK(blake2b((struct hf_span){ 0 }, out, 32));
	same_as(out, 32, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	CHECK_CODE(blake2b((struct hf_span){ 0 }, out, 65), HF_INVALID);
	CHECK_CODE(blake2b((struct hf_span){ 0 }, out, 0), HF_INVALID);
}

/* One byte less than a block of the sponge, a block, one more, and two: by ethers 6. */
static void keccak_256_pads_at_the_edges_of_its_blocks(void **state)
{
	static const struct {
		size_t len;
		const char *digest;
	} rows[] = {
		{ 135, "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446" },
		{ 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e" },
		{ 137, "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39" },
		{ 272, "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8" },
	};
	uint8_t in[272], out[32];

	memset(in, 0x61, sizeof(in));
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		CHECK_OK(keccak256(HF_SPAN(in, rows[i].len), out));
		same_as(out, 32, rows[i].digest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha_gives_the_vectors_of_fips_180),
		cmocka_unit_test(hashes_of_chains_give_their_published_vectors),
		cmocka_unit_test(keccak_256_pads_at_the_edges_of_its_blocks),
		cmocka_unit_test(hmac_gives_the_vectors_of_rfc_4231),
		cmocka_unit_test(hmac_takes_an_empty_key_and_an_empty_message),
		cmocka_unit_test(hkdf_gives_the_vector_of_rfc_5869),
		cmocka_unit_test(hkdf_refuses_what_it_cannot_give),
		cmocka_unit_test(hkdf_takes_no_salt_and_no_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
