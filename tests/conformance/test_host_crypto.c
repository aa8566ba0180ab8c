/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys of any kind through signers, in a slot and out of records:
 * `test_host_crypto NAME` of a real token (places.h). */
#include "host_crypto.h"

#include "base/secret.h"
#include "crypto/verify_any.h"
#include "places.h"

#include <stdio.h>
#include <string.h>

static struct place place;
static struct p11_profile profile; /* of the first start, to spare the others the preflight */
static const uint8_t digest[32] = "a digest of something to sign...";
static const uint8_t aes_id[] = { 0xa1 }, ec_id[] = { 0xe1 }, rsa_id[] = { 0xb1 },
                     mac_id[] = { 0xc1 };

/* As a gateway starts it: no master key wanted. */
static struct hsmhost *start_slot(unsigned processes)
{
	struct hsmhost_config c = host_config("test");
	struct hsmhost *h;

	c.processes = processes;
	c.setup.needs_master = false;
	c.setup.allow_resident = true;
	h = crypto_start(&c);
	host_config_done(&c);
	return h;
}

/* As a driver does. */
static struct hsmhost *start_pool(void)
{
	struct hsmhost_config c = host_config("test");
	struct hsmhost_stats stats;
	struct hsmhost *h;

	c.setup.have_profile = profile.mac_mechanism != 0;
	c.setup.profile = profile;
	h = crypto_start(&c);
	host_config_done(&c);
	hsmhost_stats(h, &stats);
	profile = stats.profile;
	return h;
}

static struct key_shape slot_shape(enum object_type type, enum curve curve, uint32_t bits,
                                   unsigned uses, struct hf_span id)
{
	return (struct key_shape){ .type = type,
		                   .curve = curve,
		                   .bits = bits,
		                   .uses = uses,
		                   .uses_given = true,
		                   .has_private = true,
		                   .persistent = true,
		                   .id = id,
		                   .label = hf_span_text("a key") };
}

static struct crypto_op with_key(enum crypto_op_kind kind, enum object_type type, struct hf_span id)
{
	return (struct crypto_op){
		.kind = kind, .key.name = { .id = id, .label = hf_span_text("a key"), .type = type }
	};
}

static void make_in_slot(struct hsmhost *h, const struct key_shape *shape)
{
	struct crypto_op op = { .kind = CRYPTO_GENERATE, .made = *shape };
	CRYPTO_RUN made = crypto_done(h, &op);

	CHECK(made.r.made.type == shape->type && made.r.record.len == 0);
	CHECK(hf_span_equal(made.r.made.id, shape->id));
}

static void make_all(struct hsmhost *h)
{
	struct key_shape aes =
	        slot_shape(OBJECT_AES, CURVE_NONE, 256,
	                   USE_ENCRYPT | USE_DECRYPT | USE_WRAPKEY | USE_UNWRAPKEY | USE_DERIVEKEY,
	                   HF_SPAN(aes_id, sizeof(aes_id)));
	struct key_shape ec =
	        slot_shape(OBJECT_EC, CURVE_P256, 256, USE_SIGN | USE_VERIFY | USE_AGREEKEY,
	                   HF_SPAN(ec_id, sizeof(ec_id)));
	struct key_shape rsa = slot_shape(OBJECT_RSA, CURVE_NONE, 2048,
	                                  USE_SIGN | USE_VERIFY | USE_ENCRYPT | USE_DECRYPT |
	                                          USE_WRAPKEY | USE_UNWRAPKEY,
	                                  HF_SPAN(rsa_id, sizeof(rsa_id)));
	struct key_shape mac =
	        slot_shape(OBJECT_HMAC, CURVE_NONE, 256, USE_MACGENERATE | USE_MACVERIFY,
	                   HF_SPAN(mac_id, sizeof(mac_id)));

	make_in_slot(h, &aes);
	make_in_slot(h, &ec);
	make_in_slot(h, &rsa);
	make_in_slot(h, &mac);
}

static void a_slot_without_master_key_makes_keys_once_for_each_id(void **state)
{
	struct hsmhost *h = start_slot(1);
	struct crypto_op ping = { .kind = CRYPTO_PING };
	CRYPTO_RUN answer = crypto_done(h, &ping);
	struct crypto_op other = { .kind = CRYPTO_GENERATE };
	CRYPTO_RUN refused = { 0 };

	CHECK(answer.r.outcome == OP_DONE);
	make_all(h);
	make_all(h); /* the same are there: that is the answer */
	other.made =
	        slot_shape(OBJECT_AES, CURVE_NONE, 128, USE_ENCRYPT, HF_SPAN(ec_id, sizeof(ec_id)));
	refused = crypto_fails(h, &other, OP_FAILED, HF_EXISTS);
	CHECK(!refused.r.unhealthy);
	hsmhost_stop(h, 1000);
}

