/* SPDX-License-Identifier: Apache-2.0
 * Values of keys that come into real tokens and may leave them; and long listings.
 * `test_values NAME`. */
#include "check.h"
#include "objects.h"

#include "crypto/verify_any.h"
#include "p11/crypt.h"
#include "p11/object_readers.h"

#include <stdio.h>
#include <string.h>

#define STORE_MAX (1u << 20)
#define MANY (2 * OBJECT_BATCH + 10)

static struct hf_buf store;
static struct hf_secret rsa_value;

static int start(void **state)
{
	objects_start();
	store = HF_BUF(STORE_MAX);
	assert_non_null(hf_buf_grow(&store, STORE_MAX)); /* all of it: it does not move again */
	hf_buf_clear(&store);
	return 0;
}

static int stop(void **state)
{
	hf_buf_done(&store);
	hf_secret_done(&rsa_value);
	objects_stop();
	return 0;
}

static struct key_name name_of(const struct key_shape *shape)
{
	return (struct key_name){ .id = shape->id, .label = shape->label, .type = shape->type };
}

static void destroy(const struct key_shape *shape)
{
	struct key_name name = name_of(shape);
	struct hf_err err = { 0 };

	must(p11_object_destroy_key(&session, &name, false, &err), &err);
}

static struct key_shape exportable(const struct kind *k, const char *id)
{
	struct key_shape shape = kind_shape(k, id, "a value");

	shape.uses_given = true;
	shape.uses = object_type_uses((int)k->type, k->curve) | USE_EXPORT;
	return shape;
}

/* A value of that kind that nobody knows beforehand, out of the token itself. */
static struct hf_secret fresh_value_of(const struct kind *k)
{
	struct key_shape shape = exportable(k, "source"), made;
	struct key_name name = name_of(&shape);
	struct hf_secret value = { 0 };
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };

	must(p11_object_generate(&session, &shape, &object, &made, &store, &err), &err);
	CHECK(made.extractable && !made.sensitive && (made.uses & USE_EXPORT));
	must(p11_object_export(&session, &name, &value, &err), &err);
	destroy(&shape);
	return value;
}

/* The same, of RSA always the one that was made first: it takes its time. */
static struct hf_secret value_of(const struct kind *k)
{
	struct hf_secret value;

	if (k->type != OBJECT_RSA)
		return fresh_value_of(k);
	if (!rsa_value.len)
		rsa_value = fresh_value_of(k);
	CHECK_OK(hf_secret_copy(rsa_value.ptr, rsa_value.len, &value));
	return value;
}

static hf_status import(const struct key_shape *shape, const struct hf_secret *value,
                        struct key_shape *ret, struct hf_err *err)
{
	CK_OBJECT_HANDLE object;

	return p11_object_import(&session, shape, HF_SPAN(value->ptr, value->len), &object, ret,
	                         &store, err);
}

static void check_round_trip(const struct kind *k)
{
	HF_SECRET struct hf_secret value = value_of(k), again = { 0 };
	struct key_shape shape = exportable(k, "target"), made, twice;
	struct key_name name = name_of(&shape);
	struct hf_err err = { 0 };

	must(import(&shape, &value, &made, &err), &err);
	assert_int_equal(made.uses, shape.uses);
	must(import(&shape, &value, &twice, &err), &err);
	CHECK(hf_span_equal(made.public_key, twice.public_key));
	must(p11_object_export(&session, &name, &again, &err), &err);
	CHECK(hf_secret_equal(&value, again.ptr, again.len));
	destroy(&shape);
	assert_int_equal(session.live, 0);
}

static void what_may_leave_comes_back_the_same(void **state)
{
	for (const struct kind *k = kinds; k->type; k++)
		if (kind_is_taken(k))
			check_round_trip(k);
}

