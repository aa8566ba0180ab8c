/* SPDX-License-Identifier: Apache-2.0
 * The same claims of four real tokens (places.h): `test_tokens NAME`. */
#include "check.h"
#include "claims.h"
#include "places.h"

#include "p11/preflight.h"
#include "p11/rv.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>

static struct place place;
static const struct place_kind *kind;
static struct p11_module module;
static struct p11_token token;
static struct p11_session session;
static struct p11_master master;
static struct preflight_report *report;

static void must(hf_status s, const struct hf_err *err)
{
	if (!hf_ok(s))
		fail_msg("%s", err->text);
}

static void log_in(const char *text)
{
	HF_SECRET struct hf_secret pin = { 0 };
	struct hf_err err = { 0 };

	CHECK_OK(hf_secret_copy(text, strlen(text), &pin));
	must(p11_session_open(&module, &token, true, &session, &err), &err);
	must(p11_session_login(&session, &pin, &err), &err);
}

static int start(void **state)
{
	struct preflight_config config = { .types = PLACE_TYPES, .allow_resident = true };
	struct hf_err err = { 0 };

	place_make(kind, &place);
	must(p11_module_open(place.module, place.args, &module, &err), &err);
	must(p11_slot_find(&module, place.slot, &token, &err), &err);
	log_in(PLACE_PIN);
	if (kind->masters)
		must(p11_master_create(&session, MASTER_LABEL_DEFAULT, &master, &err), &err);
	config.master = kind->masters ? &master : NULL;
	report = calloc(1, sizeof(*report));
	assert_non_null(report);
	must(p11_preflight(&session, &config, report, &err), &err);
	return 0;
}

static int stop(void **state)
{
	free(report);
	p11_session_close(&session);
	p11_module_close(&module);
	place_remove(&place);
	return 0;
}

static void preflight_finds_the_profile_by_itself(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(8192);
	uint32_t wrapped = 0, resident = 0, quirks = 0;

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct preflight_row *row = &report->rows[i];

		hf_buf_printf(&b, "%s %s %lx %s %s %lx%s\n", key_type_info(row->type)->name,
		              row->format ? wrap_format_name(row->format) : "-", row->mechanism,
		              preflight_outcome_name(row->outcome), row->step[0] ? row->step : "-",
		              row->rv, row->chosen ? " chosen" : "");
		wrapped |= (row->chosen && row->outcome == PREFLIGHT_WORKS) << row->type;
		resident |= (row->chosen && row->outcome == PREFLIGHT_RESIDENT) << row->type;
		quirks |= row->chosen ? row->quirks : 0;
	}
	hf_buf_u8(&b, 0);
	if (kind->matrix)
		assert_string_equal((char *)b.ptr, kind->matrix);
	assert_int_equal(wrapped, kind->wrapped);
	assert_int_equal(resident, kind->resident);
	assert_int_equal(quirks, kind->quirks);
	assert_int_equal(session.live, 0);
	assert_int_equal(report->master_impossible, !kind->masters);
}

static void the_master_key_is_found_again(void **state)
{
	struct p11_master found;
	struct hf_err err = { 0 };

	must(p11_master_find(&session, MASTER_LABEL_DEFAULT, &found, &err), &err);
	assert_string_equal(found.id, master.id);
	assert_int_equal(found.mac_mechanism, CKM_SHA256_HMAC);
}

static int scheme_of(enum key_type type)
{
	switch (key_type_info(type)->family) {
	case FAMILY_EC:
		return SIGN_ECDSA;
	case FAMILY_ED:
		return SIGN_ED25519;
	case FAMILY_RSA:
		break;
	}
	return SIGN_RSA_PKCS1;
}

