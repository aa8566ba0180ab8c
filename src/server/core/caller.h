/* SPDX-License-Identifier: Apache-2.0
 * Who calls: an identity that a valid token stands for, with its active credentials. Never changed
 * once made, shared by the token cache and the requests under way, released by the last of them. */
#ifndef HF_SERVER_CORE_CALLER_H
#define HF_SERVER_CORE_CALLER_H

#include "base/id.h"
#include "base/scope.h"
#include "crypto/credential.h"

#include <stdatomic.h>
#include <stdint.h>

#define CREDENTIAL_ID_MAX 96
#define CALLER_CREDENTIALS_MAX 32

struct caller_credential {
	char id[CREDENTIAL_ID_MAX]; /* the public one, base64url text */
	struct credential_key *key;
};

struct caller {
	atomic_uint references;
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	char token_id[HF_ID_MAX];
	char name[256];
	int64_t expires_ms; /* of the token; wall clock */
	uint64_t granted;   /* bit n: enum permission n */
	struct caller_credential credentials[CALLER_CREDENTIALS_MAX];
	size_t n_credentials;
};

/* Zeroed, with one reference. NULL when memory is short. */
struct caller *caller_new(void);
struct caller *caller_ref(struct caller *c);
void caller_unref(struct caller *c);
HF_DEFINE_CLEANUP(caller_unref, struct caller *)
#define CALLER_SCOPED HF_CLEANUP(caller_unref_at)

/* NULL when the caller has no such credential. */
const struct caller_credential *caller_credential(const struct caller *c, const char *id);

#endif
