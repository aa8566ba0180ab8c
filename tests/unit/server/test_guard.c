/* SPDX-License-Identifier: Apache-2.0
 * Who may what: every act, by everybody, in every state; then what a key, a group's cryptographic
 * policy and its quorum say besides. */
#include "../check.h"

#include "server/core/access/account.h"
#include "server/core/access/crypto_policy.h"
#include "server/core/access/quorum.h"

#include <stdio.h>
#include <string.h>

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define GROUP "0199a1de-0000-7000-8000-000000000001"

static struct group group = { .id = GROUP, .org_id = ORG, .name = "cards" };

/* By a letter each. */
static const struct {
	char letter;
	enum principal_kind kind;
	bool admin;
	unsigned account, in_group;
	bool in; /* the group, an app with all permissions */
} people[] = {
	{ 'a', PRINCIPAL_APP, .in = true },
	{ 'x', PRINCIPAL_APP, .admin = true },
	{ 'U', PRINCIPAL_USER, .account = ACCOUNT_ADMINISTRATOR },
	{ 'G', PRINCIPAL_USER, .account = ACCOUNT_MEMBER, .in_group = GROUP_ADMINISTRATOR,
	  .in = true },
	{ 'R', PRINCIPAL_USER, .account = ACCOUNT_AUDITOR },
	{ 'r', PRINCIPAL_USER, .account = ACCOUNT_MEMBER, .in_group = GROUP_AUDITOR, .in = true },
	/* Nothing of this group is theirs to see: */
	{ 'm', PRINCIPAL_USER, .account = ACCOUNT_MEMBER },
	{ 'o', PRINCIPAL_APP },
};

/* What is allowed: to whom, and to keys in which states (PreActive, Active, Deactivated,
 * Compromised, Destroyed = X, Deleted = -). An act that is not here is nobody's. */
static const struct {
	enum guard_act act;
	const char *who, *states;
	const char *permission; /* that alone suffices an app */
	bool manage;            /* MANAGE does, too */
	unsigned use;
} allowed[] = {
	{ ACT_ENCRYPT, "a", "A", "ENCRYPT", false, USE_ENCRYPT },
	{ ACT_DECRYPT, "a", "ADC", "DECRYPT", false, USE_DECRYPT },
	{ ACT_DECRYPT_MASKED, "a", "ADC", "MASKDECRYPT", false, USE_DECRYPT },
	{ ACT_SIGN, "a", "A", "SIGN", false, USE_SIGN },
	{ ACT_VERIFY, "a", "ADC", "VERIFY", false, USE_VERIFY },
	{ ACT_MAC, "a", "A", "MACGENERATE", false, USE_MACGENERATE },
	{ ACT_MAC_VERIFY, "a", "ADC", "MACVERIFY", false, USE_MACVERIFY },
	{ ACT_WRAP, "a", "A", "WRAPKEY", false, USE_WRAPKEY },
	{ ACT_UNWRAP, "a", "ADC", "UNWRAPKEY", false, USE_UNWRAPKEY },
	{ ACT_DERIVE, "a", "A", "DERIVEKEY", false, USE_DERIVEKEY },
	{ ACT_AGREE, "a", "A", "AGREEKEY", false, USE_AGREEKEY },
	{ ACT_AGREE_WITH, "a", "A", NULL, false, USE_AGREEKEY },
	{ ACT_EXPORT, "a", "A", "EXPORT", false, USE_EXPORT },
	{ ACT_DIGEST_KEY, "a", "A", "CALCULATE_DIGEST", false, USE_EXPORT },
	{ ACT_READ, "axUGRr", "PADCX-", NULL, false, 0 },
	{ ACT_COPY, "axUG", "A", "COPY_SOBJECTS", true, 0 },
	{ ACT_ROTATE, "axUG", "PADC", "ROTATE_SOBJECTS", true, 0 },
	{ ACT_ACTIVATE, "axUG", "P", "ACTIVATE_SOBJECTS", true, 0 },
	{ ACT_REVOKE, "axUG", "PADC", "REVOKE_SOBJECTS", true, 0 },
	{ ACT_REVERT, "axUG", "PADCX", "REVERT_SOBJECTS", true, 0 },
	{ ACT_MOVE, "axUG", "PADC", "MOVE_SOBJECTS", true, 0 },
	{ ACT_UPDATE_PROFILE, "axUG", "PADCX", "UPDATE_SOBJECTS_PROFILE", true, 0 },
	{ ACT_UPDATE_ENABLED, "axUG", "PADC", "UPDATE_SOBJECTS_ENABLED_STATE", true, 0 },
	{ ACT_UPDATE_POLICIES, "axUG", "PADC", "UPDATE_SOBJECT_POLICIES", true, 0 },
	{ ACT_UPDATE_KEY_OPS, "axUG", "PADC", "UPDATE_KEY_OPS", true, 0 },
	{ ACT_DELETE_MATERIAL, "axUG", "PADC", "DELETE_KEY_MATERIAL", true, 0 },
	{ ACT_DELETE, "axUG", "PADCX", "DELETE_SOBJECTS", true, 0 },
	{ ACT_DESTROY, "axUG", "PADC", "DESTROY_SOBJECTS", true, 0 },
};
static const struct {
	enum guard_act act;
	const char *who;
} of_groups[] = {
	{ ACT_CREATE, "axUG" },      { ACT_GROUP_READ, "axUGRr" }, { ACT_GROUP_UPDATE, "xUG" },
	{ ACT_GROUP_LINKS, "xUG" },  { ACT_GROUP_SCAN, "xUG" },    { ACT_GROUP_POLICIES, "xUG" },
	{ ACT_GROUP_DELETE, "xUG" },
};

