/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "op/record.h"

#include <string.h>

static const uint8_t pub[33] = { 2, 7, 7 };
static const uint8_t blob[88] = { 0xc3 };
static const uint8_t mac[RECORD_MAC_MAX] = { 0x5a };

static struct key_record sealed(void)
{
	return (struct key_record){
		.key_id = "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		.key_type = KEY_SECP256K1,
		.format = WRAP_RFC5649,
		.master_id = "00112233445566778899aabbccddeeff",
		.public_key = HF_SPAN(pub, sizeof(pub)),
		.blob = HF_SPAN(blob, sizeof(blob)),
		.mac_kind = MAC_HMAC_SHA256,
		.mac = HF_SPAN(mac, sizeof(mac)),
	};
}

static hf_status pass(const struct key_record *r, struct hf_buf *b, struct key_record *ret)
{
	hf_buf_clear(b);
	record_encode(b, r);
	CHECK_OK(hf_buf_status(b));
	return record_decode(hf_buf_span(b), ret);
}

static void a_record_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	CHECK_OK(pass(&r, &b, &got));
	assert_string_equal(got.key_id, r.key_id);
	assert_string_equal(got.master_id, r.master_id);
	CHECK(got.key_type == r.key_type && got.format == r.format && got.mac_kind == r.mac_kind);
	CHECK(hf_span_equal(got.public_key, r.public_key));
	CHECK(hf_span_equal(got.blob, r.blob));
	CHECK(hf_span_equal(got.mac, r.mac));
}

static void the_largest_record_fits(void **state)
{
	static const uint8_t big[WRAPPED_BLOB_MAX];
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	r.key_type = KEY_RSA_4096;
	r.public_key = HF_SPAN(big, PUBLIC_KEY_MAX);
	r.blob = HF_SPAN(big, sizeof(big));
	memset(r.key_id, 'k', sizeof(r.key_id) - 1);
	CHECK_OK(pass(&r, &b, &got));
}

static void the_mac_covers_every_field_but_itself(void **state)
{
	HF_BUF_SCOPED struct hf_buf before = HF_BUF(RECORD_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf after = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record changed[7];

	for (size_t i = 0; i < HF_COUNT(changed); i++)
		changed[i] = sealed();
	record_mac_input(&before, &changed[0]);
	changed[0].key_id[5]++;
	changed[1].key_type = KEY_P256;
	changed[2].format = WRAP_RFC3394;
	changed[3].master_id[0]++;
	changed[4].public_key.ptr = blob;
	changed[5].blob.len--;
	changed[6].mac_kind = MAC_NONE;
	for (size_t i = 0; i < HF_COUNT(changed); i++) {
		hf_buf_clear(&after);
		record_mac_input(&after, &changed[i]);
		CHECK(!hf_span_equal(hf_buf_span(&before), hf_buf_span(&after)));
	}
	changed[0] = sealed();
	changed[0].mac = HF_SPAN(blob, sizeof(mac));
	hf_buf_clear(&after);
	record_mac_input(&after, &changed[0]);
	CHECK(hf_span_equal(hf_buf_span(&before), hf_buf_span(&after)));
}

static void refused(struct key_record r)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(2 * RECORD_ENCODED_MAX);
	struct key_record got;

	CHECK_CODE(pass(&r, &b, &got), HF_INVALID);
}

static void fields_out_of_range_are_refused(void **state)
{
	static const uint8_t big[WRAPPED_BLOB_MAX + 1];
	struct key_record r = sealed();

	r.key_type = (enum key_type)8;
	refused(r);
	r = sealed();
	r.format = (enum wrap_format)(WRAP_FORMAT_MAX + 1);
	refused(r);
	r = sealed();
	r.mac_kind = (enum mac_kind)2;
	refused(r);
	r = sealed();
	r.key_id[0] = 0;
	refused(r);
	r = sealed();
	r.master_id[0] = 0;
	refused(r);
	r = sealed();
	r.public_key.len = 32;
	refused(r);
	r = sealed();
	r.blob.len = 0;
	refused(r);
	r = sealed();
	r.blob = HF_SPAN(big, sizeof(big));
	refused(r);
}

