/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/quorum.h"

#include "json/read.h"

#include <string.h>

#define ACT(act) (UINT64_C(1) << (act))

static const uint64_t crypto_acts = ACT(ACT_ENCRYPT) | ACT(ACT_DECRYPT) | ACT(ACT_DECRYPT_MASKED) |
                                    ACT(ACT_SIGN) | ACT(ACT_VERIFY) | ACT(ACT_MAC) |
                                    ACT(ACT_MAC_VERIFY) | ACT(ACT_WRAP) | ACT(ACT_UNWRAP) |
                                    ACT(ACT_DERIVE) | ACT(ACT_AGREE) | ACT(ACT_AGREE_WITH) |
                                    ACT(ACT_EXPORT) | ACT(ACT_DIGEST_KEY) |
                                    /* into a group where nobody would be asked */
                                    ACT(ACT_COPY) | ACT(ACT_MOVE);
/* The policy protects itself, and what would get around it: another HSM behind the same group, and
 * a group without it. */
static const uint64_t always = ACT(ACT_GROUP_UPDATE) | ACT(ACT_GROUP_LINKS) |
                               ACT(ACT_GROUP_POLICIES) | ACT(ACT_GROUP_DELETE);

static const struct {
	const char *name; /* QuorumGroupPermissions */
	uint64_t acts;
} permissions[] = {
	{ "GET_SOBJECTS", ACT(ACT_READ) },
	{ "CREATE_SOBJECTS", ACT(ACT_CREATE) | ACT(ACT_COPY) },
	{ "ROTATE_SOBJECTS", ACT(ACT_ROTATE) },
	{ "ACTIVATE_SOBJECTS", ACT(ACT_ACTIVATE) },
	{ "REVOKE_SOBJECTS", ACT(ACT_REVOKE) },
	{ "REVERT_SOBJECTS", ACT(ACT_REVERT) },
	{ "MOVE_SOBJECTS", ACT(ACT_MOVE) },
	{ "UPDATE_SOBJECTS_PROFILE", ACT(ACT_UPDATE_PROFILE) },
	{ "UPDATE_SOBJECTS_ENABLED_STATE", ACT(ACT_UPDATE_ENABLED) },
	{ "UPDATE_SOBJECT_POLICIES", ACT(ACT_UPDATE_POLICIES) },
	{ "UPDATE_KEY_OPS", ACT(ACT_UPDATE_KEY_OPS) },
	{ "DELETE_KEY_MATERIAL", ACT(ACT_DELETE_MATERIAL) },
	{ "DELETE_SOBJECTS", ACT(ACT_DELETE) },
	{ "DESTROY_SOBJECTS", ACT(ACT_DESTROY) },
};

/* All of them but reading. */
static uint64_t manage_acts(void)
{
	uint64_t acts = 0;

	for (size_t i = 0; i < HF_COUNT(permissions); i++)
		acts |= permissions[i].acts;
	return acts & ~ACT(ACT_READ);
}

struct member_fields {
	struct json_t *quorum;
	const char *user, *app;
	/* of the root */
	struct json_t *protect_permissions;
	bool protect_crypto, protect_manage, has_heir;
};

#define MEMBER_FIELDS                                                                                  \
	{ "quorum", JSON_READ_OBJECT, offsetof(struct member_fields, quorum), false, true, 0, 0 },     \
	        { "user", JSON_READ_TEXT, offsetof(struct member_fields, user), false, true, 36, 36 }, \
	{                                                                                              \
		"app", JSON_READ_TEXT, offsetof(struct member_fields, app), false, true, 36, 36        \
	}
static const struct json_field member_fields[] = { MEMBER_FIELDS };
static const struct json_field root_fields[] = {
	MEMBER_FIELDS,
	{ "protect_permissions", JSON_READ_ARRAY,
	  offsetof(struct member_fields, protect_permissions), false, true, 0, 0 },
	{ "protect_crypto_operations", JSON_READ_BOOL,
	  offsetof(struct member_fields, protect_crypto), false, true, 0, 0 },
	{ "protect_manage_operations", JSON_READ_BOOL,
	  offsetof(struct member_fields, protect_manage), false, true, 0, 0 },
	{ "account_may_replace", JSON_READ_BOOL, offsetof(struct member_fields, has_heir), false,
	  true, 0, 0 },
};

