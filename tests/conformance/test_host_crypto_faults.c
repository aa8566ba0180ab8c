/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys of any kind when the module misbehaves: the fault module before a real
 * SoftHSM2, as a gateway has it, without a master key. */
#include "host_crypto.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
	DEADLINE_MS = 1000, /* where it is to be reached */
	LISTED = 100,       /* keys: more than one batch of those that read together */
};

static const uint8_t aes_id[] = { 0xa1 }, ec_id[] = { 0xe1 };
static const uint8_t data[32] = "a digest of something to sign...";

static struct hsmhost *start_with(unsigned processes, unsigned readers, int deadline_ms)
{
	struct hsmhost_config c = host_config("test");
	struct hsmhost *h;

	c.processes = processes;
	c.op_deadline_ms = deadline_ms;
	c.setup.needs_master = false;
	c.setup.allow_resident = true;
	c.setup.readers = readers;
	h = crypto_start(&c);
	host_config_done(&c);
	return h;
}

static struct hsmhost *start(unsigned processes)
{
	return start_with(processes, 0, HOST_PATIENCE_MS);
}

static struct key_shape shape(enum object_type type, struct hf_span id)
{
	return (struct key_shape){ .type = type,
		                   .curve = type == OBJECT_EC ? CURVE_P256 : CURVE_NONE,
		                   .bits = 256,
		                   .uses = type == OBJECT_EC ? USE_SIGN | USE_VERIFY
		                                             : USE_ENCRYPT | USE_DECRYPT,
		                   .uses_given = true,
		                   .has_private = true,
		                   .persistent = true,
		                   .id = id,
		                   .label = hf_span_text("a key") };
}

static void make(struct hsmhost *h, enum object_type type, struct hf_span id)
{
	struct crypto_op op = { .kind = CRYPTO_GENERATE, .made = shape(type, id) };
	CRYPTO_RUN made = crypto_done(h, &op);

	CHECK(made.r.made.type == type);
}

static struct crypto_op encrypt_op(void)
{
	return (struct crypto_op){ .kind = CRYPTO_ENCRYPT,
		                   .key.name = { .id = HF_SPAN(aes_id, sizeof(aes_id)),
		                                 .label = hf_span_text("a key"),
		                                 .type = OBJECT_AES },
		                   .mech.mode = MODE_ECB,
		                   .data = HF_SPAN(data, sizeof(data)) };
}

/* Encrypts under a fault that happens once: what came of it, and that the next one works. */
static struct crypto_run encrypt_within(int deadline_ms, const char *fault)
{
	struct crypto_op op = encrypt_op();
	struct crypto_run under;
	struct hsmhost *h;
	CRYPTO_RUN before = { 0 }, next = { 0 };

