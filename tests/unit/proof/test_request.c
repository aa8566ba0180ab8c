/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_fixture.h"

#include "base/text.h"
#include "proof/approval_id.h"
#include "proof/request.h"

#define KEY "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define OTHER_KEY "key-01k9h-x3v7q-8m2c4d6e8f0g1h2k"
#define PATH "/keys/" KEY "/signatures"
#define DIGEST "0011223344556677889900aabbccddeeff0011223344556677889900aabbccdd"
#define BODY "{\"kind\":\"Hash\",\"hash\":\"0x" DIGEST "\"}"
#define APPROVED "{\"value\":\"Approved\"}"

enum { ALICE, BOB, CAROL, EVE, PEOPLE };
static EVP_PKEY *keys[PEOPLE];
static const char *const credentials[PEOPLE] = { "alice", "bob", "carol", "eve" };
static const char *const identities[PEOPLE] = { "us-alice", "us-bob", "us-carol", "us-eve" };
static uint8_t digest[32];

#define PLAIN_RULES "[{\"name\":\"all\",\"keys\":\"*\",\"initiators\":\"*\"}]"
#define QUORUM_RULES                                                                               \
	"[{\"name\":\"two\",\"keys\":[\"" KEY "\"],\"initiators\":[\"us-alice\"],\"approvals\":["  \
	"{\"approvers\":[\"us-alice\",\"us-bob\",\"us-carol\"],\"quorum\":2}]}]"

static struct authorizers *plain, *quorum;

/* Eve has a credential with the server, and none here. */
static struct authorizers *file_with(const char *rules)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(16384);
	struct authorizers *a;
	struct hf_err err = { 0 };

	hf_buf_text(&text, "{\"version\":1,\"organization\":\"" ORG "\",\"credentials\":[");
	for (int i = ALICE; i < EVE; i++)
		hf_buf_printf(&text,
		              "%s{\"id\":\"%s\",\"identity\":\"%s\",\"kind\":\"Key\",\"publicKey\":"
		              "\"%s\"}",
		              i ? "," : "", credentials[i], identities[i], pem_json(keys[i]));
	hf_buf_printf(&text, "],\"rules\":%s}", rules);
	if (!hf_ok(authorizers_parse(hf_buf_span(&text), &a, &err)))
		fail_msg("%s", err.text);
	return a;
}

static int setup(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(32);

	for (int i = 0; i < PEOPLE; i++)
		keys[i] = new_key();
	CHECK_OK(hf_unhex(hf_span_text(DIGEST), &bytes));
	memcpy(digest, bytes.ptr, 32);
	plain = file_with(PLAIN_RULES);
	quorum = file_with(QUORUM_RULES);
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < PEOPLE; i++)
		EVP_PKEY_free(keys[i]);
	authorizers_free(plain);
	authorizers_free(quorum);
	return 0;
}

struct approval {
	int by;
	struct signing s;  /* path NULL: the right one; body NULL: APPROVED */
	const char *shown; /* the body in the evidence; NULL: that which was signed */
};

/* A job and its evidence; what is 0 is as it should be. */
struct story {
	const struct authorizers *file; /* plain */
	struct signing s;
	int by;
	const char *shown;               /* the body in the evidence; NULL: that which was signed */
	const char *key_id;              /* of the job */
	const char *wallet_id, *network; /* in the evidence */
	const uint8_t *input;            /* of the job */
	int scheme, hash;
	const struct approval *approvals;
	size_t n_approvals;
	int64_t now_ms;
};

static void sign_as(struct signing *s, int who)
{
	s->key = s->key ? s->key : keys[who];
	s->credential = or_else(s->credential, credentials[who]);
	s->identity = or_else(s->identity, identities[who]);
}

static struct request_subject subject_of(const struct story *t)
{
	static const uint8_t point[65] = { 4 };

	return (struct request_subject){
		.key_id = or_else(t->key_id, KEY),
		.key_type = KEY_SECP256K1,
		.public_key = HF_SPAN(point, sizeof(point)),
		.scheme = t->scheme ? t->scheme : SIGN_ECDSA,
		.hash = t->hash,
		.input = HF_SPAN(t->input ? t->input : digest, 32),
	};
}

static void add_approval(struct evidence *e, const struct approval *from, const char *right_path,
                         struct hf_buf *proof)
{
	struct signing s = from->s;

	sign_as(&s, from->by);
	s.path = or_else(s.path, right_path);
	s.body = or_else(s.body, APPROVED);
	make_proof(&s, proof, NULL);
	e->approvals[e->n_approvals++] = (struct evidence_approval){
		.proof = hf_buf_span(proof),
		.body = hf_span_text(or_else(from->shown, s.body)),
	};
}