static hf_status sign_and_verify(const struct p11_key *key, CK_OBJECT_HANDLE object)
{
	int scheme = scheme_of(key->type);
	int hash = scheme == SIGN_RSA_PKCS1 ? HASH_SHA256 : HASH_NONE;
	struct signature sig = { 0 };
	struct hf_err err = { 0 };
	uint8_t input[32];

	hf_random(input, sizeof(input));
	must(p11_key_sign(&session, &report->profile, key->type, object, scheme, hash,
	                  HF_SPAN(input, sizeof(input)), &sig, &err),
	     &err);
	return signature_finish(key->type, HF_SPAN(key->public_key.bytes, key->public_key.len),
	                        scheme, hash, HF_SPAN(input, sizeof(input)), &sig);
}

/* A key that was made and has left the HSM: all that is there of it is the blob. */
static void make(enum key_type type, struct p11_key *key, struct hf_buf *blob,
                 enum wrap_format *format)
{
	struct hf_err err = { 0 };

	must(p11_key_generate(&session, &report->profile, type, true, key, &err), &err);
	must(p11_key_wrap(&session, &report->profile, &master, key, blob, format, &err), &err);
	p11_key_done(&session, key);
	assert_int_equal(session.live, 0);
}

static void a_life(enum key_type type)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	struct hf_err err = { 0 };

	make(type, &key, &blob, &format);
	must(p11_key_unwrap(&session, &report->profile, &master, type, format, hf_buf_span(&blob),
	                    &object, &err),
	     &err);
	CHECK_OK(sign_and_verify(&key, object));
	if (format != WRAP_RESIDENT)
		p11_object_destroy(&session, object);
	assert_int_equal(session.live, 0);
}

static void every_kind_of_key_lives(void **state)
{
	for (int type = 1; type <= KEY_RSA_2048; type++)
		if ((kind->wrapped | kind->resident) & (1u << type))
			a_life((enum key_type)type);
}

static CK_ATTRIBUTE_TYPE secret_part(enum key_type type)
{
	return key_type_info(type)->family == FAMILY_RSA ? CKA_PRIVATE_EXPONENT : CKA_VALUE;
}

static bool can_be_read(CK_OBJECT_HANDLE object, enum key_type type)
{
	uint8_t value[ATTRIBUTE_MAX];
	size_t len = 0;

	return hf_ok(attribute_read(&session, object, secret_part(type), value, sizeof(value), &len,
	                            NULL)) &&
	       len >= 32;
}

static enum key_type wrapped_type(void)
{
	return kind->wrapped & (1u << KEY_P256) ? KEY_P256 : KEY_RSA_2048;
}

static void an_unwrapped_key_is_closed(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum key_type type = wrapped_type();
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	struct hf_err err = { 0 };
	bool is;

	make(type, &key, &blob, &format);
	must(p11_key_unwrap(&session, &report->profile, &master, type, format, hf_buf_span(&blob),
	                    &object, &err),
	     &err);
	CHECK_OK(attribute_bool(&session, object, CKA_SENSITIVE, &is, NULL));
	CHECK(is);
	CHECK_OK(attribute_bool(&session, object, CKA_EXTRACTABLE, &is, NULL));
	CHECK(!is);
	CHECK(!can_be_read(object, type));
	p11_object_destroy(&session, object);
}

/* What would be without it: the module does as if nobody had asked for a closed key. */
static void the_ratchet_is_what_closes_it(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum key_type type = wrapped_type();
	struct p11_profile careless = report->profile;
	struct unwrap_plan plan;
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	struct hf_err err;

	make(type, &key, &blob, &format);
	unwrap_plan_build(&plan, report->profile.types[type].wrap_mechanism, format, type,
	                  &report->profile.types[type]);
	plan.mechanism.pParameter = blob.ptr;
	plan.mechanism.ulParameterLen = plan.iv_len;
	assert_int_equal(session.fn->C_UnwrapKey(session.handle, &plan.mechanism, master.key,
	                                         blob.ptr + plan.iv_len, blob.len - plan.iv_len,
	                                         plan.template.attr, plan.template.n, &object),
	                 CKR_OK);
	CHECK(can_be_read(object, type));
	assert_int_equal(session.fn->C_DestroyObject(session.handle, object), CKR_OK);

	careless.types[type].quirks &= ~(uint32_t)QUIRK_RATCHET;
	CHECK_CODE(p11_key_unwrap(&session, &careless, &master, type, format, hf_buf_span(&blob),
	                          &object, &err),
	           HF_DENIED);
	CHECK(strstr(err.text, "readable"));
	assert_int_equal(session.live, 0);
}

