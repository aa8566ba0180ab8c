/* SPDX-License-Identifier: Apache-2.0
 * Users and service accounts of an organisation: made, changed, deactivated, archived. All inside
 * the caller's transaction; failures come with words.
 *
 * Nobody deactivates or archives himself, and somebody with full access always remains. */
#ifndef HF_SERVER_CORE_PEOPLE_IDENTITIES_H
#define HF_SERVER_CORE_PEOPLE_IDENTITIES_H

#include "server/core/people/caller.h"
#include "server/store/identity_rows.h"

enum identity_class { IDENTITY_USER, IDENTITY_SERVICE_ACCOUNT };

struct identity_new {
	const char *org_id, *created_by;
	const char *kind; /* KIND_… */
	const char *name;
	const char *external_id; /* "": none */
	const char *public_key;  /* PEM, checked before; "": a user who has yet to register */
	int64_t now_ms;
};
/* `credential_id` is that of the key, as clients name it; "" without one. HF_EXISTS: the name is
 * taken. */
HF_MUST hf_status identity_create(struct db *db, const struct identity_new *from,
                                  struct identity_row *ret, char credential_id[CREDENTIAL_ID_MAX],
                                  struct hf_err *err);

/* HF_NOTFOUND: none of this class in the organisation, or archived. */
HF_MUST hf_status identity_get(struct db *db, const char *org_id, enum identity_class which,
                               const char *id, struct identity_row *ret, struct hf_err *err);
/* NULL leaves a value as it is. HF_EXISTS: the name is taken. */
HF_MUST hf_status identity_update(struct db *db, const char *org_id, enum identity_class which,
                                  const char *id, const char *name, const char *external_id,
                                  struct identity_row *ret, struct hf_err *err);
/* HF_STATE: oneself, or the last with full access. */
HF_MUST hf_status identity_set_active(struct db *db, const struct caller *by,
                                      enum identity_class which, const char *id, bool active,
                                      struct identity_row *ret, struct hf_err *err);
/* For good: it keeps its id, loses its permissions, and its name is free again. HF_STATE as above.
 */
HF_MUST hf_status identity_archive(struct db *db, const struct caller *by,
                                   enum identity_class which, const char *id,
                                   struct identity_row *ret, struct hf_err *err);

/* A credential of kind Key. Its public id is the base64url text of "ci-…", its uuid "cr-…" with the
 * same rest. `token_id` as in store/credential_rows.h. */
struct key_credential {
	const char *org_id, *identity_id, *token_id, *name, *public_key;
	int64_t now_ms;
};
HF_MUST hf_status key_credential_create(struct db *db, const struct key_credential *from,
                                        char ret_id[CREDENTIAL_ID_MAX]);

#endif
