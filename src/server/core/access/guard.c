/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/guard.h"

#include "json/read.h"
#include "server/core/access/account.h"
#include "server/core/access/crypto_policy.h"
#include "server/core/access/quorum.h"

#include <string.h>

/* Who may at all. An account's administrators and auditors are that in every group of it; an app
 * that administrates, likewise. */
#define APP 1u           /* a crypto app that is in the group, with a permission of the rule's */
#define ADMINISTRATOR 2u /* of the account or the group; an app that administrates */
#define AUDITOR 4u       /* of the account or the group */
#define EVERYBODY (APP | ADMINISTRATOR | AUDITOR)

#define IN(state) (1u << OBJECT_##state)
#define LIVE IN(ACTIVE)
#define UNDOING (IN(ACTIVE) | IN(DEACTIVATED) | IN(COMPROMISED))
#define WITH_MATERIAL (IN(PREACTIVE) | IN(ACTIVE) | IN(DEACTIVATED) | IN(COMPROMISED))
#define ANY_STATE (WITH_MATERIAL | IN(DESTROYED))
#define ALWAYS_IN_SIGHT (ANY_STATE | IN(DELETED))

struct rule {
	unsigned callers;     /* 0, as of an act that is not in the table: nobody */
	uint64_t permissions; /* of an app: one of these; 0: none is needed */
	unsigned use;         /* the key's own: crypto */
	unsigned states;      /* of the object */
	bool private_half;    /* of a pair: is needed */
	bool manages;         /* a crypto app needs APPMANAGEABLE among the key's own */
};

#define MANAGES(name) APP_MAY(name) | APP_MAY(MANAGE)