static unsigned list_all(struct hsmhost *h, uint32_t page, unsigned *ret_pages)
{
	struct crypto_op op = { .kind = CRYPTO_LIST, .count = page };
	unsigned n = 0;

	*ret_pages = 0;
	do {
		CRYPTO_RUN got = crypto_done(h, &op);
		struct hf_reader r = hf_reader(got.r.list);
		struct key_shape key;

		while (hf_ok(crypto_list_next(&r, &key))) {
			CHECK(hf_span_is(key.label, "a key"));
			n++;
		}
		op.cursor = got.r.cursor;
		++*ret_pages;
	} while (op.cursor);
	return n;
}

static void pages_of_a_list_come_from_the_signer_that_began_it(void **state)
{
	struct hsmhost *h = start_slot(2);
	struct crypto_op op = { .kind = CRYPTO_LIST, .count = 1 };
	struct crypto_op ping = { .kind = CRYPTO_PING };
	struct crypto_run busy[4];
	unsigned pages;
	CRYPTO_RUN first = { 0 }, again = { 0 };

	for (int i = 0; i < 3; i++)
		assert_int_equal(list_all(h, 1, &pages), 4);
	CHECK(pages >= 4);
	assert_int_equal(list_all(h, 256, &pages), 4);
	first = crypto_done(h, &op);
	op.cursor = first.r.cursor;
	/* whoever has less to do */
	for (size_t i = 0; i + 1 < HF_COUNT(busy); i++)
		busy[i] = crypto_ask(&ping);
	busy[HF_COUNT(busy) - 1] = crypto_ask(&op);
	crypto_run_all(h, busy, HF_COUNT(busy));
	again = busy[HF_COUNT(busy) - 1];
	CHECK(again.r.outcome == OP_DONE);
	for (size_t i = 0; i + 1 < HF_COUNT(busy); i++)
		crypto_run_done(&busy[i]);
	crypto_run_done(&again);
	again = crypto_fails(h, &op, OP_FAILED, HF_STATE); /* that page was given */
	op.cursor = 77;
	crypto_run_done(&again);
	again = crypto_fails(h, &op, OP_FAILED, HF_STATE);
	hsmhost_stop(h, 1000);
}

static struct crypto_run describe(struct hsmhost *h, enum object_type type, struct hf_span id)
{
	struct crypto_op op = with_key(CRYPTO_DESCRIBE, type, id);

	return crypto_done(h, &op);
}

static void a_resident_key_signs_and_what_is_wrong_never_leaves(void **state)
{
	struct hsmhost *h = start_slot(2);
	CRYPTO_RUN ec = describe(h, OBJECT_EC, HF_SPAN(ec_id, sizeof(ec_id)));
	CRYPTO_RUN rsa = describe(h, OBJECT_RSA, HF_SPAN(rsa_id, sizeof(rsa_id)));
	struct crypto_op op = with_key(CRYPTO_SIGN, OBJECT_EC, HF_SPAN(ec_id, sizeof(ec_id)));
	struct hsmhost_job nameless = { 0 };
	struct verify_how how = { .kind = VERIFY_ECDSA };
	CRYPTO_RUN signed_ = { 0 }, ask = { 0 };

	op.mech.mode = MODE_ECDSA;
	op.data = HF_SPAN(digest, sizeof(digest));
	ask = crypto_ask(&op);
	nameless.crypto = hf_buf_span(&ask.asked);
	CHECK_CODE(hsmhost_submit(h, &nameless), HF_INVALID); /* nothing to verify it against */
	op.key.name.public_key = ec.r.made.public_key;
	for (int i = 0; i < 3; i++) {
		crypto_run_done(&signed_);
		signed_ = crypto_done(h, &op);
		CHECK(signed_.r.verified);
		CHECK_OK(verify_any(ec.r.made.public_key, &how, op.data, signed_.r.data));
	}
	op = with_key(CRYPTO_SIGN, OBJECT_RSA, HF_SPAN(rsa_id, sizeof(rsa_id)));
	op.key.name.public_key = rsa.r.made.public_key;
	op.mech = (struct crypto_mech){ .mode = MODE_RSA_PSS,
		                        .hash = DIGEST_SHA256,
		                        .mgf_hash = DIGEST_SHA256,
		                        .salt_len = CRYPTO_SALT_AS_HASH };
	op.data = HF_SPAN(digest, sizeof(digest));
	crypto_run_done(&signed_);
	signed_ = crypto_done(h, &op);
	CHECK(signed_.r.verified && signed_.r.data.len == 256);
	hsmhost_stop(h, 1000);
}

