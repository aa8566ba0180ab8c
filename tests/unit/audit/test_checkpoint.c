/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_audit_key.h"

#include "base/text.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define OTHER_ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2k"
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static struct checkpoint sample(void)
{
	struct checkpoint c = { .org_id = ORG, .size = 20852163 };
	HF_BUF_SCOPED struct hf_buf root = HF_BUF(64);

	CHECK_OK(hf_unbase64(hf_span_text(ROOT), &root));
	memcpy(c.root, root.ptr, sizeof(c.root));
	return c;
}

static void a_text_has_three_lines_and_one_spelling(void **state)
{
	static const char good[] = "holdfast/audit/" ORG "\n20852163\n" ROOT "\n";
	static const char *const bad[] = {
		"",
		"holdfast/audit/" ORG "\n20852163\n" ROOT,
		"holdfast/audit/" ORG "\n020852163\n" ROOT "\n",
		"holdfast/audit/" ORG "\n-1\n" ROOT "\n",
		"holdfast/audit/" ORG "\n20852163\n" ROOT "\nmore\n",
		"holdfast/audit/" ORG "\n20852163\n" ROOT "\n\n",
		"holdfast/audit/nobody\n20852163\n" ROOT "\n",
		"example.com/log\n20852163\n" ROOT "\n",
		"holdfast/audit/" ORG "\n20852163\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n",
		"holdfast/audit/" ORG "\n99999999999999999999\n" ROOT "\n",
	};
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHECKPOINT_TEXT_MAX);
	const struct checkpoint c = sample();
	struct checkpoint again;

	checkpoint_text(&text, &c);
	CHECK(hf_span_is(hf_buf_span(&text), good));
	CHECK_OK(checkpoint_text_parse(hf_span_text(good), &again));
	CHECK(again.size == c.size && strcmp(again.org_id, ORG) == 0);
	for (size_t i = 0; i < HF_COUNT(bad); i++)
		CHECK_CODE(checkpoint_text_parse(hf_span_text(bad[i]), &again), HF_INVALID);
}

static void a_note_opens_with_its_own_key_only(void **state)
{
	static const enum key_type types[] = { KEY_ED25519, KEY_P256 };

	for (size_t i = 0; i < HF_COUNT(types); i++) {
		HF_BUF_SCOPED struct hf_buf note = HF_BUF(CHECKPOINT_NOTE_MAX);
		struct soft_audit_key key, other;
		struct checkpoint c = sample(), opened;

		soft_audit_key_make(&key, types[i]);
		soft_audit_key_make(&other, types[i]);
		soft_audit_note(&key, &c, &note);
		CHECK_OK(checkpoint_open(hf_buf_span(&note), &key.public, 1, &opened, NULL));
		CHECK(memcmp(&opened, &c, sizeof(c)) == 0);
		CHECK_CODE(checkpoint_open(hf_buf_span(&note), &other.public, 1, &opened, NULL),
		           HF_NOTFOUND);
		CHECK_CODE(checkpoint_open(hf_buf_span(&note), NULL, 0, &opened, NULL),
		           HF_NOTFOUND);
		EVP_PKEY_free(key.key);
		EVP_PKEY_free(other.key);
	}
}

static void a_changed_note_does_not_open(void **state)
{
	HF_BUF_SCOPED struct hf_buf note = HF_BUF(CHECKPOINT_NOTE_MAX);
	struct soft_audit_key key;
	struct checkpoint c = sample(), opened;
	size_t digit;

	soft_audit_key_make(&key, KEY_ED25519);
	soft_audit_note(&key, &c, &note);
	digit = (size_t)((uint8_t *)memchr(note.ptr, '\n', note.len) - note.ptr) + 1;
	note.ptr[digit]++;
	CHECK_CODE(checkpoint_open(hf_buf_span(&note), &key.public, 1, &opened, NULL),
	           HF_UNAUTHENTIC);
	note.ptr[digit]--;
	CHECK_OK(checkpoint_open(hf_buf_span(&note), &key.public, 1, &opened, NULL));
	for (size_t n = 0; n < note.len; n++)
		CHECK(!hf_ok(checkpoint_open(HF_SPAN(note.ptr, n), &key.public, 1, &opened, NULL)));
	EVP_PKEY_free(key.key);
}

static void signatures_of_others_are_passed_over(void **state)
{
	static const char theirs[] = "\xe2\x80\x94 witness.example/w1 "
	                             "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
	                             "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
	HF_BUF_SCOPED struct hf_buf note = HF_BUF(CHECKPOINT_NOTE_MAX);
	struct soft_audit_key key;
	struct checkpoint c = sample(), opened;

	soft_audit_key_make(&key, KEY_ED25519);
	soft_audit_note(&key, &c, &note);
	hf_buf_text(&note, theirs);
	CHECK_OK(checkpoint_open(hf_buf_span(&note), &key.public, 1, &opened, NULL));
	EVP_PKEY_free(key.key);
}

static void a_key_for_checkpoints_signs_nothing_else(void **state)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHECKPOINT_TEXT_MAX);
	const struct hf_span none = HF_SPAN(NULL, 0);
	const struct checkpoint c = sample();
	struct hf_span t, digest;
	uint8_t room[SHA256_LEN];
	struct hf_err err;

	checkpoint_text(&text, &c);
	t = hf_buf_span(&text);
	CHECK_OK(checkpoint_input(KEY_P256, t, room, &digest));
	CHECK_OK(checkpoint_request_check(ORG, KEY_ED25519, t, none, &err));
	CHECK_OK(checkpoint_request_check(ORG, KEY_P256, digest, t, &err));
	CHECK_CODE(checkpoint_request_check(OTHER_ORG, KEY_ED25519, t, none, &err), HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint_request_check(ORG, KEY_ED25519, hf_span_text("pay"), t, &err),
	           HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint_request_check(ORG, KEY_P256, digest, none, &err), HF_UNAUTHENTIC);
	room[0] ^= 1;
	CHECK_CODE(checkpoint_request_check(ORG, KEY_P256, digest, t, &err), HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint_request_check(ORG, KEY_SECP256K1, digest, t, &err), HF_UNAUTHENTIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_three_lines_and_one_spelling),
		cmocka_unit_test(a_note_opens_with_its_own_key_only),
		cmocka_unit_test(a_changed_note_does_not_open),
		cmocka_unit_test(signatures_of_others_are_passed_over),
		cmocka_unit_test(a_key_for_checkpoints_signs_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