static hf_status outcome(struct story t, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf proof = HF_BUF(ACTION_PROOF_MAX), bytes = HF_BUF(EVIDENCE_MAX),
	                            commitment = HF_BUF(ACTION_COMMITMENT_MAX);
	struct hf_buf proofs[4] = { HF_BUF(ACTION_PROOF_MAX), HF_BUF(ACTION_PROOF_MAX),
		                    HF_BUF(ACTION_PROOF_MAX), HF_BUF(ACTION_PROOF_MAX) };
	struct request_subject subject = subject_of(&t);
	static struct evidence e;
	char path[256], id[HF_ID_MAX];
	hf_status s;

	sign_as(&t.s, t.by);
	t.s.path = or_else(t.s.path, PATH);
	t.s.body = or_else(t.s.body, BODY);
	make_proof(&t.s, &proof, &commitment);
	e = (struct evidence){ .body = hf_span_text(or_else(t.shown, t.s.body)),
		               .proof = hf_buf_span(&proof) };
	snprintf(e.wallet_id, sizeof(e.wallet_id), "%s", or_else(t.wallet_id, ""));
	snprintf(e.network, sizeof(e.network), "%s", or_else(t.network, ""));
	CHECK_OK(approval_id_of(hf_buf_span(&commitment), id));
	snprintf(path, sizeof(path), "/v2/policy-approvals/%s/decisions", id);
	for (size_t i = 0; i < t.n_approvals; i++)
		add_approval(&e, &t.approvals[i], path, &proofs[i]);
	CHECK_OK(evidence_encode(&bytes, &e));
	s = request_check(t.file ? t.file : plain, &subject, hf_buf_span(&bytes),
	                  t.now_ms ? t.now_ms : NOW, err);
	for (int i = 0; i < 4; i++)
		hf_buf_done(&proofs[i]);
	return s;
}

static void refused(struct story t, const char *words)
{
	struct hf_err err = { 0 };

	CHECK_CODE(outcome(t, &err), HF_UNAUTHENTIC);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" has no \"%s\"", err.text, words);
}

static void allowed(struct story t)
{
	struct hf_err err = { 0 };

	if (!hf_ok(outcome(t, &err)))
		fail_msg("%s", err.text);
}

static void a_request_that_was_signed_is_allowed(void **state)
{
	allowed((struct story){ 0 });
	allowed((struct story){ .by = BOB });
	/* it is meaning that was signed, not bytes */
	allowed((struct story){ .shown = "{ \"hash\": \"0x" DIGEST "\", \"kind\": \"Hash\" }" });
}

static void without_evidence_nothing_is_signed(void **state)
{
	const struct story t = { 0 };
	const struct request_subject subject = subject_of(&t);
	struct hf_err err = { 0 };

	CHECK_CODE(request_check(plain, &subject, HF_SPAN(NULL, 0), NOW, &err), HF_UNAUTHENTIC);
	CHECK(strstr(err.text, "no evidence"));
	CHECK_CODE(request_check(plain, &subject, hf_span_text("xyz"), NOW, &err), HF_UNAUTHENTIC);
	CHECK(strstr(err.text, "malformed"));
}

static void another_input_key_scheme_or_hash_is_refused(void **state)
{
	uint8_t other[32];

	memcpy(other, digest, 32);
	other[31] ^= 1;
	refused((struct story){ .input = other }, "is not what the request asks for");
	refused((struct story){ .key_id = OTHER_KEY }, "was signed, not POST /keys/" OTHER_KEY);
	refused((struct story){ .scheme = SIGN_RSA_PKCS1 }, "another scheme");
	refused((struct story){ .hash = HASH_SHA256 }, "another scheme");
}

static void another_body_is_refused(void **state)
{
	refused((struct story){ .shown = "{\"kind\":\"Hash\",\"hash\":\"0x" DIGEST
	                                 "\",\"externalId\":\"x\"}" },
	        "another body was signed");
	refused((struct story){ .shown = "{" }, "another body was signed");
	refused((struct story){ .s.body = "{\"kind\":\"Hash\",\"hash\":\"12\"}" },
	        "the request is not understood");
	refused((struct story){ .s.body = "{\"kind\":\"Other\"}" },
	        "the request is not understood");
}