/* What needs a quorum besides is the group's to say: core/access/quorum.c. */
// clang-format off
static const struct rule table[ACT_COUNT_] = {
	/*                         who            an app's permission                     key_ops          states         private, manages */
	[ACT_ENCRYPT]          = { APP,           APP_MAY(ENCRYPT),                       USE_ENCRYPT,     LIVE,          false, false },
	[ACT_DECRYPT]          = { APP,           APP_MAY(DECRYPT),                       USE_DECRYPT,     UNDOING,       true,  false },
	[ACT_DECRYPT_MASKED]   = { APP,           APP_MAY(DECRYPT) | APP_MAY(MASKDECRYPT), USE_DECRYPT,    UNDOING,       true,  false },
	[ACT_SIGN]             = { APP,           APP_MAY(SIGN),                          USE_SIGN,        LIVE,          true,  false },
	[ACT_VERIFY]           = { APP,           APP_MAY(VERIFY),                        USE_VERIFY,      UNDOING,       false, false },
	[ACT_MAC]              = { APP,           APP_MAY(MACGENERATE),                   USE_MACGENERATE, LIVE,          false, false },
	[ACT_MAC_VERIFY]       = { APP,           APP_MAY(MACVERIFY),                     USE_MACVERIFY,   UNDOING,       false, false },
	[ACT_WRAP]             = { APP,           APP_MAY(WRAPKEY),                       USE_WRAPKEY,     LIVE,          false, false },
	[ACT_UNWRAP]           = { APP,           APP_MAY(UNWRAPKEY),                     USE_UNWRAPKEY,   UNDOING,       true,  false },
	[ACT_DERIVE]           = { APP,           APP_MAY(DERIVEKEY),                     USE_DERIVEKEY,   LIVE,          false, false },
	[ACT_AGREE]            = { APP,           APP_MAY(AGREEKEY),                      USE_AGREEKEY,    LIVE,          true,  false },
	[ACT_AGREE_WITH]       = { APP,           0,                                      USE_AGREEKEY,    LIVE,          false, false },
	[ACT_EXPORT]           = { APP,           APP_MAY(EXPORT),                        USE_EXPORT,      LIVE,          false, false },
	[ACT_DIGEST_KEY]       = { APP,           APP_MAY(CALCULATE_DIGEST),              USE_EXPORT,      LIVE,          false, false },

	[ACT_READ]             = { EVERYBODY,     0,                                      0,               ALWAYS_IN_SIGHT, false, false },
	[ACT_CREATE]           = { APP | ADMINISTRATOR, MANAGES(CREATE_SOBJECTS),         0,               0,             false, false },
	[ACT_COPY]             = { APP | ADMINISTRATOR, MANAGES(COPY_SOBJECTS),           0,               LIVE,          false, false },
	[ACT_ROTATE]           = { APP | ADMINISTRATOR, MANAGES(ROTATE_SOBJECTS),         0,               WITH_MATERIAL, false, true },
	[ACT_ACTIVATE]         = { APP | ADMINISTRATOR, MANAGES(ACTIVATE_SOBJECTS),       0,               IN(PREACTIVE), false, true },
	[ACT_REVOKE]           = { APP | ADMINISTRATOR, MANAGES(REVOKE_SOBJECTS),         0,               WITH_MATERIAL, false, true },
	[ACT_REVERT]           = { APP | ADMINISTRATOR, MANAGES(REVERT_SOBJECTS),         0,               ANY_STATE,     false, true },
	[ACT_MOVE]             = { APP | ADMINISTRATOR, MANAGES(MOVE_SOBJECTS),           0,               WITH_MATERIAL, false, true },
	[ACT_UPDATE_PROFILE]   = { APP | ADMINISTRATOR, MANAGES(UPDATE_SOBJECTS_PROFILE), 0,               ANY_STATE,     false, true },
	[ACT_UPDATE_ENABLED]   = { APP | ADMINISTRATOR, MANAGES(UPDATE_SOBJECTS_ENABLED_STATE), 0,         WITH_MATERIAL, false, true },
	[ACT_UPDATE_POLICIES]  = { APP | ADMINISTRATOR, MANAGES(UPDATE_SOBJECT_POLICIES), 0,               WITH_MATERIAL, false, true },
	[ACT_UPDATE_KEY_OPS]   = { APP | ADMINISTRATOR, MANAGES(UPDATE_KEY_OPS),          0,               WITH_MATERIAL, false, true },
	[ACT_DELETE_MATERIAL]  = { APP | ADMINISTRATOR, MANAGES(DELETE_KEY_MATERIAL),     0,               WITH_MATERIAL, true,  true },
	[ACT_DELETE]           = { APP | ADMINISTRATOR, MANAGES(DELETE_SOBJECTS),         0,               ANY_STATE,     false, true },
	[ACT_DESTROY]          = { APP | ADMINISTRATOR, MANAGES(DESTROY_SOBJECTS),        0,               WITH_MATERIAL, false, true },

	[ACT_GROUP_READ]       = { EVERYBODY,     0,                                      0,               0,             false, false },
	[ACT_GROUP_UPDATE]     = { ADMINISTRATOR, 0,                                      0,               0,             false, false },
	[ACT_GROUP_LINKS]      = { ADMINISTRATOR, 0,                                      0,               0,             false, false },
	[ACT_GROUP_SCAN]       = { ADMINISTRATOR, 0,                                      0,               0,             false, false },
	[ACT_GROUP_POLICIES]   = { ADMINISTRATOR, 0,                                      0,               0,             false, false },
	[ACT_GROUP_DELETE]     = { ADMINISTRATOR, 0,                                      0,               0,             false, false },
};
// clang-format on

/* What the principal is in this group: of APP, ADMINISTRATOR and AUDITOR; 0: not in it. */
static unsigned standing(const struct principal *who, const struct group *group,
                         uint64_t *permissions)
{
	const struct principal_group *in = principal_in(who, group->id);
	unsigned ret = 0;

	*permissions = 0;
	if (who->kind == PRINCIPAL_APP) {
		if (who->app_admin)
			return ADMINISTRATOR;
		if (in)
			*permissions = in->permissions;
		return in ? APP : 0;
	}
	if (who->account_roles & ACCOUNT_ADMINISTRATOR)
		ret |= ADMINISTRATOR;
	if (who->account_roles & ACCOUNT_AUDITOR)
		ret |= AUDITOR;
	if (in && in->roles & GROUP_ADMINISTRATOR)
		ret |= ADMINISTRATOR;
	if (in && in->roles & GROUP_AUDITOR)
		ret |= AUDITOR;
	return ret;
}