/* Where the format has integrity of its own. CBC padding has none: there the record's MAC is what
 * an altered blob does not get past (test_host_tokens.c). */
static void an_altered_blob_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum key_type type = wrapped_type();
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;

	make(type, &key, &blob, &format);
	for (size_t i = 0; i < blob.len; i += 5) {
		blob.ptr[i] ^= 1u << (i % 8);
		CHECK(!hf_ok(p11_key_unwrap(&session, &report->profile, &master, type, format,
		                            hf_buf_span(&blob), &object, NULL)));
		blob.ptr[i] ^= 1u << (i % 8);
	}
	assert_int_equal(session.live, 0);
}

static void another_master_key_gives_no_key_that_verifies(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum key_type type = wrapped_type();
	CK_OBJECT_HANDLE object;
	struct p11_master other;
	enum wrap_format format;
	struct p11_key key;

	make(type, &key, &blob, &format);
	CHECK_OK(p11_master_temporary(&session, &other, NULL));
	CHECK(!hf_ok(p11_key_unwrap(&session, &report->profile, &other, type, format,
	                            hf_buf_span(&blob), &object, NULL)));
	p11_master_done(&session, &other);
}

/* A search after the next start finds it by the id that the record keeps. */
static void a_resident_key_outlives_its_session(void **state)
{
	enum key_type type = kind->resident & (1u << KEY_P256) ? KEY_P256 : KEY_ED25519;
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	struct hf_err err = { 0 };

	make(type, &key, &blob, &format);
	assert_int_equal(format, WRAP_RESIDENT);
	p11_session_close(&session);
	log_in(PLACE_PIN);
	must(p11_key_unwrap(&session, &report->profile, &master, type, format, hf_buf_span(&blob),
	                    &object, &err),
	     &err);
	CHECK(!can_be_read(object, type));
	CHECK_OK(sign_and_verify(&key, object));
	if (kind->masters) /* its handle is of the session before */
		must(p11_master_find(&session, MASTER_LABEL_DEFAULT, &master, &err), &err);
}

static bool needs_ratchet(void)
{
	return kind->quirks & QUIRK_RATCHET;
}

static bool has_masters(void)
{
	return kind->masters;
}

static bool wraps(void)
{
	return kind->wrapped != 0;
}

/* CBC padding alone goes with the one token that has no other format. */
static bool wraps_with_integrity(void)
{
	return wraps() && !needs_ratchet();
}

static bool keeps_residents(void)
{
	return kind->resident != 0;
}

int main(int argc, char **argv)
{
	static const struct claim claims[] = {
		{ cmocka_unit_test(preflight_finds_the_profile_by_itself), NULL },
		{ cmocka_unit_test(the_master_key_is_found_again), has_masters },
		{ cmocka_unit_test(every_kind_of_key_lives), NULL },
		{ cmocka_unit_test(an_unwrapped_key_is_closed), wraps },
		{ cmocka_unit_test(the_ratchet_is_what_closes_it), needs_ratchet },
		{ cmocka_unit_test(an_altered_blob_is_refused), wraps_with_integrity },
		{ cmocka_unit_test(another_master_key_gives_no_key_that_verifies), wraps },
		{ cmocka_unit_test(a_resident_key_outlives_its_session), keeps_residents },
	};

	kind = place_kind(argc > 1 ? argv[1] : "softhsm");
	return claims_run(claims, HF_COUNT(claims), start, stop);
}