static struct principal *somebody(size_t i, uint64_t permissions)
{
	static union {
		struct principal p;
		uint8_t room[sizeof(struct principal) + sizeof(struct principal_group)];
	} made;
	struct principal *p = &made.p;

	memset(&made, 0, sizeof(made));
	p->kind = people[i].kind;
	p->app_admin = people[i].admin;
	p->account_roles = people[i].account;
	snprintf(p->org_id, sizeof(p->org_id), "%s", ORG);
	p->n_groups = people[i].in;
	if (people[i].in) {
		snprintf(p->groups[0].id, sizeof(p->groups[0].id), "%s", GROUP);
		p->groups[0].permissions = people[i].kind == PRINCIPAL_APP ? permissions : 0;
		p->groups[0].roles = people[i].in_group;
	}
	return p;
}

static struct object a_key(enum object_state state)
{
	return (struct object){ .group = &group,
		                .type = OBJECT_EC,
		                .curve = CURVE_P256,
		                .bits = 256,
		                .uses = ~0u,
		                .enabled = true,
		                .state = state };
}

static hf_status ask(struct principal *who, enum guard_act act, const struct object *key,
                     bool *quorum)
{
	const struct guard_question q = {
		.who = who, .act = act, .object = key, .group = key ? NULL : &group, .now_ms = 1000
	};
	struct hf_err err = { .text = "" };
	hf_status s = guard_check(&q, quorum, &err);

	CHECK(hf_ok(s) || *err.text);
	return s;
}

static bool may(size_t who, enum guard_act act, enum object_state state, bool *invisible)
{
	struct object key = a_key(state);
	bool quorum;
	hf_status s = ask(somebody(who, ~UINT64_C(0)), act, state ? &key : NULL, &quorum);

	CHECK(!quorum);
	*invisible = s.code == HF_NOTFOUND;
	return hf_ok(s);
}

static bool expected(char who, enum guard_act act, enum object_state state)
{
	static const char letters[] = " PADCX-";

	for (size_t i = 0; state && i < HF_COUNT(allowed); i++)
		if (allowed[i].act == act)
			return strchr(allowed[i].who, who) &&
			       strchr(allowed[i].states, letters[state]);
	for (size_t i = 0; i < HF_COUNT(of_groups); i++)
		if (of_groups[i].act == act)
			return strchr(of_groups[i].who, who) != NULL;
	return false;
}

static void every_act_by_everybody_in_every_state(void **state)
{
	for (size_t who = 0; who < HF_COUNT(people); who++)
		for (int act = 0; act < ACT_COUNT_ + 3; act++)
			for (int s = 0; s <= OBJECT_STATE_MAX; s++) {
				bool invisible;
				bool got = may(who, (enum guard_act)act, (enum object_state)s,
				               &invisible);

				if (got != expected(people[who].letter, (enum guard_act)act,
				                    (enum object_state)s))
					fail_msg("%c, act %d, state %d: %s", people[who].letter,
					         act, s, got ? "allowed" : "refused");
				CHECK(act >= ACT_COUNT_ || !strchr("mo", people[who].letter) ||
				      invisible);
			}
}