static void data_are_encrypted_and_decrypted_in_the_slot(void **state)
{
	struct hsmhost *h = start_slot(1);
	struct crypto_op op = with_key(CRYPTO_ENCRYPT, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	CRYPTO_RUN sealed = { 0 }, opened = { 0 };

	op.mech = (struct crypto_mech){ .mode = MODE_GCM,
		                        .tag_len = 16,
		                        .ad = hf_span_text("what it belongs to") };
	op.data = hf_span_text("a secret");
	sealed = crypto_done(h, &op);
	CHECK(sealed.r.iv.len == 12 && sealed.r.tag.len == 16 && sealed.r.data.len == 8);
	op.kind = CRYPTO_DECRYPT;
	op.mech.iv = sealed.r.iv;
	op.mech.tag = sealed.r.tag;
	op.data = sealed.r.data;
	opened = crypto_done(h, &op);
	CHECK(hf_span_is(opened.r.data, "a secret"));
	op.mech.ad = hf_span_text("something else");
	crypto_run_done(&opened);
	opened = crypto_fails(h, &op, OP_FAILED, HF_UNAUTHENTIC);
	CHECK(!opened.r.unhealthy);
	hsmhost_stop(h, 1000);
}

static void rsa_encrypts_with_its_public_half(void **state)
{
	struct hsmhost *h = start_slot(1);
	struct crypto_op op = with_key(CRYPTO_ENCRYPT, OBJECT_RSA, HF_SPAN(rsa_id, sizeof(rsa_id)));
	CRYPTO_RUN sealed = { 0 }, opened = { 0 };

	op.mech.mode = MODE_RSA_PKCS1;
	op.data = hf_span_text("a secret");
	sealed = crypto_done(h, &op);
	CHECK(sealed.r.data.len == 256);
	op.kind = CRYPTO_DECRYPT;
	op.data = sealed.r.data;
	opened = crypto_done(h, &op);
	CHECK(hf_span_is(opened.r.data, "a secret"));
	hsmhost_stop(h, 1000);
}

static void a_mac_is_made_and_verified(void **state)
{
	struct hsmhost *h = start_slot(1);
	struct crypto_op op = with_key(CRYPTO_MAC, OBJECT_HMAC, HF_SPAN(mac_id, sizeof(mac_id)));
	CRYPTO_RUN mac = { 0 }, seen = { 0 };

	op.mech = (struct crypto_mech){ .mode = MODE_HMAC, .hash = DIGEST_SHA256 };
	op.data = hf_span_text("a message");
	mac = crypto_done(h, &op);
	CHECK(mac.r.data.len == 32);
	op.kind = CRYPTO_MAC_VERIFY;
	op.more = mac.r.data;
	seen = crypto_done(h, &op);
	CHECK(seen.r.verified);
	op.data = hf_span_text("another");
	crypto_run_done(&seen);
	seen = crypto_done(h, &op);
	CHECK(!seen.r.verified);
	hsmhost_stop(h, 1000);
}

static void keys_are_imported_exported_wrapped_and_unwrapped(void **state)
{
	static const uint8_t id[] = { 0x11 }, unwrapped_id[] = { 0x12 };
	struct hsmhost *h = start_slot(1);
	struct crypto_op op = { .kind = CRYPTO_IMPORT };
	CRYPTO_RUN made = { 0 }, value = { 0 }, wrapped = { 0 }, back = { 0 };

	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_DECRYPT | USE_EXPORT,
	                     HF_SPAN(id, sizeof(id)));
	op.data = HF_SPAN(digest, sizeof(digest));
	made = crypto_done(h, &op);
	op = with_key(CRYPTO_EXPORT, OBJECT_AES, HF_SPAN(id, sizeof(id)));
	value = crypto_done(h, &op);
	CHECK(hf_span_equal(value.r.data, HF_SPAN(digest, sizeof(digest))));
	crypto_run_done(&value);
	op = with_key(CRYPTO_EXPORT, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	value = crypto_fails(h, &op, OP_FAILED, HF_DENIED);

	op = with_key(CRYPTO_WRAP, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	op.subject.name = (struct key_name){ .id = HF_SPAN(id, sizeof(id)), .type = OBJECT_AES };
	op.mech.mode = MODE_KW;
	wrapped = crypto_done(h, &op);
	CHECK(wrapped.r.data.len == 40);
	op = with_key(CRYPTO_UNWRAP, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	op.mech.mode = MODE_KW;
	op.data = wrapped.r.data;
	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_EXPORT,
	                     HF_SPAN(unwrapped_id, sizeof(unwrapped_id)));
	for (int i = 0; i < 2; i++) { /* the second time it is there */
		crypto_run_done(&back);
		back = crypto_done(h, &op);
		CHECK(back.r.made.type == OBJECT_AES && back.r.made.bits == 256);
	}
	op = with_key(CRYPTO_EXPORT, OBJECT_AES, HF_SPAN(unwrapped_id, sizeof(unwrapped_id)));
	crypto_run_done(&value);
	value = crypto_done(h, &op);
	CHECK(hf_span_equal(value.r.data, HF_SPAN(digest, sizeof(digest))));
	hsmhost_stop(h, 1000);
}

static void keys_are_derived_and_agreed(void **state)
{
	static const uint8_t derived_id[] = { 0x21 }, agreed_id[] = { 0x22 };
	struct hsmhost *h = start_slot(1);
	CRYPTO_RUN ec = describe(h, OBJECT_EC, HF_SPAN(ec_id, sizeof(ec_id)));
	struct crypto_op op = with_key(CRYPTO_DERIVE, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	CRYPTO_RUN made = { 0 };

	op.mech.mode = MODE_ENCRYPT_DATA_ECB;
	op.data = HF_SPAN(digest, sizeof(digest));
	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT,
	                     HF_SPAN(derived_id, sizeof(derived_id)));
	made = crypto_done(h, &op);
	op = with_key(CRYPTO_AGREE, OBJECT_EC, HF_SPAN(ec_id, sizeof(ec_id)));
	op.mech.mode = MODE_ECDH;
	op.more = ec.r.made.public_key;
	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT,
	                     HF_SPAN(agreed_id, sizeof(agreed_id)));
	crypto_run_done(&made);
	made = crypto_done(h, &op);
	CHECK(made.r.made.bits == 256);
	hsmhost_stop(h, 1000);
}

static void a_key_is_changed_and_destroyed_and_then_is_not_there(void **state)
{
	static const uint8_t id[] = { 0x31 };
	struct hsmhost *h = start_slot(2);
	struct key_shape shape = slot_shape(OBJECT_AES, CURVE_NONE, 128, USE_ENCRYPT | USE_DECRYPT,
	                                    HF_SPAN(id, sizeof(id)));
	struct crypto_op op = with_key(CRYPTO_UPDATE, OBJECT_AES, HF_SPAN(id, sizeof(id)));
	struct crypto_run uses[8];
	CRYPTO_RUN run = { 0 };

	make_in_slot(h, &shape);
	op.made = (struct key_shape){ .label = hf_span_text("a new name") };
	run = crypto_done(h, &op);
	crypto_run_done(&run);
	run = describe(h, OBJECT_AES, HF_SPAN(id, sizeof(id)));
	CHECK(hf_span_is(run.r.made.label, "a new name"));
	op = with_key(CRYPTO_ENCRYPT, OBJECT_AES, HF_SPAN(id, sizeof(id)));
	op.mech.mode = MODE_ECB;
	op.data = HF_SPAN(digest, 16);
	for (size_t i = 0; i < HF_COUNT(uses); i++) /* both signers know its handle now */
		uses[i] = crypto_ask(&op);
	crypto_run_all(h, uses, HF_COUNT(uses));
	for (size_t i = 0; i < HF_COUNT(uses); i++) {
		CHECK(uses[i].r.outcome == OP_DONE);
		crypto_run_done(&uses[i]);
	}
	op.kind = CRYPTO_DESTROY;
	crypto_run_done(&run);
	run = crypto_done(h, &op);
	op.kind = CRYPTO_ENCRYPT;
	for (size_t i = 0; i < HF_COUNT(uses); i++)
		uses[i] = crypto_ask(&op);
	crypto_run_all(h, uses, HF_COUNT(uses));
	for (size_t i = 0; i < HF_COUNT(uses); i++) {
		if (uses[i].r.outcome != OP_FAILED || uses[i].r.code != HF_NOTFOUND)
			fail_msg("use %zu: %d %s %s", i, uses[i].r.outcome,
			         hf_code_name(uses[i].r.code), uses[i].r.text);
		CHECK(!uses[i].r.unhealthy);
		crypto_run_done(&uses[i]);
	}
	hsmhost_stop(h, 1000);
}

static void random_bytes_come_as_many_as_asked(void **state)
{
	struct hsmhost *h = start_slot(1);
	struct crypto_op op = { .kind = CRYPTO_RANDOM, .count = 1000 };
	CRYPTO_RUN run = crypto_done(h, &op);

	CHECK(run.r.data.len == 1000);
	hsmhost_stop(h, 1000);
}

/* A key of a pool: in its record. */
static struct crypto_run make_wrapped(struct hsmhost *h, const char *id, enum object_type type,
                                      enum curve curve, uint32_t bits, unsigned uses)
{
	struct crypto_op op = { .kind = CRYPTO_GENERATE };
	struct crypto_run made;

	op.made = slot_shape(type, curve, bits, uses, hf_span_text(id));
	op.made.persistent = false;
	snprintf(op.key_id, sizeof(op.key_id), "%s", id);
	made = crypto_done(h, &op);
	CHECK(made.r.record.len > 0 && made.r.made.type == type && made.r.made.uses == uses);
	return made;
}

static struct crypto_op with_record(enum crypto_op_kind kind, const char *id,
                                    const struct crypto_run *key)
{
	struct crypto_op op = { .kind = kind };

	snprintf(op.key_id, sizeof(op.key_id), "%s", id);
	op.key.record = key->r.record;
	op.key.name.type = key->r.made.type;
	op.key.name.public_key = key->r.made.public_key;
	return op;
}

static void wrapped_keys_of_each_kind_work_and_nothing_stays(void **state)
{
	char text[512];
	struct hsmhost *h;
	struct crypto_op op;
	unsigned before;

	host_task("test", TASK_INIT_MASTER, "", text, sizeof(text));
	before = host_token_objects();
	h = start_pool();
	{
		CRYPTO_RUN aes = make_wrapped(h, "key-aes", OBJECT_AES, CURVE_NONE, 256,
		                              USE_ENCRYPT | USE_DECRYPT);
		CRYPTO_RUN ec = make_wrapped(h, "key-ec", OBJECT_EC, CURVE_P384, 384, USE_SIGN);
		CRYPTO_RUN rsa = make_wrapped(h, "key-rsa", OBJECT_RSA, CURVE_NONE, 2048,
		                              USE_DECRYPT | USE_ENCRYPT);
		CRYPTO_RUN mac =
		        make_wrapped(h, "key-mac", OBJECT_HMAC, CURVE_NONE, 256, USE_MACGENERATE);
		CRYPTO_RUN sealed = { 0 }, run = { 0 };

		op = with_record(CRYPTO_ENCRYPT, "key-aes", &aes);
		op.mech.mode = MODE_CBC;
		op.data = hf_span_text("a secret");
		sealed = crypto_done(h, &op);
		op.kind = CRYPTO_DECRYPT;
		op.mech.iv = sealed.r.iv;
		op.data = sealed.r.data;
		run = crypto_done(h, &op);
		CHECK(hf_span_is(run.r.data, "a secret"));
		op = with_record(CRYPTO_SIGN, "key-ec", &ec);
		op.mech.mode = MODE_ECDSA;
		op.data = HF_SPAN(digest, sizeof(digest));
		crypto_run_done(&run);
		run = crypto_done(h, &op);
		CHECK(run.r.verified);
		op = with_record(CRYPTO_ENCRYPT, "key-rsa", &rsa);
		op.mech.mode = MODE_RSA_PKCS1;
		op.data = hf_span_text("a secret");
		crypto_run_done(&sealed);
		sealed = crypto_done(h, &op);
		op.kind = CRYPTO_DECRYPT;
		op.data = sealed.r.data;
		crypto_run_done(&run);
		run = crypto_done(h, &op);
		CHECK(hf_span_is(run.r.data, "a secret"));
		op = with_record(CRYPTO_MAC, "key-mac", &mac);
		op.mech = (struct crypto_mech){ .mode = MODE_HMAC, .hash = DIGEST_SHA256 };
		op.data = hf_span_text("a message");
		crypto_run_done(&run);
		run = crypto_done(h, &op);
		CHECK(run.r.data.len == 32);
	}
	hsmhost_stop(h, 1000);
	assert_int_equal(host_token_objects(), before);
}

static void a_record_allows_what_it_says_and_nothing_else(void **state)
{
	struct hsmhost *h = start_pool();
	CRYPTO_RUN aes = make_wrapped(h, "key-a", OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT);
	CRYPTO_RUN other =
	        make_wrapped(h, "key-b", OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_EXPORT);
	HF_BUF_SCOPED struct hf_buf forged = HF_BUF(RECORD_ENCODED_MAX);
	struct crypto_op op = with_record(CRYPTO_DECRYPT, "key-a", &aes);
	CRYPTO_RUN run = { 0 };
	struct key_record r;

	op.mech.mode = MODE_ECB;
	op.data = HF_SPAN(digest, 16);
	run = crypto_fails(h, &op, OP_FAILED, HF_DENIED);
	CHECK_OK(record_decode(aes.r.record, &r));
	r.uses |= USE_DECRYPT; /* by hand, in the database */
	record_encode(&forged, &r);
	op.key.record = hf_buf_span(&forged);
	crypto_run_done(&run);
	run = crypto_fails(h, &op, OP_FAILED, HF_UNAUTHENTIC);
	op = with_record(CRYPTO_ENCRYPT, "key-a", &other); /* another key's row */
	op.mech.mode = MODE_ECB;
	op.data = HF_SPAN(digest, 16);
	crypto_run_done(&run);
	run = crypto_fails(h, &op, OP_FAILED, HF_UNAUTHENTIC);
	op = with_record(CRYPTO_EXPORT, "key-a", &aes);
	crypto_run_done(&run);
	run = crypto_fails(h, &op, OP_FAILED, HF_DENIED);
	op = with_record(CRYPTO_EXPORT, "key-b", &other);
	crypto_run_done(&run);
	run = crypto_done(h, &op);
	CHECK(run.r.data.len == 32);
	op = with_record(CRYPTO_DESCRIBE, "key-b", &other);
	crypto_run_done(&run);
	run = crypto_done(h, &op);
	CHECK(run.r.made.bits == 256 && run.r.made.uses == (USE_ENCRYPT | USE_EXPORT));
	hsmhost_stop(h, 1000);
}

static void imported_and_derived_keys_come_back_wrapped(void **state)
{
	struct hsmhost *h = start_pool();
	CRYPTO_RUN aes = make_wrapped(h, "key-w", OBJECT_AES, CURVE_NONE, 256,
	                              USE_WRAPKEY | USE_UNWRAPKEY | USE_DERIVEKEY);
	struct crypto_op op = { .kind = CRYPTO_IMPORT, .key_id = "key-i" };
	CRYPTO_RUN imported = { 0 }, wrapped = { 0 }, back = { 0 }, value = { 0 };

	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_EXPORT,
	                     hf_span_text("key-i"));
	op.made.persistent = false;
	op.data = HF_SPAN(digest, sizeof(digest));
	imported = crypto_done(h, &op);
	op = with_record(CRYPTO_WRAP, "key-w", &aes);
	op.mech.mode = MODE_KW;
	op.subject.record = imported.r.record;
	op.subject.name = (struct key_name){ .id = hf_span_text("key-i"), .type = OBJECT_AES };
	wrapped = crypto_done(h, &op);
	CHECK(wrapped.r.data.len == 40);
	op = with_record(CRYPTO_UNWRAP, "key-w", &aes);
	op.mech.mode = MODE_KW;
	op.data = wrapped.r.data;
	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_EXPORT, hf_span_text("key-u"));
	op.made.persistent = false;
	back = crypto_done(h, &op);
	op = with_record(CRYPTO_EXPORT, "key-u", &back);
	value = crypto_done(h, &op);
	CHECK(hf_span_equal(value.r.data, HF_SPAN(digest, sizeof(digest))));
	op = with_record(CRYPTO_DERIVE, "key-w", &aes);
	op.mech.mode = MODE_ENCRYPT_DATA_ECB;
	op.data = HF_SPAN(digest, sizeof(digest));
	op.made = slot_shape(OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT, hf_span_text("key-d"));
	op.made.persistent = false;
	crypto_run_done(&back);
	back = crypto_done(h, &op);
	CHECK(back.r.record.len > 0);
	hsmhost_stop(h, 1000);
}