static void another_path_method_or_organisation_is_refused(void **state)
{
	refused((struct story){ .s.method = "PUT" }, "PUT " PATH " was signed");
	refused((struct story){ .s.path = "/keys/" OTHER_KEY "/signatures" },
	        "was signed, not POST");
	refused((struct story){ .s.path = PATH "?x=1" }, "was signed, not POST");
	refused((struct story){ .s.path = PATH "/" }, "was signed, not POST");
	refused((struct story){ .s.org = "or-2" }, "another organisation");
}

static void another_signer_is_refused(void **state)
{
	refused((struct story){ .by = EVE }, "credential eve is not in this driver's authorizers");
	refused((struct story){ .s.key = keys[EVE] }, "does not verify");
	refused((struct story){ .s.identity = "us-bob" }, "credential alice is us-alice's");
	refused((struct story){ .s.listed = "bob" }, "does not have a credential");
	refused((struct story){ .s.type = "key.create" }, "signed something else");
	refused((struct story){ .s.challenge = "AAAA" }, "signed something else");
	refused((struct story){ .s.kind = CREDENTIAL_FIDO2 }, "of kind");
}

static void a_proof_too_old_or_from_the_future_is_refused(void **state)
{
	const int64_t age = 1000LL * AUTHORIZERS_AGE_S;

	allowed((struct story){ .now_ms = NOW + age });
	refused((struct story){ .now_ms = NOW + age + 1 }, "900 s are allowed");
	allowed((struct story){ .now_ms = NOW - REQUEST_AHEAD_MS });
	refused((struct story){ .now_ms = NOW - REQUEST_AHEAD_MS - 1 }, "in the future");
}

static void a_key_that_no_rule_names_is_not_signed_with(void **state)
{
	refused((struct story){ .file = quorum, .key_id = OTHER_KEY }, "no rule");
}

static void a_wallets_id_binds_its_key_and_network(void **state)
{
	char id[HF_ID_MAX], other[HF_ID_MAX], path[128];
	struct story t = { .wallet_id = id, .network = "KeyECDSA", .s.path = path };

	CHECK_OK(wallet_id_new(KEY, "KeyECDSA", id));
	CHECK_OK(wallet_id_new(OTHER_KEY, "KeyECDSA", other));
	snprintf(path, sizeof(path), "/wallets/%s/signatures", id);
	allowed(t);
	t.network = "KeyEdDSA";
	refused(t, "is not one of key");
	t.network = "KeyECDSA";
	t.key_id = OTHER_KEY;
	refused(t, "is not one of key");
	t.key_id = NULL;
	t.wallet_id = other;
	refused(t, "is not one of key");
	t.wallet_id = t.network = NULL;
	refused(t, "was signed, not POST /keys/");
}

static const struct approval by_bob = { .by = BOB }, by_carol = { .by = CAROL };

static void need_two(struct approval a, struct approval b, const char *words)
{
	const struct approval list[] = { a, b };
	const struct story t = { .file = quorum, .approvals = list, .n_approvals = 2 };

	if (words)
		refused(t, words);
	else
		allowed(t);
}

static void a_quorum_of_different_approvers_allows(void **state)
{
	need_two(by_bob, by_carol, NULL);
	refused((struct story){ .file = quorum }, "0 of 2 approvals");
	refused((struct story){ .file = quorum, .approvals = &by_bob, .n_approvals = 1 },
	        "1 of 2 approvals");
	need_two(by_bob, by_bob, "1 of 2 approvals");
}

static void who_asks_does_not_approve(void **state)
{
	need_two(by_bob, (struct approval){ .by = ALICE }, "who asked may not approve");
}

static void an_initiator_whom_the_rule_does_not_name_is_refused(void **state)
{
	const struct approval list[] = { by_carol, { .by = ALICE } };

	refused((struct story){ .file = quorum, .by = BOB, .approvals = list, .n_approvals = 2 },
	        "us-bob is not among its initiators");
}

static void an_approval_of_something_else_does_not_count(void **state)
{
	static const char denied[] = "{\"value\":\"Denied\"}";

	need_two(by_bob, (struct approval){ .by = CAROL, .s.body = denied }, "\"Approved\"");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.body = denied, .shown = APPROVED },
	         "another body");
	need_two(by_bob,
	         (struct approval){ .by = CAROL,
	                            .s.path = "/v2/policy-approvals/"
	                                      "ap-01k9h-x3v7q-8m2c4d6e8f0g1h2j/decisions" },
	         "was signed, not POST");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.method = "PUT" }, "was signed, not");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.org = "or-2" }, "organisation");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.key = keys[BOB] }, "does not verify");
	need_two(by_bob, (struct approval){ .by = EVE }, "not in this driver's authorizers");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.issued_ms = NOW + 61000 }, "future");
	need_two(by_bob, (struct approval){ .by = CAROL, .s.issued_ms = NOW - 61000 },
	         "before the request");
}