static void one_permission_of_an_app_is_for_one_act(void **state)
{
	for (size_t i = 0; i < HF_COUNT(allowed); i++) {
		struct object key =
		        a_key(allowed[i].states[0] == 'P' ? OBJECT_PREACTIVE : OBJECT_ACTIVE);

		for (unsigned bit = 0; bit < APP_PERMISSION_COUNT; bit++) {
			const char *name = app_permission_name(bit);
			bool suffices = !allowed[i].permission ||
			                strcmp(name, allowed[i].permission) == 0 ||
			                (allowed[i].manage && strcmp(name, "MANAGE") == 0) ||
			                (allowed[i].act == ACT_DECRYPT_MASKED &&
			                 strcmp(name, "DECRYPT") == 0);
			bool quorum;
			hf_status s =
			        ask(somebody(0, UINT64_C(1) << bit), allowed[i].act, &key, &quorum);

			if (s.code != (suffices ? HF_OK : HF_DENIED))
				fail_msg("act %d with %s: %s", allowed[i].act, name,
				         hf_code_name(s.code));
		}
	}
}

static void a_key_does_what_its_key_ops_have(void **state)
{
	for (size_t i = 0; i < HF_COUNT(allowed); i++) {
		struct object key =
		        a_key(allowed[i].states[0] == 'P' ? OBJECT_PREACTIVE : OBJECT_ACTIVE);
		bool quorum;

		key.uses = USE_APPMANAGEABLE | allowed[i].use;
		CHECK_OK(ask(somebody(0, ~UINT64_C(0)), allowed[i].act, &key, &quorum));
		key.uses = ~(USE_APPMANAGEABLE | allowed[i].use);
		CHECK_CODE(ask(somebody(0, ~UINT64_C(0)), allowed[i].act, &key, &quorum),
		           allowed[i].use || allowed[i].manage
		                   ? allowed[i].act == ACT_COPY ? HF_OK : HF_DENIED
		                   : HF_OK);
		/* What apps may not manage, administrators may. */
		if (allowed[i].manage)
			CHECK_OK(ask(somebody(2, 0), allowed[i].act, &key, &quorum));
	}
}

static void what_is_disabled_or_gone_or_has_no_private_half_is_not_used(void **state)
{
	struct principal *app = somebody(0, ~UINT64_C(0));
	struct object key = a_key(OBJECT_ACTIVE);
	bool quorum;

	key.enabled = false;
	CHECK_CODE(ask(app, ACT_SIGN, &key, &quorum), HF_STATE);
	CHECK_OK(ask(app, ACT_UPDATE_ENABLED, &key, &quorum));
	key.enabled = true;
	key.missing = true;
	CHECK_CODE(ask(app, ACT_SIGN, &key, &quorum), HF_STATE);
	CHECK_OK(ask(app, ACT_DELETE, &key, &quorum));
	key.missing = false;
	key.public_only = true;
	CHECK_CODE(ask(app, ACT_SIGN, &key, &quorum), HF_STATE);
	CHECK_OK(ask(app, ACT_VERIFY, &key, &quorum));
	CHECK_OK(ask(app, ACT_ENCRYPT, &key, &quorum));
}

static void dates_count_when_they_come(void **state)
{
	struct principal *app = somebody(0, ~UINT64_C(0));
	struct object key = a_key(OBJECT_PREACTIVE);
	bool quorum;

	key.activation_ms = 1001;
	CHECK_CODE(ask(app, ACT_SIGN, &key, &quorum), HF_STATE);
	key.activation_ms = 1000;
	CHECK_OK(ask(app, ACT_SIGN, &key, &quorum));
	key.deactivation_ms = 1000;
	CHECK_CODE(ask(app, ACT_SIGN, &key, &quorum), HF_STATE);
	CHECK_OK(ask(app, ACT_VERIFY, &key, &quorum));
}

static void another_organisation_sees_nothing(void **state)
{
	struct object key = a_key(OBJECT_ACTIVE);

	for (size_t i = 0; i < HF_COUNT(people); i++) {
		struct principal *who = somebody(i, ~UINT64_C(0));
		bool quorum;

		snprintf(who->org_id, sizeof(who->org_id), "or-other");
		for (int act = 0; act < ACT_COUNT_; act++)
			CHECK_CODE(ask(who, (enum guard_act)act, &key, &quorum), HF_NOTFOUND);
	}
}

/* ---- cryptographic policy */

static hf_status with_policy(const char *json, enum guard_act act, const struct object *key,
                             const struct crypto_op *op)
{
	const struct guard_question q = { .who = somebody(0, ~UINT64_C(0)),
		                          .act = act,
		                          .object = key,
		                          .group = &group,
		                          .op = op,
		                          .now_ms = 1000 };
	struct hf_err err = { .text = "" };
	bool quorum;
	hf_status s;

	if (!hf_ok(crypto_policy_parse(hf_span_text(json), "group", &group.crypto, &err)))
		fail_msg("%s: %s", json, err.text);
	s = guard_check(&q, &quorum, &err);
	crypto_policy_free(group.crypto);
	group.crypto = NULL;
	return s;
}