static struct hsmhost_config with_masters(const char *labels)
{
	struct hsmhost_config c = host_config("test");

	snprintf(c.setup.master_label, sizeof(c.setup.master_label), "%s", labels);
	c.setup.have_profile = true;
	c.setup.profile = profile;
	return c;
}

/* The same key, under another master key. */
static void rewrap(const char *id, struct hf_span record, struct hf_buf *ret)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = with_masters("second");
	struct host_job job = host_generate(id, 0);
	struct hsmhost_stats stats;
	struct hsmhost *h;

	CHECK_OK(hsmhost_task(&c, TASK_INIT_MASTER, "", NULL, NULL, &report, NULL));
	host_config_done(&c);
	c = with_masters("second,master");
	h = host_start(&c);
	host_config_done(&c);
	hsmhost_stats(h, &stats);
	job.job.op.kind = 0;
	job.job.record = record;
	job.job.rewrap_to = stats.master_id;
	host_run(h, &job, 1);
	if (job.result.outcome != OP_DONE)
		fail_msg("rewrap: %s", job.result.text);
	hf_buf_put(ret, job.record.ptr, job.record.len);
	host_job_done(&job);
	hsmhost_stop(h, 1000);
}

static void a_record_goes_under_another_master_key_with_all_that_it_says(void **state)
{
	HF_BUF_SCOPED struct hf_buf fresh = HF_BUF(RECORD_ENCODED_MAX);
	struct hsmhost *h = start_pool();
	CRYPTO_RUN aes =
	        make_wrapped(h, "key-r", OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_DECRYPT);
	struct crypto_op op = with_record(CRYPTO_ENCRYPT, "key-r", &aes);
	CRYPTO_RUN before = { 0 }, after = { 0 };
	struct hsmhost_config c;
	struct key_record old, new;

	op.mech.mode = MODE_ECB;
	op.data = HF_SPAN(digest, 16);
	before = crypto_done(h, &op);
	hsmhost_stop(h, 1000);
	rewrap("key-r", aes.r.record, &fresh);
	CHECK_OK(record_decode(aes.r.record, &old));
	CHECK_OK(record_decode(hf_buf_span(&fresh), &new));
	CHECK(strcmp(old.master_id, new.master_id) != 0 && new.uses == old.uses);
	c = with_masters("second"); /* the first is not needed any more */
	h = crypto_start(&c);
	host_config_done(&c);
	op.key.record = hf_buf_span(&fresh);
	after = crypto_done(h, &op);
	CHECK(hf_span_equal(before.r.data, after.r.data)); /* the same key */
	op.key.record = aes.r.record;
	crypto_run_done(&after);
	after = crypto_fails(h, &op, OP_FAILED, HF_STATE);
	hsmhost_stop(h, 1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_without_master_key_makes_keys_once_for_each_id),
		cmocka_unit_test(pages_of_a_list_come_from_the_signer_that_began_it),
		cmocka_unit_test(a_resident_key_signs_and_what_is_wrong_never_leaves),
		cmocka_unit_test(data_are_encrypted_and_decrypted_in_the_slot),
		cmocka_unit_test(rsa_encrypts_with_its_public_half),
		cmocka_unit_test(a_mac_is_made_and_verified),
		cmocka_unit_test(keys_are_imported_exported_wrapped_and_unwrapped),
		cmocka_unit_test(keys_are_derived_and_agreed),
		cmocka_unit_test(a_key_is_changed_and_destroyed_and_then_is_not_there),
		cmocka_unit_test(random_bytes_come_as_many_as_asked),
		cmocka_unit_test(wrapped_keys_of_each_kind_work_and_nothing_stays),
		cmocka_unit_test(a_record_allows_what_it_says_and_nothing_else),
		cmocka_unit_test(imported_and_derived_keys_come_back_wrapped),
		cmocka_unit_test(a_record_goes_under_another_master_key_with_all_that_it_says),
	};
	int failed;

	place_make(place_kind(argc > 1 ? argv[1] : "softhsm"), &place);
	host_token_use(&place);
	failed = cmocka_run_group_tests_name(argc > 1 ? argv[1] : "softhsm", tests, NULL, NULL);
	place_remove(&place);
	return failed;
}