static void what_is_sensitive_does_not_leave(void **state)
{
	for (const struct kind *k = kinds; k->type; k++) {
		struct key_shape shape = kind_shape(k, "closed", "a value"), made;
		struct key_name name = name_of(&shape);
		struct hf_secret value;
		CK_OBJECT_HANDLE object;
		struct hf_err err = { 0 };

		if (!kind_is_made(k))
			continue;
		must(p11_object_generate(&session, &shape, &object, &made, &store, &err), &err);
		CHECK_CODE(p11_object_export(&session, &name, &value, &err), HF_DENIED);
		CHECK(strstr(err.text, "never leaves"));
		destroy(&shape);
	}
}

static void an_imported_key_is_as_closed_as_it_was_to_be(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_RSA, 2048);
	HF_SECRET struct hf_secret value = value_of(k);
	struct key_shape shape = kind_shape(k, "closed", "a value"), made;
	struct key_name name = name_of(&shape);
	struct hf_secret out;
	struct hf_err err = { 0 };

	must(import(&shape, &value, &made, &err), &err);
	CHECK(made.sensitive && !made.extractable && !made.local && made.has_private);
	CHECK_CODE(p11_object_export(&session, &name, &out, NULL), HF_DENIED);
	destroy(&shape);
}

static void an_exportable_key_can_be_closed_for_good(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_AES, 256);
	struct key_shape shape = exportable(k, "closing"), made;
	struct key_shape to = { .uses = USE_ENCRYPT, .uses_given = true };
	struct key_name name = name_of(&shape);
	CK_OBJECT_HANDLE object;
	struct hf_secret value;
	struct hf_err err = { 0 };

	must(p11_object_generate(&session, &shape, &object, &made, &store, &err), &err);
	must(p11_object_update(&session, &name, &to, &err), &err);
	CHECK_CODE(p11_object_export(&session, &name, &value, NULL), HF_DENIED);
	destroy(&shape);
}

static void values_of_something_else_are_refused(void **state)
{
	const struct kind *aes = kind_of_type(OBJECT_AES, 256);
	const struct kind *rsa = kind_of_type(OBJECT_RSA, 2048);
	HF_SECRET struct hf_secret value = value_of(aes), pair = value_of(rsa);
	struct key_shape shorter = exportable(kind_of_type(OBJECT_AES, 128), "no"), made;
	struct key_shape curve = exportable(kind_of(CURVE_P256), "no");
	struct key_shape other = exportable(rsa, "no");
	struct hf_err err;

	CHECK_CODE(import(&shorter, &value, &made, &err), HF_INVALID);
	CHECK(strstr(err.text, "no AES key of 128 bits"));
	CHECK_CODE(import(&curve, &pair, &made, &err), HF_INVALID);
	CHECK(strstr(err.text, "NistP256"));
	CHECK_CODE(import(&other, &value, &made, NULL), HF_INVALID);
	other.public_key = hf_span_text("of another");
	CHECK_CODE(import(&other, &pair, &made, &err), HF_INVALID);
	CHECK(strstr(err.text, "another key"));
}

static void a_public_key_comes_alone(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_RSA, 2048);
	struct key_shape shape = kind_shape(k, "pair", "a value"), pair, made, now;
	struct key_name name;
	struct hf_secret value = { 0 };
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };

	must(p11_object_generate(&session, &shape, &object, &pair, &store, &err), &err);
	shape.id = hf_span_text("alone");
	shape.has_private = false;
	must(p11_object_import(&session, &shape, pair.public_key, &object, &made, &store, &err),
	     &err);
	CHECK(!made.has_private && hf_span_equal(made.public_key, pair.public_key));
	name = name_of(&shape);
	must(p11_object_describe(&session, &name, &now, &store, &err), &err);
	assert_int_equal(now.uses, USE_VERIFY | USE_ENCRYPT | USE_WRAPKEY);
	must(p11_object_export(&session, &name, &value, &err), &err);
	CHECK(hf_span_equal(HF_SPAN(value.ptr, value.len), pair.public_key));
	hf_secret_done(&value);
	destroy(&shape);
	destroy(&pair);
}