	host_faults("# none\n");
	h = start_with(1, 0, deadline_ms);
	make(h, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	before = crypto_done(h, &op); /* its handle is remembered now */
	host_faults(fault);
	under = crypto_do(h, &op);
	next = crypto_done(h, &op);
	CHECK(next.r.data.len == sizeof(data));
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
	return under;
}

static struct crypto_run encrypt_under(const char *fault)
{
	return encrypt_within(HOST_PATIENCE_MS, fault);
}

static void a_crash_gives_the_operation_back_and_says_that_the_slot_is_ill(void **state)
{
	CRYPTO_RUN run = encrypt_under("C_Encrypt once=a crash\n");

	assert_int_equal(run.r.outcome, OP_RETRY);
	assert_int_equal(run.r.code, HF_IO);
	CHECK(run.r.unhealthy);
	/* Killed by a signal; a sanitizer turns that into an exit status. */
	CHECK(strstr(run.r.text, "signal") || strstr(run.r.text, "ended with status"));
}

static void a_hang_past_the_deadline_does_the_same(void **state)
{
	int64_t began = hf_mono_ms();
	CRYPTO_RUN run = encrypt_within(DEADLINE_MS, "C_Encrypt once=a hang\n");

	assert_int_equal(run.r.outcome, OP_RETRY);
	assert_int_equal(run.r.code, HF_IO);
	CHECK(run.r.unhealthy && strstr(run.r.text, "hung"));
	CHECK(hf_mono_ms() - began >= DEADLINE_MS);
}

static void a_stale_handle_is_found_again_without_a_word(void **state)
{
	CRYPTO_RUN key = encrypt_under("C_EncryptInit once=a return CKR_KEY_HANDLE_INVALID\n");
	CRYPTO_RUN object =
	        encrypt_under("C_EncryptInit once=a return CKR_OBJECT_HANDLE_INVALID\n");

	assert_int_equal(key.r.outcome, OP_DONE);
	assert_int_equal(object.r.outcome, OP_DONE);
}

static void a_session_that_is_lost_is_opened_again(void **state)
{
	CRYPTO_RUN run = encrypt_under("C_EncryptInit once=a return CKR_SESSION_HANDLE_INVALID\n");

	assert_int_equal(run.r.outcome, OP_DONE);
}

static void what_the_hsm_says_of_itself_is_unhealthy_and_of_the_request_is_not(void **state)
{
	CRYPTO_RUN device = encrypt_under("C_EncryptInit once=a return CKR_DEVICE_ERROR\n");
	CRYPTO_RUN memory = encrypt_under("C_EncryptInit once=a return CKR_DEVICE_MEMORY\n");
	CRYPTO_RUN length = encrypt_under("C_Encrypt once=a return CKR_DATA_LEN_RANGE\n");

	assert_int_equal(device.r.outcome, OP_RETRY);
	CHECK(device.r.unhealthy);
	assert_int_equal(memory.r.outcome, OP_RETRY);
	CHECK(memory.r.unhealthy);
	assert_int_equal(length.r.outcome, OP_FAILED);
	CHECK(!length.r.unhealthy);
}

/* With a key that is made; its public key is *ret_key's. */
static struct crypto_op sign_op(struct hsmhost *h, struct crypto_run *ret_key)
{
	struct crypto_op op = { .kind = CRYPTO_SIGN,
		                .key.name = { .id = HF_SPAN(ec_id, sizeof(ec_id)),
		                              .type = OBJECT_EC },
		                .mech.mode = MODE_ECDSA,
		                .data = HF_SPAN(data, sizeof(data)) };
	struct crypto_op look = { .kind = CRYPTO_DESCRIBE, .key = op.key };

