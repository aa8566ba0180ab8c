/* SPDX-License-Identifier: Apache-2.0
 * Several master keys in one signer, keys that go from one to another, and what a signature asks of
 * the HSM. */
#include "host_token.h"

#include "p11/profile.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct p11_profile profile;
static char old_id[MASTER_ID_MAX], new_id[MASTER_ID_MAX];

static struct hsmhost_config config(const char *labels)
{
	struct hsmhost_config c = host_config("test");

	snprintf(c.setup.master_label, sizeof(c.setup.master_label), "%s", labels);
	c.setup.have_profile = profile.mac_mechanism != 0;
	c.setup.profile = profile;
	return c;
}

static struct hsmhost *start_with(struct hsmhost_config c)
{
	struct hsmhost *h = host_start(&c);
	struct hsmhost_stats stats;

	host_config_done(&c);
	hsmhost_stats(h, &stats);
	profile = stats.profile;
	return h;
}

static struct hsmhost *start(const char *labels)
{
	return start_with(config(labels));
}

static void make_master(const char *label, char id[MASTER_ID_MAX])
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = config(label);
	const char *at;

	CHECK_OK(hsmhost_task(&c, TASK_INIT_MASTER, "", NULL, NULL, &report, NULL));
	host_config_done(&c);
	hf_buf_u8(&report, 0);
	at = strstr((const char *)report.ptr, "\"master_id\":\"");
	CHECK(at);
	snprintf(id, MASTER_ID_MAX, "%.32s", at + strlen("\"master_id\":\""));
}

static int make_masters(void **state)
{
	if (host_token_make(state))
		return -1;
	host_faults("count\n");
	make_master("old", old_id);
	make_master("new", new_id);
	return 0;
}

static void check_master(const struct host_job *key, const char *id)
{
	struct key_record r;

	CHECK_OK(record_decode(hf_buf_span(&key->record), &r));
	assert_string_equal(r.master_id, id);
}

static struct host_job sign_once(struct hsmhost *h, const struct host_job *key)
{
	struct host_job sign = host_sign(key);

	host_run(h, &sign, 1);
	return sign;
}

static struct host_job rewrap(struct hsmhost *h, const struct host_job *key, const char *to)
{
	struct host_job j = host_sign(key);

	j.job.rewrap_to = to;
	host_run(h, &j, 1);
	return j;
}

static void the_first_master_wraps_and_the_others_unwrap(void **state)
{
	struct hsmhost *h = start("old");
	struct host_job a = host_key(h, "a", KEY_P256), b;

	hsmhost_stop(h, 1000);
	h = start("new,old");
	b = host_key(h, "b", KEY_P256);
	check_master(&a, old_id);
	check_master(&b, new_id);
	assert_int_equal(sign_once(h, &a).result.outcome, OP_DONE);
	assert_int_equal(sign_once(h, &b).result.outcome, OP_DONE);
	hsmhost_stop(h, 1000);
	host_job_done(&a);
	host_job_done(&b);
}

static void a_key_of_a_master_that_is_not_here_is_refused_by_its_name(void **state)
{
	struct hsmhost *h = start("new");
	struct host_job key = host_key(h, "a", KEY_P256), sign;

	hsmhost_stop(h, 1000);
	h = start("old");
	sign = sign_once(h, &key);
	assert_int_equal(sign.result.outcome, OP_FAILED);
	CHECK(strstr(sign.result.text, new_id) && strstr(sign.result.text, old_id));
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

static void a_label_that_the_token_lacks_is_missed_only_when_it_is_to_wrap(void **state)
{
	struct hsmhost_config c = config("lost,old");
	struct hsmhost *h = NULL;
	struct hf_err err;

	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "lost"));
	host_config_done(&c);
	h = start("old,lost");
	hsmhost_stop(h, 1000);
	c = config("old,old");
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_INVALID);
	host_config_done(&c);
}

/* The new record, as a key to sign with. */
static struct host_job as_key(const struct host_job *old, const struct host_job *rewrapped)
{
	struct host_job key = *old;

	key.record = rewrapped->record;
	return key;
}

static void a_rewrapped_key_signs_as_before_under_the_new_master_alone(void **state)
{
	static const enum key_type types[] = { KEY_SECP256K1, KEY_P256, KEY_RSA_2048 };
	struct host_job keys[HF_COUNT(types)], moved[HF_COUNT(types)];
	struct hsmhost *h = start("old,new");

	for (size_t i = 0; i < HF_COUNT(types); i++) {
		keys[i] = host_key(h, "moving", types[i]);
		moved[i] = rewrap(h, &keys[i], new_id);
		assert_int_equal(moved[i].result.outcome, OP_DONE);
		check_master(&moved[i], new_id);
	}
	hsmhost_stop(h, 1000);
	h = start("new");
	for (size_t i = 0; i < HF_COUNT(types); i++) {
		struct host_job key = as_key(&keys[i], &moved[i]);

		assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
		host_job_done(&keys[i]);
		host_job_done(&moved[i]);
	}
	hsmhost_stop(h, 1000);
}