/* Interrupted between the halves: the next try finishes it, and does not make a second. */
static void an_import_that_was_interrupted_is_finished(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_RSA, 2048);
	HF_SECRET struct hf_secret value = value_of(k);
	struct key_shape shape = kind_shape(k, "half", "a value"), made, again;
	struct key_name name = name_of(&shape);
	CK_OBJECT_HANDLE public, private, found;
	struct hf_err err = { 0 };

	must(import(&shape, &value, &made, &err), &err);
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &private, NULL));
	CHECK_OK(p11_object_find(&session, &name, HALF_PUBLIC, &public, NULL));
	assert_int_equal(session.fn->C_DestroyObject(session.handle, public), CKR_OK);
	must(import(&shape, &value, &again, &err), &err);
	CHECK(hf_span_equal(made.public_key, again.public_key));
	CHECK_OK(p11_object_find(&session, &name, HALF_PUBLIC, &public, NULL));
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &found, NULL));
	CHECK(found == private);
	destroy(&shape);
}

static void another_value_under_the_same_id_is_not_taken(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_RSA, 2048);
	HF_SECRET struct hf_secret first = value_of(k), second = fresh_value_of(k);
	struct key_shape shape = kind_shape(k, "first", "a value"), made;
	struct hf_err err = { 0 };

	must(import(&shape, &first, &made, &err), &err);
	CHECK_CODE(import(&shape, &second, &made, NULL), HF_EXISTS);
	destroy(&shape);
}

static void what_imported_keys_sign_verifies(void **state)
{
	static const struct {
		enum curve curve;
		enum crypto_mode mode;
		enum verify_kind verify;
	} rows[] = { { CURVE_P256, MODE_ECDSA, VERIFY_ECDSA },
		     { CURVE_SECP256K1, MODE_ECDSA, VERIFY_ECDSA },
		     { CURVE_ED25519, MODE_EDDSA, VERIFY_EDDSA } };

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		const struct kind *k = kind_of(rows[i].curve);
		const struct crypto_mech mech = { .mode = rows[i].mode };
		const struct verify_how how = { .kind = rows[i].verify };
		struct hf_span data = hf_span_text("01234567890123456789012345678901");
		HF_BUF_SCOPED struct hf_buf signature = HF_BUF(1024);
		HF_SECRET struct hf_secret value = { 0 };
		struct key_shape shape = kind_shape(k, "signer", "a value"), made;
		CK_OBJECT_HANDLE object;
		struct hf_err err = { 0 };

		if (!kind_is_made(k))
			continue;
		value = value_of(k);
		must(p11_object_import(&session, &shape, HF_SPAN(value.ptr, value.len), &object,
		                       &made, &store, &err),
		     &err);
		must(p11_sign(&session, object, &mech, data, &signature, &err), &err);
		CHECK_OK(verify_any(made.public_key, &how, data, hf_buf_span(&signature)));
		destroy(&shape);
	}
}

/* --- many --- */

static void make_many(void)
{
	for (int i = 0; i < MANY; i++) {
		CK_OBJECT_CLASS class = CKO_SECRET_KEY;
		CK_KEY_TYPE type = CKK_AES;
		CK_BBOOL yes = CK_TRUE;
		CK_ULONG len = 16;
		char id[16];
		CK_ATTRIBUTE a[] = { { CKA_CLASS, &class, sizeof(class) },
			             { CKA_KEY_TYPE, &type, sizeof(type) },
			             { CKA_TOKEN, &yes, sizeof(yes) },
			             { CKA_PRIVATE, &yes, sizeof(yes) },
			             { CKA_VALUE_LEN, &len, sizeof(len) },
			             { CKA_LABEL, "many", 4 },
			             { CKA_ID, id,
			               (CK_ULONG)snprintf(id, sizeof(id), "many %d", i) } };
		CK_MECHANISM mechanism = { .mechanism = CKM_AES_KEY_GEN };
		CK_OBJECT_HANDLE object;

		assert_int_equal(session.fn->C_GenerateKey(session.handle, &mechanism, a,
		                                           HF_COUNT(a), &object),
		                 CKR_OK);
	}
}

struct listing {
	struct object_walk *walk;
	bool seen[MANY];
	size_t n;
};

