/* SPDX-License-Identifier: Apache-2.0
 * Keys that live in real tokens (places.h): made, found, listed, changed, destroyed.
 * `test_objects NAME`. Values that come and go are in test_values.c. */
#include "check.h"
#include "objects.h"

#include "crypto/verify_any.h"
#include "p11/crypt.h"
#include "p11/master.h"

#include <string.h>
#include <time.h>

#define STORE_MAX (1u << 20)

static struct hf_buf store;

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
	objects_stop();
	return 0;
}

static struct key_shape make(const struct kind *k, const char *id)
{
	struct key_shape shape = kind_shape(k, id, "a key"), made;
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };

	must(p11_object_generate(&session, &shape, &object, &made, &store, &err), &err);
	return made;
}

static struct key_name name_of(const struct key_shape *shape)
{
	return (struct key_name){ .id = shape->id,
		                  .label = shape->label,
		                  .type = shape->type,
		                  .public_key = shape->public_key };
}

static void destroy(const struct key_shape *shape)
{
	struct key_name name = name_of(shape);
	struct hf_err err = { 0 };

	must(p11_object_destroy_key(&session, &name, false, &err), &err);
}

/* All keys, as the walk gives them: how many there are with this id (NULL: of all). */
static size_t walk(const char *id, struct key_shape *ret)
{
	struct object_walk *w;
	struct key_shape shape;
	struct hf_err err = { 0 };
	hf_status status;
	size_t n = 0, all = 0;

	must(object_walk_begin(&session, NULL, &w, &err), &err);
	while (hf_ok(status = object_walk_next(w, &session, &shape, &err))) {
		CHECK(all++ < object_walk_total(w));
		if (id && !hf_span_is(shape.id, id))
			continue;
		n++;
		if (ret)
			CHECK_OK(shape_copy(&shape, &store, ret));
	}
	CHECK(status.code == HF_NOTFOUND);
	assert_int_equal(object_walk_total(w), all + object_walk_unknown(w));
	object_walk_end(w);
	return n;
}

static void check_same(const struct key_shape *a, const struct key_shape *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->curve, b->curve);
	assert_int_equal(a->bits, b->bits);
	assert_int_equal(a->uses, b->uses);
	assert_int_equal(a->extractable, b->extractable);
	assert_int_equal(a->sensitive, b->sensitive);
	assert_int_equal(a->has_private, b->has_private);
	CHECK(hf_span_equal(a->id, b->id));
	CHECK(hf_span_equal(a->label, b->label));
	CHECK(hf_span_equal(a->public_key, b->public_key));
}

/* --- what is made is what is found --- */

static void check_made(const struct kind *k, const struct key_shape *made)
{
	assert_int_equal(made->type, k->type);
	assert_int_equal(made->curve, k->curve);
	assert_int_equal(made->bits, kind_bits(k));
	assert_int_equal(made->uses, object_type_uses((int)k->type, k->curve));
	CHECK(made->sensitive && !made->extractable && made->has_private && made->persistent);
	CHECK(object_type_is_asymmetric((int)k->type) == (made->public_key.len > 0));
}

/* Tokens let a key that nobody asked it of decrypt. */
static void check_does_no_more(const struct key_name *name, enum object_half half, unsigned can,
                               CK_ATTRIBUTE_TYPE type, unsigned use)
{
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };
	bool is;

	must(p11_object_find(&session, name, half, &object, &err), &err);
	must(attribute_bool(&session, object, type, &is, &err), &err);
	CHECK(!is || (can & use));
}

static void check_pair_does_no_more(const struct kind *k, const struct key_name *name)
{
	unsigned can = object_type_uses((int)k->type, k->curve);

	check_does_no_more(name, HALF_PRIVATE, can, CKA_DECRYPT, USE_DECRYPT);
	check_does_no_more(name, HALF_PRIVATE, can, CKA_UNWRAP, USE_UNWRAPKEY);
	check_does_no_more(name, HALF_PRIVATE, can, CKA_SIGN, USE_SIGN);
	check_does_no_more(name, HALF_PRIVATE, can, CKA_DERIVE, USE_AGREEKEY);
	check_does_no_more(name, HALF_PUBLIC, can, CKA_ENCRYPT, USE_ENCRYPT);
	check_does_no_more(name, HALF_PUBLIC, can, CKA_WRAP, USE_WRAPKEY);
	check_does_no_more(name, HALF_PUBLIC, can, CKA_VERIFY, USE_VERIFY);
}