	make(h, OBJECT_EC, op.key.name.id);
	*ret_key = crypto_done(h, &look);
	op.key.name.public_key = ret_key->r.made.public_key;
	return op;
}

static void a_wrong_signature_never_leaves(void **state)
{
	CRYPTO_RUN key = { 0 }, run = { 0 };
	struct crypto_op op;
	struct hsmhost *h;

	host_faults("# none\n");
	h = start(1);
	op = sign_op(h, &key);
	run = crypto_done(h, &op);
	crypto_run_done(&run);
	host_faults("C_Sign once=a corrupt\n");
	run = crypto_fails(h, &op, OP_RETRY, HF_UNAUTHENTIC);
	CHECK(run.r.data.len == 0);
	crypto_run_done(&run);
	run = crypto_done(h, &op);
	CHECK(run.r.verified);
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
}

/* Only one that is too long for the curve is cut and offered again. */
static void a_digest_that_fits_and_is_refused_is_not_signed_twice(void **state)
{
	CRYPTO_RUN key = { 0 }, run = { 0 };
	struct crypto_op op;
	struct hsmhost *h;

	host_faults("count\n");
	h = start(1);
	op = sign_op(h, &key);
	host_faults("count\nC_Sign return CKR_DATA_LEN_RANGE\n");
	host_calls_reset();
	run = crypto_do(h, &op);
	CHECK(run.r.outcome != OP_DONE && run.r.code == HF_INVALID && !run.r.unhealthy);
	assert_int_equal(host_calls("C_Sign"), 1);
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
}

static void operations_behind_one_that_crashes_go_to_another_signer(void **state)
{
	struct crypto_run runs[24];
	struct crypto_op op = encrypt_op();
	unsigned back = 0;
	struct hsmhost *h;

	host_faults("# none\n");
	h = start(2);
	make(h, OBJECT_AES, HF_SPAN(aes_id, sizeof(aes_id)));
	host_faults("C_Encrypt once=a crash\n");
	for (size_t i = 0; i < HF_COUNT(runs); i++)
		runs[i] = crypto_ask(&op);
	crypto_run_all(h, runs, HF_COUNT(runs));
	for (size_t i = 0; i < HF_COUNT(runs); i++) {
		back += runs[i].r.outcome == OP_RETRY;
		CHECK(runs[i].r.outcome == OP_RETRY || runs[i].r.data.len == sizeof(data));
		crypto_run_done(&runs[i]);
	}
	assert_int_equal(back, 1);
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
}

static void a_key_is_made_once_though_nobody_knew_that_it_was(void **state)
{
	static const uint8_t id[] = { 0x77 };
	struct crypto_op op = { .kind = CRYPTO_GENERATE,
		                .made = shape(OBJECT_AES, HF_SPAN(id, sizeof(id))) };
	struct hsmhost *h;
	unsigned before;
	CRYPTO_RUN first = { 0 }, again = { 0 };

	host_faults("# none\n");
	h = start(1);
	before = host_token_objects();
	host_faults("C_GetAttributeValue once=a crash\n"); /* it is made, and read back */
	first = crypto_do(h, &op);
	assert_int_equal(first.r.outcome, OP_RETRY);
	again = crypto_done(h, &op);
	assert_int_equal(host_token_objects(), before + 1);
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
}

static void make_for_list(struct hsmhost *h, unsigned n)
{
	static struct crypto_run runs[LISTED];
	static uint8_t ids[LISTED][3];

	for (unsigned i = 0; i < n; i++) {
		struct crypto_op op = { .kind = CRYPTO_GENERATE };

		memcpy(ids[i], (uint8_t[]){ 'L', (uint8_t)(i / 100), (uint8_t)(i % 100) }, 3);
		op.made = shape(OBJECT_AES, HF_SPAN(ids[i], sizeof(ids[i])));
		runs[i] = crypto_ask(&op);
	}
	crypto_run_all(h, runs, n);
	for (unsigned i = 0; i < n; i++) {
		CHECK(runs[i].r.outcome == OP_DONE);
		crypto_run_done(&runs[i]);
	}
}

/* All pages: are all of those there, each once? */
static void check_list(struct hsmhost *h)
{
	struct crypto_op op = { .kind = CRYPTO_LIST, .count = 50 };
	bool seen[LISTED] = { false };
	unsigned n = 0;

	do {
		CRYPTO_RUN got = crypto_done(h, &op);
		struct hf_reader r = hf_reader(got.r.list);
		struct key_shape key;

		while (hf_ok(crypto_list_next(&r, &key))) {
			unsigned i;

			if (key.id.len != 3 || key.id.ptr[0] != 'L')
				continue;
			i = key.id.ptr[1] * 100u + key.id.ptr[2];
			CHECK(i < LISTED && !seen[i]);
			seen[i] = true;
			n++;
		}
		op.cursor = got.r.cursor;
	} while (op.cursor);
	assert_int_equal(n, LISTED);
}

/* What goes wrong in sessions that only help is made up for by the one that lists. */
static void a_list_is_whole_whatever_becomes_of_the_sessions_that_help_with_it(void **state)
{
	static const char *const faults[] = {
		"# none\n",
		"C_GetAttributeValue nth=30 return CKR_DEVICE_ERROR\n",
		"C_GetAttributeValue nth=30 return CKR_SESSION_HANDLE_INVALID\n",
		"C_OpenSession cap=2\n",
		"C_OpenSession return CKR_SESSION_COUNT\n",
	};
	struct hsmhost *h;

	host_faults("# none\n");
	h = start_with(2, 0, HOST_PATIENCE_MS);
	make_for_list(h, LISTED);
	hsmhost_stop(h, 1000);
	for (size_t i = 0; i < HF_COUNT(faults); i++) {
		host_faults("# none\n");
		h = start_with(1, 3, HOST_PATIENCE_MS);
		host_faults(faults[i]);
		check_list(h);
		host_faults("# none\n");
		check_list(h); /* with sessions that are opened anew */
		hsmhost_stop(h, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_gives_the_operation_back_and_says_that_the_slot_is_ill),
		cmocka_unit_test(a_hang_past_the_deadline_does_the_same),
		cmocka_unit_test(a_stale_handle_is_found_again_without_a_word),
		cmocka_unit_test(a_session_that_is_lost_is_opened_again),
		cmocka_unit_test(
		        what_the_hsm_says_of_itself_is_unhealthy_and_of_the_request_is_not),
		cmocka_unit_test(a_wrong_signature_never_leaves),
		cmocka_unit_test(a_digest_that_fits_and_is_refused_is_not_signed_twice),
		cmocka_unit_test(operations_behind_one_that_crashes_go_to_another_signer),
		cmocka_unit_test(a_key_is_made_once_though_nobody_knew_that_it_was),
		cmocka_unit_test(
		        a_list_is_whole_whatever_becomes_of_the_sessions_that_help_with_it),
	};

	return cmocka_run_group_tests(tests, host_token_make, host_token_remove);
}