static hf_status make(const char *policy, enum object_type type, enum curve curve, uint32_t bits,
                      unsigned uses)
{
	const struct crypto_op op = {
		.kind = CRYPTO_GENERATE,
		.made = { .type = type, .curve = curve, .bits = bits, .uses = uses },
	};

	return with_policy(policy, ACT_CREATE, NULL, &op);
}

static void a_policy_says_which_keys_are_made(void **state)
{
	static const char policy[] =
	        "{\"aes\":{\"key_sizes\":[192,256]},\"rsa\":{\"minimum_key_length\":3072},"
	        "\"ec\":{\"elliptic_curves\":[\"NistP256\",\"Gost256A\"]},\"hmac\":{},"
	        "\"des3\":null,\"aria\":{},\"key_ops\":[\"SIGN\",\"ENCRYPT\",\"ENCAPSULATE\"]}";

	CHECK_OK(make(policy, OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT));
	CHECK_CODE(make(policy, OBJECT_AES, CURVE_NONE, 128, USE_ENCRYPT), HF_DENIED);
	CHECK_CODE(make(policy, OBJECT_AES, CURVE_NONE, 256, USE_ENCRYPT | USE_DECRYPT), HF_DENIED);
	CHECK_OK(make(policy, OBJECT_RSA, CURVE_NONE, 4096, USE_SIGN));
	CHECK_CODE(make(policy, OBJECT_RSA, CURVE_NONE, 2048, USE_SIGN), HF_DENIED);
	CHECK_OK(make(policy, OBJECT_EC, CURVE_P256, 256, USE_SIGN));
	CHECK_CODE(make(policy, OBJECT_EC, CURVE_SECP256K1, 256, USE_SIGN), HF_DENIED);
	CHECK_OK(make(policy, OBJECT_HMAC, CURVE_NONE, 112, 0));
	CHECK_CODE(make(policy, OBJECT_DES3, CURVE_NONE, 168, 0), HF_DENIED);
	CHECK_CODE(make(policy, OBJECT_SECRET, CURVE_NONE, 168, 0), HF_DENIED);
	/* One that names no algorithm allows them all. */
	CHECK_OK(make("{\"key_ops\":[\"SIGN\"]}", OBJECT_DES3, CURVE_NONE, 168, USE_SIGN));
	CHECK_CODE(make("{\"key_ops\":[]}", OBJECT_DES3, CURVE_NONE, 168, USE_SIGN), HF_DENIED);
}

static void a_policy_says_what_becomes_of_keys_that_are_not_like_it(void **state)
{
	struct object key = a_key(OBJECT_ACTIVE);

	CHECK_OK(with_policy("{\"ec\":{}}", ACT_SIGN, &key, NULL));
	CHECK_CODE(with_policy("{\"aes\":{}}", ACT_SIGN, &key, NULL), HF_DENIED);
	CHECK_CODE(with_policy("{\"aes\":{},\"legacy_policy\":\"prohibited\"}", ACT_VERIFY, &key,
	                       NULL),
	           HF_DENIED);
	CHECK_OK(with_policy("{\"aes\":{},\"legacy_policy\":\"allowed\"}", ACT_SIGN, &key, NULL));
	CHECK_CODE(with_policy("{\"aes\":{},\"legacy_policy\":\"unprotect_only\"}", ACT_SIGN, &key,
	                       NULL),
	           HF_DENIED);
	CHECK_OK(with_policy("{\"aes\":{},\"legacy_policy\":\"unprotect_only\"}", ACT_VERIFY, &key,
	                     NULL));
	CHECK_CODE(with_policy("{\"key_ops\":[\"VERIFY\"]}", ACT_SIGN, &key, NULL), HF_DENIED);
	CHECK_OK(with_policy("{\"key_ops\":[\"VERIFY\"]}", ACT_READ, &key, NULL));
}

#define OAEP_SHA256                                                                                \
	"[{\"padding\":{\"OAEP\":{\"mgf\":{\"mgf1\":{\"hash\":\"SHA256\"}}}}},"                    \
	"{\"padding\":{\"RAW_DECRYPT\":{}}}]"