struct quorum_fields {
	int64_t n;
	struct json_t *members;
	bool password, second_factor;
};
static const struct json_field quorum_fields[] = {
	{ "n", JSON_READ_INT, offsetof(struct quorum_fields, n), true, false, 1, QUORUM_NODES_MAX },
	{ "members", JSON_READ_ARRAY, offsetof(struct quorum_fields, members), true, false, 1,
	  QUORUM_NODES_MAX },
	{ "require_password", JSON_READ_BOOL, offsetof(struct quorum_fields, password), false, true,
	  0, 0 },
	{ "require_2fa", JSON_READ_BOOL, offsetof(struct quorum_fields, second_factor), false, true,
	  0, 0 },
};

struct parsing {
	struct quorum_policy *p;
	struct hf_err *err;
};

static hf_status parse_node(struct parsing *k, size_t at, const struct member_fields *in,
                            unsigned depth);

/* Somebody who stands twice in one quorum would count twice. */
static hf_status check_different(struct parsing *k, size_t first, size_t count)
{
	const struct quorum_node *nodes = &k->p->nodes[first];

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (nodes[i].kind != QUORUM_OF && nodes[i].kind == nodes[j].kind &&
			    strcmp(nodes[i].id, nodes[j].id) == 0)
				return hf_fail(k->err, HF_INVALID, "%s stands twice in one quorum",
				               nodes[i].id);
	return HF_SUCCESS;
}

static hf_status parse_members(struct parsing *k, size_t at, const struct json_t *members,
                               unsigned depth)
{
	struct quorum_node *node = &k->p->nodes[at];
	size_t first = k->p->n_nodes, count = json_count(members);

	if (depth >= QUORUM_DEPTH_MAX || first + count > QUORUM_NODES_MAX)
		return hf_fail(k->err, HF_INVALID,
		               "the quorum is nested deeper than %d, or has more than %d members "
		               "in all",
		               QUORUM_DEPTH_MAX, QUORUM_NODES_MAX);
	node->first = first;
	node->count = count;
	k->p->n_nodes += count;
	for (size_t i = 0; i < count; i++) {
		const struct json_t *member = json_element(members, i);
		struct member_fields in = { 0 };

		if (!json_value_is(member, JSON_READ_OBJECT))
			return hf_fail(k->err, HF_INVALID,
			               "members of a quorum are objects: {\"user\": id}, "
			               "{\"app\": id} or {\"quorum\": …}");
		HF_TRY(json_read(member, member_fields, HF_COUNT(member_fields), &in, k->err));
		HF_TRY(parse_node(k, first + i, &in, depth + 1));
	}
	return check_different(k, first, count);
}

static hf_status parse_quorum(struct parsing *k, size_t at, const struct json_t *quorum,
                              unsigned depth)
{
	struct quorum_node *node = &k->p->nodes[at];
	struct quorum_fields in = { 0 };

	HF_TRY(json_read(quorum, quorum_fields, HF_COUNT(quorum_fields), &in, k->err));
	if ((size_t)in.n > json_count(in.members))
		return hf_fail(k->err, HF_INVALID, "a quorum of %lld cannot be had of %zu members",
		               (long long)in.n, json_count(in.members));
	node->kind = QUORUM_OF;
	node->need = (unsigned)in.n;
	node->password = in.password;
	node->factor = in.second_factor;
	return parse_members(k, at, in.members, depth);
}

static hf_status parse_node(struct parsing *k, size_t at, const struct member_fields *in,
                            unsigned depth)
{
	struct quorum_node *node = &k->p->nodes[at];
	const char *id = in->user ? in->user : in->app;

	if (!in->quorum + !in->user + !in->app != 2)
		return hf_fail(k->err, HF_INVALID,
		               "an approval policy is one of {\"quorum\": …}, {\"user\": id} and "
		               "{\"app\": id}");
	if (in->quorum)
		return parse_quorum(k, at, in->quorum, depth);
	if (!hf_uuid_valid(id))
		return hf_fail(k->err, HF_INVALID, "\"%s\" is no id", id);
	node->kind = in->user ? QUORUM_USER : QUORUM_APP;
	memcpy(node->id, id, sizeof(node->id));
	return HF_SUCCESS;
}

static hf_status read_permission(const struct json_t *value, uint64_t *acts, struct hf_err *err)
{
	const char *name = json_value_text(value);

	for (size_t i = 0; name && i < HF_COUNT(permissions); i++)
		if (strcmp(permissions[i].name, name) == 0) {
			*acts |= permissions[i].acts;
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID,
	               "protect_permissions: \"%s\" is no permission that a quorum "
	               "protects",
	               name ? name : "");
}