static void every_kind_is_made_once_and_listed_as_it_was_made(void **state)
{
	for (const struct kind *k = kinds; k->type; k++) {
		struct key_shape made, again, described, listed = { 0 };
		struct key_name name;
		struct hf_err err = { 0 };

		if (!kind_is_made(k))
			continue;
		made = make(k, "once");
		check_made(k, &made);
		again = make(k, "once");
		check_same(&made, &again);
		name = name_of(&made);
		must(p11_object_describe(&session, &name, &described, &store, &err), &err);
		check_same(&made, &described);
		if (object_type_is_asymmetric((int)k->type))
			check_pair_does_no_more(k, &name);
		assert_int_equal(walk("once", &listed), 1);
		if (k->type == OBJECT_SECRET || k->type == OBJECT_HMAC)
			listed.type = made.type;
		check_same(&made, &listed);
		destroy(&made);
		assert_int_equal(walk("once", NULL), 0);
	}
	assert_int_equal(session.live, 0);
}

static void what_the_token_cannot_make_is_said_so(void **state)
{
	for (const struct kind *k = kinds; k->type; k++) {
		struct key_shape shape = kind_shape(k, "no", "a key"), made;
		CK_OBJECT_HANDLE object;

		if (!kind_is_made(k))
			CHECK_CODE(
			        p11_object_generate(&session, &shape, &object, &made, &store, NULL),
			        HF_UNSUPPORTED);
	}
	assert_int_equal(walk("no", NULL), 0);
}

static void what_is_signed_with_a_made_key_verifies(void **state)
{
	const struct verify_how how = { .kind = VERIFY_ECDSA };
	const struct crypto_mech mech = { .mode = MODE_ECDSA };
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(1024);
	struct key_shape made;
	struct key_name name;
	CK_OBJECT_HANDLE key;
	uint8_t digest[32] = { 1 };
	struct hf_err err = { 0 };

	if (!kind_is_made(kind_of(CURVE_P256)))
		return;
	made = make(kind_of(CURVE_P256), "signs");
	name = name_of(&made);
	must(p11_object_find(&session, &name, HALF_PRIVATE, &key, &err), &err);
	must(p11_sign(&session, key, &mech, HF_SPAN(digest, sizeof(digest)), &signature, &err),
	     &err);
	CHECK_OK(verify_any(made.public_key, &how, HF_SPAN(digest, sizeof(digest)),
	                    hf_buf_span(&signature)));
	destroy(&made);
}

static void another_key_under_the_same_id_is_not_made(void **state)
{
	struct key_shape first = make(kind_of_type(OBJECT_AES, 256), "taken"), made;
	struct key_shape shorter = kind_shape(kind_of_type(OBJECT_AES, 128), "taken", "a key");
	struct key_shape other = kind_shape(kind_of_type(OBJECT_RSA, 2048), "taken", "a key");
	CK_OBJECT_HANDLE object;
	struct hf_err err;

	CHECK_CODE(p11_object_generate(&session, &shorter, &object, &made, &store, &err),
	           HF_EXISTS);
	CHECK(strstr(err.text, "AES, 256 bits"));
	CHECK_CODE(p11_object_generate(&session, &other, &object, &made, &store, &err), HF_EXISTS);
	assert_int_equal(walk("taken", NULL), 1);
	destroy(&first);
}

static void what_cannot_be_a_key_is_refused(void **state)
{
	struct key_shape bits = kind_shape(kind_of_type(OBJECT_AES, 256), "x", "y"), made;
	struct key_shape nameless = kind_shape(kind_of_type(OBJECT_AES, 256), "", "y");
	struct key_shape opaque = bits, curve = bits;
	CK_OBJECT_HANDLE object;

	bits.bits = 257;
	opaque.type = OBJECT_OPAQUE;
	curve.type = OBJECT_EC;
	for (const struct key_shape **at =
	             (const struct key_shape *[]){ &bits, &nameless, &opaque, &curve, NULL };
	     *at; at++)
		CHECK_CODE(p11_object_generate(&session, *at, &object, &made, &store, NULL),
		           HF_INVALID);
}

