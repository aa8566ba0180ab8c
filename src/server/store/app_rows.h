/* SPDX-License-Identifier: Apache-2.0
 * Apps, and the groups that they may use. One query, one function. */
#ifndef HF_SERVER_STORE_APP_ROWS_H
#define HF_SERVER_STORE_APP_ROWS_H

#include "crypto/digest.h"
#include "server/store/member_rows.h"

#define APP_TYPE_MAX 128
#define APP_POLICY_MAX 4096
#define APP_CREDENTIAL_MAX (64u << 10)

struct app_row {
	char id[HF_ID_MAX], org_id[HF_ID_MAX];
	char name[IDENTITY_NAME_MAX], created_by[HF_ID_MAX];
	bool active; /* "enabled" */
	bool admin;
	char app_type[APP_TYPE_MAX];
	char interface[APP_TYPE_MAX], description[1024]; /* "" */
	char default_group[GROUP_ID_MAX];                /* "" */
	char ip_policy[APP_POLICY_MAX];                  /* JSON; "": from anywhere */
	char client_configurations[APP_POLICY_MAX];      /* JSON; "" */
	int credential_kind;                             /* enum app_credential_kind */
	bool has_proof;
	uint8_t proof[SHA256_LEN];
	int certificate_kind; /* the same, of a certificate that is needed besides; 0: none */
	bool is_pinned;       /* to this one: */
	uint8_t certificate_proof[SHA256_LEN];
	uint8_t previous_proof[SHA256_LEN]; /* of the secret before: good until … */
	int64_t previous_until_ms;          /* 0: there is none */
	int64_t credential_ms;              /* when it was last changed */
	int64_t certificate_until_s;        /* since 1970; 0: none */
	int64_t created_ms, last_used_ms;
};

/* The identity is there already. */
HF_MUST hf_status app_row_insert(struct db *db, const struct app_row *row,
                                 struct hf_span credential);
/* HF_NOTFOUND: none, or deleted. `org_id` NULL: of whichever organisation. */
HF_MUST hf_status app_row_get(struct db *db, const char *org_id, const char *id,
                              struct app_row *ret);
HF_MUST hf_status app_row_find(struct db *db, const char *org_id, const char *name,
                               struct app_row *ret);
/* The one whose pinned certificate this is. HF_NOTFOUND: none, or several. */
HF_MUST hf_status app_row_of_proof(struct db *db, struct hf_span proof, struct app_row *ret);
/* As it is sealed. Appended. */
HF_MUST hf_status app_credential_get(struct db *db, const char *id, struct hf_buf *to);
/* Likewise, the one before. HF_NOTFOUND: none. */
HF_MUST hf_status app_previous_get(struct db *db, const char *id, struct hf_buf *to);
/* Oldest first, those with an id above `after`; of a group: `group_id`, or NULL. */
typedef hf_status (*app_row_fn)(void *ctx, const struct app_row *row);
HF_MUST hf_status app_rows_list(struct db *db, const char *org_id, const char *group_id,
                                const char *after, int limit, app_row_fn fn, void *ctx);
/* Everything but name, active and credential. */
HF_MUST hf_status app_row_update(struct db *db, const struct app_row *row);
/* With row->credential_kind, proof, certificate_kind, certificate_proof, credential_ms,
 * certificate_until_s. */
HF_MUST hf_status app_credential_put(struct db *db, const struct app_row *row,
                                     struct hf_span credential);
/* What is the credential now is the one before from here on, until then; whichever was before that
 * is forgotten. Then app_credential_put(). */
HF_MUST hf_status app_previous_put(struct db *db, const char *id, int64_t until_ms);
HF_MUST hf_status app_previous_delete(struct db *db, const char *id);
/* Those whose time is over, a few at a time. */
HF_MUST hf_status app_previous_forget(struct db *db, int64_t now_ms);
HF_MUST hf_status app_row_used(struct db *db, const char *id, int64_t now_ms);
/* Nobody changes its credential before this transaction ends. HF_NOTFOUND: there is none that was
 * last changed then (0: whenever), or, where that is asked for, none before it. */
HF_MUST hf_status app_row_hold(struct db *db, const char *id, int64_t credential_ms, bool previous);
/* With its groups. */
HF_MUST hf_status app_row_delete(struct db *db, const char *id);

/* By group id, ascending. */
HF_MUST hf_status app_group_rows_list(struct db *db, const char *app_id, membership_fn fn,
                                      void *ctx);
HF_MUST hf_status app_group_row_put(struct db *db, const char *app_id, const char *group_id,
                                    uint64_t permissions);
HF_MUST hf_status app_group_row_delete(struct db *db, const char *app_id, const char *group_id);

#endif