static void a_mac_is_there_whole_or_not_at_all(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	r.mac.len = 31;
	refused(r);
	r.mac.len = 0;
	refused(r);
	r.mac_kind = MAC_NONE;
	CHECK_OK(pass(&r, &b, &got));
	r.mac.len = 32;
	refused(r);
}

static struct key_record sealed_aes(void)
{
	struct key_record r = sealed();

	r.key_type = 0;
	r.type = OBJECT_AES;
	r.bits = 256;
	r.uses = USE_ENCRYPT;
	r.public_key = HF_SPAN(NULL, 0);
	return r;
}

static void a_record_of_any_kind_says_what_the_key_is_and_may_do(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf mac1 = HF_BUF(RECORD_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf mac2 = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed_aes(), got;

	CHECK_OK(pass(&r, &b, &got));
	CHECK(got.key_type == 0 && got.type == OBJECT_AES && got.bits == 256);
	CHECK(got.uses == USE_ENCRYPT && got.public_key.len == 0);
	record_mac_input(&mac1, &r);
	r.uses |= USE_DECRYPT;
	record_mac_input(&mac2, &r);
	CHECK(!hf_span_equal(hf_buf_span(&mac1), hf_buf_span(&mac2)));
	r = sealed_aes();
	r.type = OBJECT_RSA;
	refused(r); /* without its public key */
	r = sealed_aes();
	r.curve = CURVE_P256;
	refused(r);
	r = sealed_aes();
	r.type = OBJECT_OPAQUE;
	refused(r);
	r = sealed_aes();
	r.uses = USE_HIGHVOLUME;
	refused(r);
	r = sealed_aes();
	r.format = WRAP_RESIDENT;
	refused(r);
}

static void the_largest_record_of_any_kind_fits(void **state)
{
	static const uint8_t big[WRAPPED_BLOB_MAX];
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed_aes(), got;

	r.type = OBJECT_RSA;
	r.bits = 8192;
	r.public_key = HF_SPAN(big, SPKI_MAX);
	r.blob = HF_SPAN(big, sizeof(big));
	memset(r.key_id, 'k', sizeof(r.key_id) - 1);
	CHECK_OK(pass(&r, &b, &got));
}

static void cbc_padding_is_taken_with_a_mac_only(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	r.format = WRAP_CBC_PAD;
	CHECK_OK(pass(&r, &b, &got));
	r.mac_kind = MAC_NONE;
	r.mac.len = 0;
	refused(r);
}

static void a_resident_key_may_lack_a_master_key(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	r.format = WRAP_RESIDENT;
	r.master_id[0] = 0;
	CHECK_OK(pass(&r, &b, &got));
}

static void a_record_cut_short_or_of_another_version_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = sealed(), got;

	CHECK_OK(pass(&r, &b, &got));
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(record_decode(HF_SPAN(b.ptr, len), &got), HF_INVALID);
	for (size_t i = 0; i < 5; i++) {
		b.ptr[i] ^= 1;
		CHECK_CODE(record_decode(hf_buf_span(&b), &got), HF_INVALID);
		b.ptr[i] ^= 1;
	}
	hf_buf_u8(&b, 0);
	CHECK_CODE(record_decode(hf_buf_span(&b), &got), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_back),
		cmocka_unit_test(the_largest_record_fits),
		cmocka_unit_test(the_mac_covers_every_field_but_itself),
		cmocka_unit_test(fields_out_of_range_are_refused),
		cmocka_unit_test(a_mac_is_there_whole_or_not_at_all),
		cmocka_unit_test(a_record_of_any_kind_says_what_the_key_is_and_may_do),
		cmocka_unit_test(the_largest_record_of_any_kind_fits),
		cmocka_unit_test(cbc_padding_is_taken_with_a_mac_only),
		cmocka_unit_test(a_resident_key_may_lack_a_master_key),
		cmocka_unit_test(a_record_cut_short_or_of_another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