static void with_approvals_a_proof_may_be_older(void **state)
{
	const int64_t age = 1000LL * AUTHORIZERS_AGE_APPROVED_S;
	const struct approval list[] = { by_bob, by_carol };
	struct story t = {
		.file = quorum, .approvals = list, .n_approvals = 2, .now_ms = NOW + age
	};

	allowed(t);
	t.now_ms++;
	refused(t, "are allowed");
}

static void all_rules_that_name_a_key_have_to_hold(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a =
	        file_with("[{\"name\":\"all\",\"keys\":\"*\",\"initiators\":\"*\"},"
	                  "{\"name\":\"bob only\",\"keys\":[\"" KEY "\"],"
	                  "\"initiators\":[\"us-bob\"]},"
	                  "{\"name\":\"another\",\"keys\":[\"" OTHER_KEY "\"],"
	                  "\"initiators\":[\"us-carol\"]}]");

	refused((struct story){ .file = a }, "rule 2 \"bob only\"");
	allowed((struct story){ .file = a, .by = BOB });
}

static void all_groups_of_a_rule_have_to_be_reached(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a =
	        file_with("[{\"name\":\"r\",\"keys\":\"*\",\"initiators\":\"*\",\"approvals\":["
	                  "{\"approvers\":[\"us-bob\",\"us-carol\"],\"quorum\":1},"
	                  "{\"approvers\":[\"us-carol\"],\"quorum\":1}]}]");

	refused((struct story){ .file = a, .approvals = &by_bob, .n_approvals = 1 }, "0 of 1");
	allowed((struct story){ .file = a, .approvals = &by_carol, .n_approvals = 1 });
}

#define CHECKPOINT "holdfast/audit/%s\n17\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define LOG_ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"

/* Asks to sign the checkpoint of an organisation with this key: Ed25519 signs its text. */
static hf_status checkpoint(const char *audit_keys, const char *org, const char *key_id,
                            const char *more, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1024), input = HF_BUF(512);
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	static const uint8_t public[32];
	struct request_subject subject = { .key_id = key_id,
		                           .key_type = KEY_ED25519,
		                           .public_key = HF_SPAN(public, 32),
		                           .scheme = SIGN_ED25519 };

	hf_buf_printf(&text,
	              "{\"version\":1,\"organization\":\"" LOG_ORG
	              "\",\"credentials\":[],\"rules\":[]%s%s}",
	              *audit_keys ? ",\"auditKeys\":" : "", audit_keys);
	CHECK_OK(authorizers_parse(hf_buf_span(&text), &a, err));
	hf_buf_printf(&input, CHECKPOINT "%s", org, more);
	subject.input = hf_buf_span(&input);
	return request_check(a, &subject, HF_SPAN(NULL, 0), NOW, err);
}

static void a_key_of_the_audit_log_signs_checkpoints_of_it_and_nothing_else(void **state)
{
	static const char other[] = "or-01k9h-x3v7q-8m2c4d6e8f0g1h2k";
	struct hf_err err = { 0 };

	CHECK_OK(checkpoint("[\"" KEY "\"]", LOG_ORG, KEY, "", &err));
	CHECK_OK(checkpoint("\"*\"", LOG_ORG, KEY, "", &err));
	CHECK_CODE(checkpoint("[\"" KEY "\"]", LOG_ORG, KEY, "more\n", &err), HF_UNAUTHENTIC);
	CHECK(strstr(err.text, "checkpoints of the audit log only"));
	CHECK_CODE(checkpoint("[\"" KEY "\"]", other, KEY, "", &err), HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint("[\"" KEY "\"]", LOG_ORG, OTHER_KEY, "", &err), HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint("\"*\"", other, KEY, "", &err), HF_UNAUTHENTIC);
	CHECK_CODE(checkpoint("", LOG_ORG, KEY, "", &err), HF_UNAUTHENTIC);
	CHECK(strstr(err.text, "no evidence"));
}

/* Even when its owner would have it sign something. */
static void a_listed_key_of_the_audit_log_takes_no_requests(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *listed =
	        file_with(PLAIN_RULES ",\"auditKeys\":[\"" KEY "\"]");
	AUTHORIZERS_SCOPED struct authorizers *all = file_with(PLAIN_RULES ",\"auditKeys\":\"*\"");

	refused((struct story){ .file = listed }, "checkpoints of the audit log only");
	allowed((struct story){ .file = all });
}