static void begin_listing(struct listing *l, struct object_readers *readers)
{
	struct hf_err err = { 0 };

	*l = (struct listing){ 0 };
	must(object_walk_begin(&session, readers, &l->walk, &err), &err);
	assert_int_equal(object_walk_total(l->walk), MANY);
}

/* Up to `n` more; false: no more. */
static bool go_on(struct listing *l, size_t n)
{
	struct key_shape shape;
	struct hf_err err = { 0 };

	while (n--) {
		hf_status s = object_walk_next(l->walk, &session, &shape, &err);
		char id[16];
		int i;

		if (s.code == HF_NOTFOUND)
			return false;
		must(s, &err);
		CHECK_OK(hf_span_to_text(shape.id, id, sizeof(id)));
		i = atoi(id + 5);
		CHECK(i >= 0 && i < MANY && !l->seen[i]);
		CHECK(hf_span_is(shape.label, "many") && shape.bits == 128);
		l->seen[i] = true;
		l->n++;
	}
	return true;
}

static void end_with_all(struct listing *l)
{
	while (go_on(l, MANY))
		;
	assert_int_equal(l->n, MANY);
	object_walk_end(l->walk);
}

static struct object_readers *three_readers(void)
{
	struct object_readers *readers;

	CHECK_OK(object_readers_new(session.module, &session.token, 3, &readers));
	return readers;
}

static void a_long_listing_has_every_key_once(void **state)
{
	struct listing l;

	make_many();
	begin_listing(&l, NULL);
	end_with_all(&l);
}

static void a_listing_that_several_sessions_read_has_every_key_once(void **state)
{
	struct object_readers *readers = three_readers();
	struct listing one, other, given_up;

	begin_listing(&one, readers);
	end_with_all(&one);
	begin_listing(&one, readers);
	begin_listing(&other, readers);
	begin_listing(&given_up, readers);
	CHECK(go_on(&given_up, 5));
	while (go_on(&one, 50)) /* by turns, over all edges of batches */
		CHECK(go_on(&other, 40));
	object_walk_end(given_up.walk);
	end_with_all(&one);
	end_with_all(&other);
	CHECK(object_readers_cool(readers) >= 0); /* still open: a list may follow */
	object_readers_free(readers);
}

static void a_key_that_goes_while_several_sessions_read_is_left_out(void **state)
{
	struct object_readers *readers = three_readers();
	struct listing l;

	begin_listing(&l, readers);
	CHECK(go_on(&l, 1)); /* the first two batches may be read by now */
	for (int i = 0; i < MANY; i += 4) {
		char id[16];
		struct key_shape shape = { .type = OBJECT_AES, .label = hf_span_text("many") };

		shape.id = HF_SPAN(id, (size_t)snprintf(id, sizeof(id), "many %d", i));
		destroy(&shape);
	}
	while (go_on(&l, MANY))
		;
	for (int i = 0; i < MANY; i++)
		CHECK(l.seen[i] || i % 4 == 0);
	assert_int_equal(object_walk_total(l.walk), l.n);
	object_walk_end(l.walk);
	object_readers_free(readers);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_leave_comes_back_the_same),
		cmocka_unit_test(what_is_sensitive_does_not_leave),
		cmocka_unit_test(an_imported_key_is_as_closed_as_it_was_to_be),
		cmocka_unit_test(an_exportable_key_can_be_closed_for_good),
		cmocka_unit_test(values_of_something_else_are_refused),
		cmocka_unit_test(a_public_key_comes_alone),
		cmocka_unit_test(an_import_that_was_interrupted_is_finished),
		cmocka_unit_test(another_value_under_the_same_id_is_not_taken),
		cmocka_unit_test(what_imported_keys_sign_verifies),
		/* The last: the token is full of keys then. */
		cmocka_unit_test(a_long_listing_has_every_key_once),
		cmocka_unit_test(a_listing_that_several_sessions_read_has_every_key_once),
		cmocka_unit_test(a_key_that_goes_while_several_sessions_read_is_left_out),
	};

	objects_place(argc == 2 ? argv[1] : "");
	return cmocka_run_group_tests(tests, start, stop);
}