static hf_status read_protected(const struct json_t *doc, const struct member_fields *in,
                                uint64_t *ret, struct hf_err *err)
{
	bool silent = !json_member(doc, "protect_permissions") &&
	              !json_member(doc, "protect_crypto_operations") &&
	              !json_member(doc, "protect_manage_operations");

	*ret = always;
	if (in->protect_crypto || silent)
		*ret |= crypto_acts;
	if (in->protect_manage || silent)
		*ret |= manage_acts();
	for (size_t i = 0; i < json_count(in->protect_permissions); i++)
		HF_TRY(read_permission(json_element(in->protect_permissions, i), ret, err));
	if (*ret & ~(always | ACT(ACT_CREATE) | ACT(ACT_COPY)))
		*ret |= ACT(ACT_MOVE); /* into a group where it is not protected */
	return HF_SUCCESS;
}

struct account_fields {
	struct json_t *policy;
	bool groups, authentication, cryptographic, logging, roles;
};

#define ACCOUNT_FLAG(name, member)                                                                 \
	{                                                                                          \
		name, JSON_READ_BOOL, offsetof(struct account_fields, member), false, true, 0, 0   \
	}
static const struct json_field account_fields[] = {
	{ "policy", JSON_READ_OBJECT, offsetof(struct account_fields, policy), true, false, 0, 0 },
	ACCOUNT_FLAG("manage_groups", groups),
	ACCOUNT_FLAG("protect_authentication_methods", authentication),
	ACCOUNT_FLAG("protect_cryptographic_policy", cryptographic),
	ACCOUNT_FLAG("protect_logging_config", logging),
	ACCOUNT_FLAG("protect_custom_role_updates", roles),
};

#define ACCOUNT_ACT(act) (1u << (act))

static void read_account_acts(const struct account_fields *in, struct quorum_policy *p)
{
	p->account_acts = ACCOUNT_ACT(ACCOUNT_APPROVAL_POLICY);
	if (in->cryptographic)
		p->account_acts |= ACCOUNT_ACT(ACCOUNT_CRYPTO_POLICY);
	if (in->authentication)
		p->account_acts |= ACCOUNT_ACT(ACCOUNT_AUTHENTICATION);
	if (in->logging)
		p->account_acts |= ACCOUNT_ACT(ACCOUNT_LOGGING);
	if (in->roles)
		p->account_acts |= ACCOUNT_ACT(ACCOUNT_ROLES);
	if (!in->groups)
		return;
	p->account_acts |= ACCOUNT_ACT(ACCOUNT_NEW_GROUP);
	p->acts = always;
}

hf_status quorum_account_parse(struct hf_span json, struct quorum_policy **ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_CLEANUP(quorum_policy_free_at)
	struct quorum_policy *p = calloc(1, sizeof(*p) + QUORUM_NODES_MAX * sizeof(p->nodes[0]));
	struct parsing k = { .p = p, .err = err };
	struct account_fields account = { 0 };
	struct member_fields in = { 0 };

	HF_ENSURE(p, HF_NOMEM);
	HF_TRY(json_parse(json, QUORUM_JSON_MAX, &doc, err));
	if (!json_value_is(doc, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "an approval policy is an object");
	HF_TRY(json_read(doc, account_fields, HF_COUNT(account_fields), &account, err));
	HF_TRY(json_read(account.policy, member_fields, HF_COUNT(member_fields), &in, err));
	p->n_nodes = 1;
	HF_TRY(parse_node(&k, 0, &in, 0));
	read_account_acts(&account, p);
	*ret = hf_take(p);
	return HF_SUCCESS;
}

hf_status quorum_policy_parse(struct hf_span json, struct quorum_policy **ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_CLEANUP(quorum_policy_free_at)
	struct quorum_policy *p = calloc(1, sizeof(*p) + QUORUM_NODES_MAX * sizeof(p->nodes[0]));
	struct parsing k = { .p = p, .err = err };
	struct member_fields in = { 0 };

	HF_ENSURE(p, HF_NOMEM);
	HF_TRY(json_parse(json, QUORUM_JSON_MAX, &doc, err));
	if (!json_value_is(doc, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "an approval policy is an object");
	HF_TRY(json_read(doc, root_fields, HF_COUNT(root_fields), &in, err));
	p->n_nodes = 1;
	HF_TRY(parse_node(&k, 0, &in, 0));
	HF_TRY(read_protected(doc, &in, &p->acts, err));
	p->has_heir = in.has_heir;
	*ret = hf_take(p);
	return HF_SUCCESS;
}

void quorum_policy_free(struct quorum_policy *p)
{
	free(p);
}

bool quorum_guards_groups(const struct quorum_policy *account)
{
	return account && account->account_acts & ACCOUNT_ACT(ACCOUNT_NEW_GROUP);
}

bool quorum_protects(const struct quorum_policy *p, enum guard_act act)
{
	return (unsigned)act < ACT_COUNT_ && (p->acts & ACT(act)) != 0;
}