static void paddings_are_a_groups_and_a_keys_to_restrict(void **state)
{
	static const char policy[] = "{\"rsa\":{\"encryption_policy\":" OAEP_SHA256
	                             ",\"signature_policy\":[{\"padding\":{\"PSS\":{}}}]}}";
	struct object key = a_key(OBJECT_ACTIVE);
	struct crypto_op op = { .kind = CRYPTO_ENCRYPT,
		                .mech = { .mode = MODE_RSA_OAEP, .mgf_hash = DIGEST_SHA256 } };

	key.type = OBJECT_RSA;
	key.bits = 2048;
	for (int own = 0; own < 2; own++) {
		const char *p = own ? "{}" : policy;

		/* The same, as the key's own. */
		key.options = own ? (char *)(uintptr_t)policy : NULL;
		op.kind = CRYPTO_ENCRYPT;
		op.mech.mode = MODE_RSA_OAEP;
		op.mech.mgf_hash = DIGEST_SHA256;
		CHECK_OK(with_policy(p, ACT_ENCRYPT, &key, &op));
		op.mech.mgf_hash = DIGEST_SHA1;
		CHECK_CODE(with_policy(p, ACT_ENCRYPT, &key, &op), HF_DENIED);
		op.mech.mode = MODE_RSA_PKCS1;
		CHECK_CODE(with_policy(p, ACT_ENCRYPT, &key, &op), HF_DENIED);
		op.kind = CRYPTO_SIGN;
		CHECK_CODE(with_policy(p, ACT_SIGN, &key, &op), HF_DENIED);
		op.mech.mode = MODE_RSA_PSS;
		CHECK_OK(with_policy(p, ACT_SIGN, &key, &op));
	}
}

static void a_key_with_a_format_makes_tokens_and_nothing_else(void **state)
{
	static const struct {
		enum guard_act act;
		enum crypto_op_kind kind;
		enum crypto_mode mode;
		bool allowed;
	} tries[] = {
		{ ACT_ENCRYPT, CRYPTO_ENCRYPT, MODE_FF1, true },
		{ ACT_DECRYPT, CRYPTO_DECRYPT, MODE_FF1, true },
		{ ACT_EXPORT, CRYPTO_WRAP, MODE_KWP, true }, /* it is the one that is wrapped */
		{ ACT_ENCRYPT, CRYPTO_ENCRYPT, MODE_ECB, false },
		{ ACT_ENCRYPT, CRYPTO_ENCRYPT, MODE_GCM, false },
		{ ACT_DECRYPT, CRYPTO_DECRYPT, MODE_CBC, false },
		{ ACT_MAC, CRYPTO_MAC, MODE_CMAC, false },
		{ ACT_MAC_VERIFY, CRYPTO_MAC_VERIFY, MODE_CMAC, false },
		{ ACT_WRAP, CRYPTO_WRAP, MODE_KWP, false },
		{ ACT_UNWRAP, CRYPTO_UNWRAP, MODE_CBC, false },
		{ ACT_DERIVE, CRYPTO_DERIVE, MODE_ENCRYPT_DATA_ECB, false },
	};
	static const char *const formats[] = { "{\"fpe\":{\"builtin\":\"SSN\"}}",
		                               "{\"aes\":{\"fpe\":{\"builtin\":\"SSN\"}}}" };
	struct object key = a_key(OBJECT_ACTIVE);

	key.type = OBJECT_AES;
	for (size_t f = 0; f < HF_COUNT(formats); f++)
		for (size_t i = 0; i < HF_COUNT(tries); i++) {
			const struct crypto_op op = { .kind = tries[i].kind,
				                      .mech = { .mode = tries[i].mode } };

			key.options = (char *)(uintptr_t)formats[f];
			CHECK_CODE(with_policy("{}", tries[i].act, &key, &op),
			           tries[i].allowed ? HF_OK : HF_DENIED);
			key.options = NULL;
			CHECK_OK(with_policy("{}", tries[i].act, &key, &op));
		}
}

static void a_policy_may_want_random_ivs(void **state)
{
	struct object key = a_key(OBJECT_ACTIVE);
	struct crypto_op op = { .kind = CRYPTO_ENCRYPT, .mech = { .mode = MODE_GCM } };

	key.type = OBJECT_AES;
	CHECK_OK(with_policy("{\"aes\":{\"random_iv\":true}}", ACT_ENCRYPT, &key, &op));
	op.mech.iv = HF_SPAN("123456789012", 12);
	CHECK_CODE(with_policy("{\"aes\":{\"random_iv\":true}}", ACT_ENCRYPT, &key, &op),
	           HF_DENIED);
	CHECK_OK(with_policy("{\"aes\":{\"random_iv\":false}}", ACT_ENCRYPT, &key, &op));
	op.kind = CRYPTO_DECRYPT;
	CHECK_OK(with_policy("{\"aes\":{\"random_iv\":true}}", ACT_DECRYPT, &key, &op));
}