static void a_key_to_be_wrapped_is_of_the_session(void **state)
{
	struct key_shape shape = kind_shape(kind_of_type(OBJECT_AES, 256), "brief", "a key"), made;
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };

	shape.persistent = false;
	must(p11_object_generate(&session, &shape, &object, &made, &store, &err), &err);
	CHECK(made.extractable && made.sensitive && !made.persistent);
	assert_int_equal(session.live, 1);
	assert_int_equal(walk("brief", NULL), 0);
	p11_object_destroy(&session, object);
	assert_int_equal(session.live, 0);
}

/* --- names --- */

static void our_own_master_keys_are_not_seen(void **state)
{
	uint8_t id[MASTER_ID_LEN];
	struct key_name name = { .label = hf_span_text("kept"), .type = OBJECT_AES };
	struct p11_master master;
	CK_OBJECT_HANDLE object;
	struct hf_err err = { 0 };

	must(p11_master_create(&session, "kept", &master, &err), &err); /* any label */
	must(p11_master_create(&session, MASTER_LABEL_DEFAULT, &master, &err), &err);
	assert_int_equal(walk(NULL, NULL), 0);
	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &object, NULL), HF_NOTFOUND);
	name.label = hf_span_text(MASTER_LABEL_DEFAULT);
	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &object, NULL), HF_NOTFOUND);
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)strtoul((char[]){ master.id[2 * i], master.id[2 * i + 1], 0 },
		                         NULL, 16);
	name = (struct key_name){ .id = HF_SPAN(id, sizeof(id)), .type = OBJECT_AES };
	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &object, NULL), HF_NOTFOUND);
}

static void two_keys_of_one_id_are_told_apart_or_refused(void **state)
{
	struct key_shape first = make(kind_of_type(OBJECT_AES, 256), "twin"), made;
	struct key_shape twin = kind_shape(kind_of_type(OBJECT_AES, 256), "other", "b key");
	struct key_name name = name_of(&first);
	CK_OBJECT_HANDLE object, other;
	struct hf_err err = { 0 };

	must(p11_object_generate(&session, &twin, &object, &made, &store, &err), &err);
	if (!rename_object(object, CKA_ID,
	                   "twin")) /* a token that keeps ids apart: nothing to do */
		goto out;
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &other, NULL));
	CHECK(other != object);
	name.label = hf_span_text("b key");
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &other, NULL));
	CHECK(other == object);
	name.label = hf_span_text("of neither");
	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &other, &err), HF_EXISTS);
	CHECK(strstr(err.text, "2 keys"));
	assert_int_equal(walk("twin", NULL), 2);
out:
	session.fn->C_DestroyObject(session.handle, object);
	destroy(&first);
}

static void two_pairs_of_one_name_are_told_apart_by_their_public_keys(void **state)
{
	const struct kind *k = kind_of_type(OBJECT_RSA, 2048);
	struct key_shape a = make(k, "pair a"), b = make(k, "pair b");
	struct key_name name = name_of(&a), second = name_of(&b);
	CK_OBJECT_HANDLE private, public, found;

	CHECK_OK(p11_object_find(&session, &second, HALF_PRIVATE, &private, NULL));
	CHECK_OK(p11_object_find(&session, &second, HALF_PUBLIC, &public, NULL));
	if (!rename_object(private, CKA_ID, "pair a") || !rename_object(public, CKA_ID, "pair a"))
		return;
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &found, NULL));
	CHECK(found != private);
	name.public_key = b.public_key;
	CHECK_OK(p11_object_find(&session, &name, HALF_PRIVATE, &found, NULL));
	CHECK(found == private);
	name.public_key = HF_SPAN(NULL, 0);
	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &found, NULL), HF_EXISTS);
	assert_int_equal(walk("pair a", NULL), 2);
	name.public_key = a.public_key;
	CHECK_OK(p11_object_destroy_key(&session, &name, false, NULL));
	name.public_key = b.public_key;
	CHECK_OK(p11_object_destroy_key(&session, &name, false, NULL));
	assert_int_equal(walk("pair a", NULL), 0);
}