static void evidence_survives_its_encoding_and_nothing_is_too_big_for_it(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(EVIDENCE_MAX), again = HF_BUF(EVIDENCE_MAX);
	HF_FREE uint8_t *big = calloc(1, PAYLOAD_MAX + 1);
	static struct evidence e, read;

	e = (struct evidence){ .body = HF_SPAN(big, PAYLOAD_MAX),
		               .proof = HF_SPAN(big, ACTION_PROOF_MAX),
		               .n_approvals = EVIDENCE_APPROVALS_MAX };
	memset(e.wallet_id, 'w', sizeof(e.wallet_id) - 1);
	memset(e.network, 'n', sizeof(e.network) - 1);
	for (size_t i = 0; i < EVIDENCE_APPROVALS_MAX; i++)
		e.approvals[i] = (struct evidence_approval){ HF_SPAN(big, ACTION_PROOF_MAX),
			                                     HF_SPAN(big, EVIDENCE_DECISION_MAX) };
	CHECK_OK(evidence_encode(&bytes, &e));
	CHECK_OK(evidence_decode(hf_buf_span(&bytes), &read));
	CHECK_OK(evidence_encode(&again, &read));
	CHECK(hf_span_equal(hf_buf_span(&bytes), hf_buf_span(&again)));
	e.body.len++;
	CHECK_CODE(evidence_encode(&again, &e), HF_TOOBIG);
	CHECK_CODE(evidence_decode(HF_SPAN(bytes.ptr, bytes.len - 1), &read), HF_INVALID);
}

static void what_a_request_spends_is_its_user_action(void **state)
{
	HF_BUF_SCOPED struct hf_buf proof = HF_BUF(ACTION_PROOF_MAX), bytes = HF_BUF(EVIDENCE_MAX);
	const struct signing s = { .path = PATH, .body = BODY, .key = keys[ALICE] };
	static struct evidence e;
	struct request_spends spends;
	struct action_proof p;

	make_proof(&s, &proof, NULL);
	e = (struct evidence){ .proof = hf_buf_span(&proof) };
	CHECK_OK(evidence_encode(&bytes, &e));
	CHECK_OK(request_spends(hf_buf_span(&bytes), &spends));
	CHECK_OK(action_proof_decode(hf_buf_span(&proof), &p));
	assert_string_equal(spends.action_id, p.commitment.id);
	CHECK(spends.issued_ms == NOW);
	CHECK_CODE(request_spends(HF_SPAN(NULL, 0), &spends), HF_NOTFOUND);
	CHECK_CODE(request_spends(hf_span_text("x"), &spends), HF_INVALID);
	e.proof = HF_SPAN(NULL, 0);
	hf_buf_clear(&bytes);
	CHECK_OK(evidence_encode(&bytes, &e));
	CHECK_CODE(request_spends(hf_buf_span(&bytes), &spends), HF_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_was_signed_is_allowed),
		cmocka_unit_test(without_evidence_nothing_is_signed),
		cmocka_unit_test(another_input_key_scheme_or_hash_is_refused),
		cmocka_unit_test(another_body_is_refused),
		cmocka_unit_test(another_path_method_or_organisation_is_refused),
		cmocka_unit_test(another_signer_is_refused),
		cmocka_unit_test(a_proof_too_old_or_from_the_future_is_refused),
		cmocka_unit_test(a_key_that_no_rule_names_is_not_signed_with),
		cmocka_unit_test(a_wallets_id_binds_its_key_and_network),
		cmocka_unit_test(a_quorum_of_different_approvers_allows),
		cmocka_unit_test(who_asks_does_not_approve),
		cmocka_unit_test(an_initiator_whom_the_rule_does_not_name_is_refused),
		cmocka_unit_test(an_approval_of_something_else_does_not_count),
		cmocka_unit_test(with_approvals_a_proof_may_be_older),
		cmocka_unit_test(all_rules_that_name_a_key_have_to_hold),
		cmocka_unit_test(all_groups_of_a_rule_have_to_be_reached),
		cmocka_unit_test(evidence_survives_its_encoding_and_nothing_is_too_big_for_it),
		cmocka_unit_test(what_a_request_spends_is_its_user_action),
		cmocka_unit_test(a_key_of_the_audit_log_signs_checkpoints_of_it_and_nothing_else),
		cmocka_unit_test(a_listed_key_of_the_audit_log_takes_no_requests),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