static void what_is_no_cryptographic_policy_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"aes\":1}",
		"{\"aes\":{\"key_size\":[1]}}",
		"{\"aes\":{\"key_sizes\":[0]}}",
		"{\"aes\":{\"key_sizes\":[\"1\"]}}",
		"{\"des4\":{}}",
		"{\"key_ops\":[\"FLY\"]}",
		"{\"key_ops\":{}}",
		"{\"legacy_policy\":\"maybe\"}",
		"{\"rsa\":{\"encryption_policy\":[1]}}",
		"{\"rsa\":{\"signature_policy\":[{\"padding\":{\"OAEP\":{}}}]}}",
		"{\"rsa\":{\"signature_policy\":[{\"padding\":{\"PSS\":{},\"PKCS1_V15\":{}}}]}}",
		"{\"rsa\":{\"encryption_policy\":[{\"padding\":{\"OAEP\":{\"mgf\":{\"m\":{}}}}}]}}",
		"{\"ec\":{\"elliptic_curves\":[7]}}",
		"{\"secret\":{\"x\":1}}",
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		struct crypto_policy *p;
		struct hf_err err = { .text = "" };

		CHECK_CODE(crypto_policy_parse(hf_span_text(bad[i]), "group", &p, &err),
		           HF_INVALID);
		CHECK(*err.text);
	}
}

/* ---- quorum */

#define MEMBERS                                                                                    \
	"\"quorum\":{\"n\":1,\"members\":[{\"user\":\"" GROUP "\"},{\"app\":\"" GROUP "\"}]}"

static uint64_t acts_under(const char *json)
{
	struct object key = a_key(OBJECT_ACTIVE);
	uint64_t ret = 0;
	struct hf_err err;

	if (!hf_ok(quorum_policy_parse(hf_span_text(json), &group.quorum, &err)))
		fail_msg("%s: %s", json, err.text);
	for (int act = 0; act < ACT_COUNT_; act++) {
		bool of_group = act == ACT_CREATE || act >= ACT_GROUP_READ, quorum;
		size_t who = act >= ACT_GROUP_READ ? 2 : 0;

		key.state = act == ACT_ACTIVATE ? OBJECT_PREACTIVE : OBJECT_ACTIVE;
		hf_status s = ask(somebody(who, ~UINT64_C(0)), (enum guard_act)act,
		                  of_group ? NULL : &key, &quorum);

		CHECK(s.code == (quorum ? HF_DENIED : HF_OK));
		ret |= (uint64_t)quorum << act;
	}
	quorum_policy_free(group.quorum);
	group.quorum = NULL;
	return ret;
}

#define BIT(act) (UINT64_C(1) << (act))

static void a_quorum_is_asked_for_what_it_protects(void **state)
{
	static const uint64_t itself = BIT(ACT_GROUP_UPDATE) | BIT(ACT_GROUP_LINKS) |
	                               BIT(ACT_GROUP_POLICIES) | BIT(ACT_GROUP_DELETE);
	static const uint64_t crypto = (BIT(ACT_READ) - 1) | BIT(ACT_COPY) | BIT(ACT_MOVE);
	static const uint64_t reading = BIT(ACT_READ) | BIT(ACT_GROUP_READ) | BIT(ACT_GROUP_SCAN);

	assert_int_equal(acts_under("{" MEMBERS ",\"protect_crypto_operations\":true}"),
	                 itself | crypto);
	assert_int_equal(acts_under("{" MEMBERS ",\"protect_crypto_operations\":false}"), itself);
	assert_int_equal(acts_under("{" MEMBERS ",\"protect_permissions\":[\"DELETE_SOBJECTS\","
	                            "\"GET_SOBJECTS\"]}"),
	                 itself | BIT(ACT_DELETE) | BIT(ACT_READ) | BIT(ACT_MOVE));
	assert_int_equal(acts_under("{" MEMBERS ",\"protect_permissions\":[\"CREATE_SOBJECTS\"]}"),
	                 itself | BIT(ACT_CREATE) | BIT(ACT_COPY));
	assert_int_equal(acts_under("{" MEMBERS ",\"protect_manage_operations\":true}"),
	                 (BIT(ACT_COUNT_) - 1) & ~(BIT(ACT_READ) - 1) & ~reading);
	/* One that does not say what it is for is for all. */
	assert_int_equal(acts_under("{" MEMBERS "}"), (BIT(ACT_COUNT_) - 1) & ~reading);
}

static void what_a_quorum_has_approved_is_checked_all_the_same(void **state)
{
	struct object key = a_key(OBJECT_ACTIVE);
	struct guard_question q = { .who = somebody(0, APP_MAY(SIGN)),
		                    .act = ACT_SIGN,
		                    .object = &key,
		                    .approved_group = GROUP };
	struct hf_err err;
	bool quorum;

	CHECK_OK(quorum_policy_parse(hf_span_text("{" MEMBERS "}"), &group.quorum, &err));
	CHECK_OK(guard_check(&q, &quorum, &err));
	q.act = ACT_ENCRYPT;
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	CHECK(!quorum);
	q.act = ACT_SIGN;
	q.approved_group = "0199a1de-0000-7000-8000-000000000002";
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	CHECK(quorum); /* that other group's has */
	q.approved_group = NULL;
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	CHECK(quorum);
	assert_string_equal(err.text, "This operation requires approval");
	key.enabled = false; /* nobody is asked for what would not be done */
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_STATE);
	CHECK(!quorum);
	quorum_policy_free(group.quorum);
	group.quorum = NULL;
}