static void a_name_of_nothing_is_not_searched(void **state)
{
	struct key_name name = { .type = OBJECT_AES };
	CK_OBJECT_HANDLE object;

	CHECK_CODE(p11_object_find(&session, &name, HALF_PRIVATE, &object, NULL), HF_INVALID);
}

/* --- change --- */

static void label_and_uses_change_on_both_halves(void **state)
{
	struct key_shape made = make(kind_of_type(OBJECT_RSA, 2048), "changes"), now;
	struct key_shape to = { .label = hf_span_text("renamed"),
		                .uses = USE_SIGN | USE_VERIFY,
		                .uses_given = true };
	struct key_name name = name_of(&made);
	struct hf_err err = { 0 };

	must(p11_object_update(&session, &name, &to, &err), &err);
	must(p11_object_describe(&session, &name, &now, &store, &err), &err);
	CHECK(hf_span_is(now.label, "renamed"));
	assert_int_equal(now.uses, USE_SIGN | USE_VERIFY);
	to.uses |= USE_EXPORT;
	CHECK_CODE(p11_object_update(&session, &name, &to, &err), HF_DENIED);
	CHECK(strstr(err.text, "set back"));
	destroy(&now);
}

static void the_private_half_goes_alone(void **state)
{
	struct key_shape made = make(kind_of_type(OBJECT_RSA, 2048), "half"), now;
	struct key_name name = name_of(&made);
	struct hf_err err = { 0 };

	must(p11_object_destroy_key(&session, &name, true, &err), &err);
	must(p11_object_describe(&session, &name, &now, &store, &err), &err);
	CHECK(!now.has_private && hf_span_equal(now.public_key, made.public_key));
	assert_int_equal(walk("half", &now), 1);
	CHECK(!now.has_private && !(now.uses & USE_SIGN));
	CHECK_CODE(p11_object_destroy_key(&session, &name, true, NULL), HF_NOTFOUND);
	destroy(&made);
	CHECK_CODE(p11_object_destroy_key(&session, &name, false, NULL), HF_NOTFOUND);
}

static void a_key_deleted_during_a_walk_is_left_out(void **state)
{
	struct key_shape keys[3], shape;
	struct object_walk *w;
	struct hf_err err = { 0 };
	size_t n = 0;

	keys[0] = make(kind_of_type(OBJECT_AES, 256), "gone 0");
	keys[1] = make(kind_of_type(OBJECT_AES, 256), "gone 1");
	keys[2] = make(kind_of_type(OBJECT_AES, 256), "gone 2");
	must(object_walk_begin(&session, NULL, &w, &err), &err);
	for (size_t i = 0; i < 3; i++)
		destroy(&keys[i]);
	while (hf_ok(object_walk_next(w, &session, &shape, &err)))
		n++;
	assert_int_equal(n, 0);
	assert_int_equal(object_walk_total(w), 0);
	object_walk_end(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_made_once_and_listed_as_it_was_made),
		cmocka_unit_test(what_the_token_cannot_make_is_said_so),
		cmocka_unit_test(what_is_signed_with_a_made_key_verifies),
		cmocka_unit_test(another_key_under_the_same_id_is_not_made),
		cmocka_unit_test(what_cannot_be_a_key_is_refused),
		cmocka_unit_test(a_key_to_be_wrapped_is_of_the_session),
		cmocka_unit_test(our_own_master_keys_are_not_seen),
		cmocka_unit_test(two_keys_of_one_id_are_told_apart_or_refused),
		cmocka_unit_test(two_pairs_of_one_name_are_told_apart_by_their_public_keys),
		cmocka_unit_test(a_name_of_nothing_is_not_searched),
		cmocka_unit_test(label_and_uses_change_on_both_halves),
		cmocka_unit_test(the_private_half_goes_alone),
		cmocka_unit_test(a_key_deleted_during_a_walk_is_left_out),
	};

	objects_place(argc == 2 ? argv[1] : "");
	return cmocka_run_group_tests(tests, start, stop);
}