/* The one that is meant for it, rather than the old MANAGE. */
static const char *narrow_permission(uint64_t permissions)
{
	if (permissions & ~APP_MAY(MANAGE))
		permissions &= ~APP_MAY(MANAGE);
	return app_permission_name((unsigned)__builtin_ctzll(permissions));
}

static hf_status check_caller(const struct guard_question *q, const struct rule *rule,
                              const struct group *group, struct hf_err *err)
{
	uint64_t permissions;
	unsigned is = standing(q->who, group, &permissions);

	if (!is || strcmp(q->who->org_id, group->org_id) != 0)
		return hf_fail(err, HF_NOTFOUND, "%s",
		               q->object ? OBJECT_NOT_HERE_TEXT : "there is no such group");
	if (!(is & rule->callers) && rule->callers == APP)
		return hf_fail(err, HF_DENIED,
		               "only apps use keys; users, and apps that administrate, do not");
	if (!(is & rule->callers))
		return hf_fail(err, HF_DENIED,
		               "this is for an administrator of the account or of the group");
	if (is == APP && rule->permissions && !(permissions & rule->permissions))
		return hf_fail(err, HF_DENIED,
		               "the app does not have the permission %s in the group",
		               narrow_permission(rule->permissions));
	if (is == APP && rule->manages && q->object && !(q->object->uses & USE_APPMANAGEABLE))
		return hf_fail(err, HF_DENIED,
		               "apps may not manage this key: its key_ops do not have "
		               "APPMANAGEABLE. A user may");
	return HF_SUCCESS;
}

bool guard_role_allows(const struct principal *who, enum guard_act act, const struct group *group)
{
	const struct guard_question q = { .who = who, .act = act, .group = group };

	return (unsigned)act < ACT_COUNT_ && hf_ok(check_caller(&q, &table[act], group, NULL));
}

static hf_status check_state(const struct object *o, const struct rule *rule, int64_t now_ms,
                             struct hf_err *err)
{
	enum object_state state = object_state_at(&o->row, now_ms);

	if (!(rule->states & 1u << state))
		return hf_fail(err, HF_STATE, "the key is %s, and %s", object_state_name(state),
		               rule->use ? "that is not done with such keys"
		                         : "that is not done to such keys");
	if (rule->private_half && o->public_only && object_type_is_asymmetric(o->type))
		return hf_fail(err, HF_STATE, "the key has no private half any more");
	return HF_SUCCESS;
}

/* What counts for use alone, and not for keeping it in order. */
static hf_status check_usable(const struct object *o, const struct rule *rule, struct hf_err *err)
{
	if (!(o->uses & rule->use))
		return hf_fail(err, HF_DENIED, "the key's key_ops do not have %s",
		               key_use_name(rule->use));
	if (!o->enabled)
		return hf_fail(err, HF_STATE, "the key is disabled");
	if (o->missing)
		return hf_fail(err, HF_STATE,
		               "the HSM has no such key any more: the last scan of the group did "
		               "not find it. Put it back and scan the group again, or delete the "
		               "virtual key");
	return HF_SUCCESS;
}

/* The key's own rules for paddings, which RSA keys may have. */
static hf_status check_paddings(const struct object *o, const struct crypto_op *op,
                                struct hf_err *err)
{
	bool signs = op && op->kind == CRYPTO_SIGN;
	bool enciphers = op && (op->kind == CRYPTO_ENCRYPT || op->kind == CRYPTO_DECRYPT ||
	                        op->kind == CRYPTO_WRAP || op->kind == CRYPTO_UNWRAP);
	JSON_SCOPED struct json_t *options = NULL;
	const struct json_t *list;
	struct rsa_rules rules = { 0 };