static void a_quorums_tree_is_read(void **state)
{
	struct quorum_policy *p;
	struct hf_err err;

	CHECK_OK(quorum_policy_parse(
	        hf_span_text("{\"quorum\":{\"n\":2,\"members\":[" /* */
	                     "{\"quorum\":{\"n\":1,\"require_password\":true,\"members\":["
	                     "{\"user\":\"" GROUP "\"},{\"app\":\"" GROUP "\"}]}},"
	                     "{\"user\":\"" GROUP "\"}]}}"),
	        &p, &err));
	CHECK(p->n_nodes == 5);
	CHECK(p->nodes[0].need == 2 && p->nodes[0].count == 2);
	CHECK(p->nodes[p->nodes[0].first].kind == QUORUM_OF);
	CHECK(p->nodes[p->nodes[0].first].password);
	CHECK(p->nodes[p->nodes[0].first + 1].kind == QUORUM_USER);
	CHECK(p->nodes[p->nodes[p->nodes[0].first].first + 1].kind == QUORUM_APP);
	assert_string_equal(p->nodes[p->nodes[0].first + 1].id, GROUP);
	quorum_policy_free(p);
}

static void what_is_no_quorum_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"user\":\"x\"}",
		"{\"user\":\"" GROUP "\",\"app\":\"" GROUP "\"}",
		"{\"quorum\":{\"n\":2,\"members\":[{\"user\":\"" GROUP "\"}]}}",
		"{\"quorum\":{\"n\":0,\"members\":[{\"user\":\"" GROUP "\"}]}}",
		"{\"quorum\":{\"n\":1,\"members\":[]}}",
		"{\"quorum\":{\"n\":2,\"members\":[{\"user\":\"" GROUP "\"},{\"user\":\"" GROUP
		"\"}]}}",
		"{\"quorum\":{\"n\":1,\"members\":[1]}}",
		"{\"quorum\":{\"n\":1,\"members\":[{}]}}",
		"{\"user\":\"" GROUP "\",\"protect_permissions\":[\"FLY\"]}",
		"{\"user\":\"" GROUP "\",\"protect_everything\":true}",
	};
	struct quorum_policy *p;
	struct hf_err err;
	char deep[1024] = "";

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		err.text[0] = 0;
		CHECK_CODE(quorum_policy_parse(hf_span_text(bad[i]), &p, &err), HF_INVALID);
		CHECK(*err.text);
	}
	for (int i = 0; i < QUORUM_DEPTH_MAX + 1; i++)
		strcat(deep, "{\"quorum\":{\"n\":1,\"members\":[");
	strcat(deep, "{\"user\":\"" GROUP "\"}");
	for (int i = 0; i < QUORUM_DEPTH_MAX + 1; i++)
		strcat(deep, "]}}");
	CHECK_CODE(quorum_policy_parse(hf_span_text(deep), &p, &err), HF_INVALID);
}

static struct account_policies an_account(const char *json)
{
	struct account_policies a = { .id = "0199a1de-0000-7000-8000-0000000000aa" };
	struct hf_err err;

	if (!hf_ok(quorum_account_parse(hf_span_text(json), &a.quorum, &err)))
		fail_msg("%s: %s", json, err.text);
	return a;
}

static void an_account_guards_its_groups_unless_they_have_a_quorum_themselves(void **state)
{
	struct account_policies a = an_account("{\"policy\":{" MEMBERS "},\"manage_groups\":true}");
	struct guard_question q = { .who = somebody(2, 0),
		                    .act = ACT_GROUP_POLICIES,
		                    .group = &group };
	struct hf_err err;
	bool quorum;

	group.account = &a;
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	CHECK(quorum);
	q.approved_group = GROUP; /* is not the account */
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	q.approved_group = a.id;
	CHECK_OK(guard_check(&q, &quorum, &err));
	q.act = ACT_GROUP_READ;
	q.approved_group = NULL;
	CHECK_OK(guard_check(&q, &quorum, &err));
	q.act = ACT_CREATE;
	CHECK_OK(guard_check(&q, &quorum, &err));
	q.act = ACT_GROUP_POLICIES;
	CHECK_OK(quorum_policy_parse(hf_span_text("{" MEMBERS "}"), &group.quorum, &err));
	q.approved_group = a.id;
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	q.approved_group = GROUP;
	CHECK_OK(guard_check(&q, &quorum, &err));
	quorum_policy_free(group.quorum);
	quorum_policy_free(a.quorum);
	group.quorum = NULL;
	group.account = NULL;
}

