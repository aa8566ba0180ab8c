/* SPDX-License-Identifier: Apache-2.0
 * Who calls: an identity that a valid token stands for, with its active credentials. Never changed
 * once made, shared by the token cache and the requests under way, released by the last of them. */
#ifndef HF_SERVER_CORE_PEOPLE_CALLER_H
#define HF_SERVER_CORE_PEOPLE_CALLER_H

#include "base/id.h"
#include "base/scope.h"
#include "proof/action.h"

#include <stdatomic.h>
#include <stdint.h>

#define CALLER_CREDENTIALS_MAX ACTION_CREDENTIALS_MAX

struct caller_credential {
	char id[CREDENTIAL_ID_MAX]; /* the public one, base64url text */
	enum credential_kind kind;
	struct credential_key *key;
	char *encrypted_private_key; /* that its owner keeps here; NULL: none */
};

/* A set of enum permission (permissions.h). */
#define PERMISSION_WORDS 3
struct permission_set {
	uint64_t words[PERMISSION_WORDS];
};

/* What a token is, decides what its bearer may never do (operation.people_only). */
enum caller_kind {
	CALLER_USER,            /* a person who logged in */
	CALLER_SERVICE_ACCOUNT, /* a machine */
	CALLER_PAT,             /* a person's own machine: a personal access token */
};

struct caller {
	atomic_uint references;
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	char token_id[HF_ID_MAX];
	char name[256];
	enum caller_kind kind;
	int64_t expires_ms; /* of the token; wall clock */
	struct permission_set granted;
	struct caller_credential credentials[CALLER_CREDENTIALS_MAX];
	size_t n_credentials;
};

/* Zeroed, with one reference. NULL when memory is short. */
struct caller *caller_new(void);
struct caller *caller_ref(struct caller *c);
void caller_unref(struct caller *c);
HF_DEFINE_CLEANUP(caller_unref, struct caller *)
#define CALLER_SCOPED HF_CLEANUP(caller_unref_at)

/* One more of the caller's credentials, a credential_row_fn. What cannot be used is left out, with
 * words in the log. */
struct credential_row;
HF_MUST hf_status caller_add_credential(void *caller, const struct credential_row *row);
/* NULL when the caller has no such credential. */
const struct caller_credential *caller_credential(const struct caller *c, const char *id);

#endif