static void an_altered_record_is_not_rewrapped(void **state)
{
	struct hsmhost *h = start("old,new");
	struct host_job key = host_key(h, "a", KEY_P256), moved;

	key.record.ptr[key.record.len - 1] ^= 1; /* of the MAC */
	moved = rewrap(h, &key, new_id);
	assert_int_equal(moved.result.outcome, OP_FAILED);
	assert_int_equal(moved.result.code, HF_UNAUTHENTIC);
	host_calls_reset();
	moved = rewrap(h, &key, new_id);
	assert_int_equal(host_calls("C_UnwrapKey"), 0);
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

static void a_resident_key_stays_and_its_record_is_sealed_anew(void **state)
{
	struct hsmhost_config c = config("old,new");
	struct host_job key, moved, again;
	struct hsmhost *h;

	c.setup.allow_resident = true;
	c.setup.have_profile = false;
	h = host_start(&c);
	host_config_done(&c);
	key = host_key(h, "resident", KEY_ED25519);
	moved = rewrap(h, &key, new_id);
	assert_int_equal(moved.result.outcome, OP_DONE);
	check_master(&moved, new_id);
	again = as_key(&key, &moved);
	assert_int_equal(sign_once(h, &again).result.outcome, OP_DONE);
	hsmhost_stop(h, 1000);
	host_job_done(&key);
	host_job_done(&moved);
}

/* Every function that the module was asked for, the Init of an operation too. */
static unsigned functions_called(void)
{
	static const char *const all[] = {
		"C_SignInit",
		"C_Sign",
		"C_UnwrapKey",
		"C_DestroyObject",
		"C_GetAttributeValue",
		"C_SetAttributeValue",
		"C_FindObjectsInit",
		"C_FindObjects",
		"C_FindObjectsFinal",
		"C_GetSessionInfo",
		"C_OpenSession",
		"C_CloseSession",
		"C_Login",
		"C_WrapKey",
		"C_GenerateKey",
		"C_GenerateKeyPair",
		"C_CreateObject",
		"C_GetTokenInfo",
		"C_GetSlotInfo",
		"C_GetSlotList",
		"C_GetMechanismInfo",
		"C_GenerateRandom",
	};
	unsigned n = 0;

	for (size_t i = 0; i < HF_COUNT(all); i++)
		n += host_calls(all[i]);
	return n;
}

static void a_stateless_signature_is_three_hsm_calls(void **state)
{
	struct hsmhost *h = start("old");
	struct host_job key = host_key(h, "a", KEY_P256);

	hsmhost_stop(h, 1000);
	h = start("old");
	host_calls_reset();
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	/* The first use of the record has its MAC checked; the first unwrap of this kind in this
	 * process is read back. */
	assert_int_equal(host_calls(NULL), 5);
	assert_int_equal(host_calls("C_Sign"), 2);
	assert_int_equal(host_calls("C_GetAttributeValue"), 1);
	for (int i = 0; i < 20; i++) {
		host_calls_reset();
		assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
		assert_int_equal(host_calls("C_UnwrapKey"), 1);
		assert_int_equal(host_calls("C_SignInit"), 1);
		assert_int_equal(host_calls("C_Sign"), 1);
		assert_int_equal(host_calls("C_DestroyObject"), 1);
		assert_int_equal(functions_called(), 4);
		assert_int_equal(host_calls(NULL), 3); /* an operation and its Init are one */
	}
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

static void one_unwrapped_key_in_many_is_read_back(void **state)
{
	struct hsmhost *h = start("old");
	struct host_job key = host_key(h, "a", KEY_P256);

	host_calls_reset();
	for (int i = 0; i < 2 * 256; i++)
		assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	assert_int_equal(host_calls("C_GetAttributeValue"), 2);
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

static void a_warm_key_is_one_hsm_call(void **state)
{
	struct hsmhost_config c = config("old");
	struct host_job key;
	struct hsmhost *h;

	c.setup.warm_keys = 4;
	c.setup.warm_ttl_s = 60;
	h = start_with(c);
	key = host_key(h, "a", KEY_P256);
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	host_calls_reset();
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	assert_int_equal(host_calls(NULL), 1);
	assert_int_equal(functions_called(), 2);
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

static void a_record_altered_after_its_first_use_is_refused(void **state)
{
	struct hsmhost *h = start("old");
	struct host_job key = host_key(h, "a", KEY_P256), sign;

	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	key.record.ptr[key.record.len - 40] ^= 1; /* of the blob; the MAC stays */
	sign = sign_once(h, &key);
	assert_int_equal(sign.result.outcome, OP_FAILED);
	assert_int_equal(sign.result.code, HF_UNAUTHENTIC);
	hsmhost_stop(h, 1000);
	host_job_done(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_master_wraps_and_the_others_unwrap),
		cmocka_unit_test(a_key_of_a_master_that_is_not_here_is_refused_by_its_name),
		cmocka_unit_test(a_label_that_the_token_lacks_is_missed_only_when_it_is_to_wrap),
		cmocka_unit_test(a_rewrapped_key_signs_as_before_under_the_new_master_alone),
		cmocka_unit_test(an_altered_record_is_not_rewrapped),
		cmocka_unit_test(a_resident_key_stays_and_its_record_is_sealed_anew),
		cmocka_unit_test(a_stateless_signature_is_three_hsm_calls),
		cmocka_unit_test(one_unwrapped_key_in_many_is_read_back),
		cmocka_unit_test(a_warm_key_is_one_hsm_call),
		cmocka_unit_test(a_record_altered_after_its_first_use_is_refused),
	};

	return cmocka_run_group_tests(tests, make_masters, host_token_remove);
}