static void an_accounts_policy_says_what_it_guards_and_always_itself(void **state)
{
	struct account_policies a = an_account("{\"policy\":{" MEMBERS "}}");
	struct account_policies more = an_account("{\"policy\":{\"user\":\"" GROUP "\"},"
	                                          "\"protect_cryptographic_policy\":true}");
	static const char *const bad[] = {
		"{}",
		"{\"policy\":{}}",
		"{" MEMBERS "}",
		"{\"policy\":{" MEMBERS ",\"protect_crypto_operations\":true}}",
		"{\"policy\":{" MEMBERS "},\"manage_groups\":1}",
		"{\"policy\":{" MEMBERS "},\"manage_keys\":true}",
	};
	struct quorum_policy *p;
	struct hf_err err;

	CHECK_CODE(account_check(&a, ACCOUNT_APPROVAL_POLICY, NULL, &err), HF_DENIED);
	assert_string_equal(err.text, GUARD_QUORUM_TEXT);
	CHECK_CODE(account_check(&a, ACCOUNT_APPROVAL_POLICY, GROUP, &err), HF_DENIED);
	CHECK_OK(account_check(&a, ACCOUNT_APPROVAL_POLICY, a.id, &err));
	CHECK_OK(account_check(&a, ACCOUNT_CRYPTO_POLICY, NULL, &err));
	CHECK_OK(account_check(&a, ACCOUNT_NEW_GROUP, NULL, &err));
	CHECK_OK(account_check(NULL, ACCOUNT_APPROVAL_POLICY, NULL, &err));
	CHECK_CODE(account_check(&more, ACCOUNT_CRYPTO_POLICY, NULL, &err), HF_DENIED);
	for (size_t i = 0; i < HF_COUNT(bad); i++)
		CHECK_CODE(quorum_account_parse(hf_span_text(bad[i]), &p, &err), HF_INVALID);
	quorum_policy_free(a.quorum);
	quorum_policy_free(more.quorum);
}

static void an_accounts_cryptographic_policy_counts_besides_the_groups(void **state)
{
	struct account_policies a = { .id = "0199a1de-0000-7000-8000-0000000000aa" };
	struct object key = a_key(OBJECT_ACTIVE);
	struct guard_question q = { .who = somebody(0, APP_MAY(SIGN)),
		                    .act = ACT_SIGN,
		                    .object = &key };
	struct hf_err err;
	bool quorum;

	CHECK_OK(crypto_policy_parse(hf_span_text("{\"key_ops\":[\"VERIFY\"]}"), "account",
	                             &a.crypto, &err));
	CHECK_OK(guard_check(&q, &quorum, &err));
	group.account = &a;
	CHECK_CODE(guard_check(&q, &quorum, &err), HF_DENIED);
	CHECK(!quorum && strstr(err.text, "the account's cryptographic policy"));
	crypto_policy_free(a.crypto);
	group.account = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_act_by_everybody_in_every_state),
		cmocka_unit_test(one_permission_of_an_app_is_for_one_act),
		cmocka_unit_test(a_key_does_what_its_key_ops_have),
		cmocka_unit_test(what_is_disabled_or_gone_or_has_no_private_half_is_not_used),
		cmocka_unit_test(dates_count_when_they_come),
		cmocka_unit_test(another_organisation_sees_nothing),
		cmocka_unit_test(a_policy_says_which_keys_are_made),
		cmocka_unit_test(a_policy_says_what_becomes_of_keys_that_are_not_like_it),
		cmocka_unit_test(paddings_are_a_groups_and_a_keys_to_restrict),
		cmocka_unit_test(a_key_with_a_format_makes_tokens_and_nothing_else),
		cmocka_unit_test(a_policy_may_want_random_ivs),
		cmocka_unit_test(what_is_no_cryptographic_policy_is_refused),
		cmocka_unit_test(a_quorum_is_asked_for_what_it_protects),
		cmocka_unit_test(what_a_quorum_has_approved_is_checked_all_the_same),
		cmocka_unit_test(a_quorums_tree_is_read),
		cmocka_unit_test(what_is_no_quorum_is_refused),
		cmocka_unit_test(an_account_guards_its_groups_unless_they_have_a_quorum_themselves),
		cmocka_unit_test(an_accounts_policy_says_what_it_guards_and_always_itself),
		cmocka_unit_test(an_accounts_cryptographic_policy_counts_besides_the_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