	if (o->type != OBJECT_RSA || !o->options || (!signs && !enciphers))
		return HF_SUCCESS;
	HF_TRY(json_parse(hf_span_text(o->options), CRYPTO_POLICY_JSON_MAX, &options, err));
	list = json_member(json_member(options, "rsa"),
	                   signs ? "signature_policy" : "encryption_policy");
	if (!json_value_null(list))
		HF_TRY(rsa_rules_read(list, signs, &rules, err));
	if (!rsa_rules_allow(&rules, &op->mech))
		return hf_fail(err, HF_DENIED, "the key's %s does not allow this padding",
		               signs ? "signature_policy" : "encryption_policy");
	return HF_SUCCESS;
}

/* A key with a format does FF1 and nothing else: FF1 is ten calls of AES, so whoever may have other
 * blocks enciphered by the same key could undo tokens himself, masked or not. */
static hf_status check_format(const struct object *o, const struct rule *rule,
                              const struct crypto_op *op, struct hf_err *err)
{
	bool formats = o->type == OBJECT_AES && o->options && strstr(o->options, "\"fpe\":{");
	bool tokens = op && op->mech.mode == MODE_FF1 &&
	              (op->kind == CRYPTO_ENCRYPT || op->kind == CRYPTO_DECRYPT);

	if (!formats || tokens || rule->use == USE_EXPORT)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED,
	               "a key with a format (fpe) makes tokens, and does nothing else: use mode "
	               "FF1, or another key");
}

static hf_status check_policy(const struct guard_question *q, const struct rule *rule,
                              const struct crypto_policy *policy, struct hf_err *err)
{
	if (!policy)
		return HF_SUCCESS;
	if (rule->use)
		return crypto_policy_use(policy, &q->object->row, rule->use, q->op, err);
	if (q->op && crypto_op_makes(q->op->kind))
		return crypto_policy_key(policy, &q->op->made, err);
	return HF_SUCCESS;
}

static bool is_approved_by(const struct guard_question *q, const char *id)
{
	return q->approved_group && strcmp(q->approved_group, id) == 0;
}

/* A group's own quorum stands for its account's, which guards changes of groups that have none. */
static bool needs_quorum(const struct guard_question *q, const struct group *group)
{
	const struct account_policies *account = group->account;

	if (group->quorum)
		return quorum_protects(group->quorum, q->act) && !is_approved_by(q, group->id);
	return account && account->quorum && quorum_protects(account->quorum, q->act) &&
	       !is_approved_by(q, account->id);
}

static hf_status check_object(const struct guard_question *q, const struct rule *rule,
                              struct hf_err *err)
{
	const struct object *o = q->object;

	if (!o)
		return rule->states ? hf_fail(err, HF_INTERNAL, "no key was named") : HF_SUCCESS;
	if (!rule->states)
		return HF_SUCCESS; /* about its group */
	HF_TRY(check_state(o, rule, q->now_ms, err));
	if (!rule->use)
		return HF_SUCCESS;
	HF_TRY(check_usable(o, rule, err));
	HF_TRY(check_format(o, rule, q->op, err));
	return check_paddings(o, q->op, err);
}

hf_status guard_check(const struct guard_question *q, bool *ret_quorum, struct hf_err *err)
{
	const struct group *group = q->group ? q->group : q->object ? q->object->group : NULL;
	const struct rule *rule;

	*ret_quorum = false;
	if (!q->who || !group || (unsigned)q->act >= ACT_COUNT_)
		return hf_fail(err, HF_DENIED, "this is not allowed to anybody");
	rule = &table[q->act];
	HF_TRY(check_caller(q, rule, group, err));
	HF_TRY(check_object(q, rule, err));
	HF_TRY(check_policy(q, rule, group->crypto, err));
	if (group->account)
		HF_TRY(check_policy(q, rule, group->account->crypto, err));
	if (needs_quorum(q, group)) {
		*ret_quorum = true;
		return hf_fail(err, HF_DENIED, GUARD_QUORUM_TEXT);
	}
	return HF_SUCCESS;
}
