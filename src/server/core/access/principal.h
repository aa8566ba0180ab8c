/* SPDX-License-Identifier: Apache-2.0
 * Who calls the Crypto API: an app, or a user, with everything that decides what he may do. A
 * snapshot as core/groups/group.h's: never changed, shared by reference, at most PRINCIPAL_FRESH_MS
 * old.
 *
 * Apps and users are identities (core/people/identities.h) of the same organisation as the Signing
 * API's: an account is an organisation, an app an identity of kind KIND_APP, a user one of
 * KIND_USER. Their ids as UUIDs are the same 128 bits (base/uuid.h). What a person may do there
 * says nothing about here: each interface has its own roles. */
#ifndef HF_SERVER_CORE_ACCESS_PRINCIPAL_H
#define HF_SERVER_CORE_ACCESS_PRINCIPAL_H

#include "server/core/groups/group.h"

#define PRINCIPAL_FRESH_MS 2000

/* One row for each, by the Crypto API's names. Stored: append only. */
#define APP_PERMISSION_LIST(X)                                                                     \
	X(SIGN)                                                                                    \
	X(VERIFY)                                                                                  \
	X(ENCRYPT)                                                                                 \
	X(DECRYPT)                                                                                 \
	X(WRAPKEY)                                                                                 \
	X(UNWRAPKEY)                                                                               \
	X(DERIVEKEY)                                                                               \
	X(MACGENERATE)                                                                             \
	X(MACVERIFY)                                                                               \
	X(EXPORT)                                                                                  \
	X(MANAGE)                                                                                  \
	X(AGREEKEY)                                                                                \
	X(MASKDECRYPT)                                                                             \
	X(AUDIT)                                                                                   \
	X(TRANSFORM)                                                                               \
	X(CREATE_SOBJECTS)                                                                         \
	X(COPY_SOBJECTS)                                                                           \
	X(ROTATE_SOBJECTS)                                                                         \
	X(ACTIVATE_SOBJECTS)                                                                       \
	X(REVOKE_SOBJECTS)                                                                         \
	X(REVERT_SOBJECTS)                                                                         \
	X(MOVE_SOBJECTS)                                                                           \
	X(UPDATE_SOBJECTS_PROFILE)                                                                 \
	X(UPDATE_SOBJECTS_ENABLED_STATE)                                                           \
	X(UPDATE_SOBJECT_POLICIES)                                                                 \
	X(UPDATE_KEY_OPS)                                                                          \
	X(DELETE_KEY_MATERIAL)                                                                     \
	X(DELETE_SOBJECTS)                                                                         \
	X(DESTROY_SOBJECTS)                                                                        \
	X(RESTORE_EXTERNAL_SOBJECTS)                                                               \
	X(CALCULATE_DIGEST)                                                                        \
	X(ENCAPSULATE)                                                                             \
	X(DECAPSULATE)
enum app_permission_bit {
#define APP_PERMISSION_BIT(name) APP_BIT_##name,
	APP_PERMISSION_LIST(APP_PERMISSION_BIT)
#undef APP_PERMISSION_BIT
	        APP_PERMISSION_COUNT
};
#define APP_MAY(name) (UINT64_C(1) << APP_BIT_##name)
HF_MUST hf_status app_permission_parse(const char *name, uint64_t *ret);
const char *app_permission_name(unsigned bit);

enum principal_kind { PRINCIPAL_APP, PRINCIPAL_USER };

/* Account roles, a set. */
#define ACCOUNT_ADMINISTRATOR 1u
#define ACCOUNT_MEMBER 2u
#define ACCOUNT_AUDITOR 4u
/* Group roles, a set. Account administrators and auditors have theirs in every group. */
#define GROUP_ADMINISTRATOR 1u
#define GROUP_AUDITOR 2u

struct principal_group {
	char id[UUID_MAX];
	uint64_t permissions; /* of an app */
	unsigned roles;       /* of a user */
};

struct principal {
	atomic_uint references;
	enum principal_kind kind;
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	char name[256];
	char session_id[HF_ID_MAX];   /* "": each request proves itself anew */
	bool app_admin;               /* an app that administrates, and does no crypto */
	unsigned account_roles;       /* of a user */
	bool has_factor;              /* a user with a second factor */
	bool factor_due;              /* which he has not shown: he may do nothing but that */
	char default_group[UUID_MAX]; /* of an app; "" */
	struct ip_ranges *from;       /* whence he may call; NULL: from anywhere */
	size_t n_groups;
	struct principal_group groups[]; /* by id, ascending */
};

/* What the database says of him now: HF_NOTFOUND when he is not there, or may not call. The caller
 * owns *ret. */
HF_MUST hf_status principal_load(struct db *db, const char *org_id, const char *identity_id,
                                 struct principal **ret);
struct app_row;
HF_MUST hf_status principal_of_app(struct db *db, const struct app_row *app,
                                   struct principal **ret);
struct member_row;
HF_MUST hf_status principal_of_user(struct db *db, const struct member_row *user,
                                    struct principal **ret);

struct principal *principal_ref(struct principal *p);
void principal_unref(struct principal *p);
HF_DEFINE_CLEANUP(principal_unref, struct principal *)
#define PRINCIPAL_SCOPED HF_CLEANUP(principal_unref_at)
/* NULL: not in it. (An account administrator or auditor is in none by that.) */
const struct principal_group *principal_in(const struct principal *p, const char *group_id);

#endif
