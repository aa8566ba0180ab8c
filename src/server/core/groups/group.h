/* SPDX-License-Identifier: Apache-2.0
 * Groups: what keys belong to. A group keeps its keys in an HSM slot behind gateways (it has
 * links), or in a pool of drivers (it has a key store), and says what may be done with them and by
 * whose leave.
 *
 * A group as it is used is a snapshot: never changed once made, shared by reference, looked up in a
 * cache of this server for at most GROUP_FRESH_MS, so that a change made at another server counts
 * everywhere after that time, and at once where it was made. */
#ifndef HF_SERVER_CORE_GROUPS_GROUP_H
#define HF_SERVER_CORE_GROUPS_GROUP_H

#include "base/id.h"
#include "base/scope.h"
#include "crypto/object_type.h"
#include "db/db.h"

#include <stdatomic.h>

#define GROUP_FRESH_MS 2000
#define GROUP_LINKS_MAX 16
#define UUID_MAX 37 /* lower-case, hyphenated, with the NUL (base/uuid.h) */

/* One connection to a slot, through a gateway or a load balancer before several. */
struct group_link {
	char id[UUID_MAX];
	char kind[16]; /* "NCIPHER", "SAFENET", "AWSCLOUDHSM", "SOFTHSM", "PKCS11": for people */
	char url[256]; /* host:port */
	uint64_t slot;
	int order;       /* smaller first */
	char serial[17]; /* of the token that it was first connected to; "": not yet */
	char label[33];  /* its name, likewise */
	char *tls;       /* JSON as the API has it (TlsConfig), without the client's key */
	bool has_pin;    /* sealed in the database; never shown */
	bool pin_refused;
	int64_t updated_ms; /* differs when where and how it connects does, its PIN included */
};

/* Which of quorum policy, cryptographic policy and so on are there is read from their JSON once,
 * when the snapshot is made. */
struct quorum_policy;
struct crypto_policy;    /* core/access/crypto_policy.h */
struct account_policies; /* core/access/account.h */

struct group {
	atomic_uint references;
	char id[UUID_MAX];
	char org_id[HF_ID_MAX];
	char name[256];
	char *description;        /* or NULL */
	char store_id[HF_ID_MAX]; /* the pool; "": a slot */
	struct group_link links[GROUP_LINKS_MAX];
	size_t n_links;
	bool by_priority;  /* hmg_redundancy: PriorityFailover; otherwise in any order */
	bool segregation;  /* a scan brings no keys that were made elsewhere */
	bool apply_to_hsm; /* hmg_sync: changes of virtual keys are made in the HSM too */
	struct quorum_policy *quorum;     /* NULL: none */
	struct crypto_policy *crypto;     /* NULL: none */
	struct account_policies *account; /* its account's, that count besides; NULL: none */
	char *approval_policy, *cryptographic_policy, *key_history_policy,
	        *custom_metadata; /* JSON or NULL */
	int64_t undo_ms;          /* of key_history_policy; 0: changes of keys are not taken back */
	char created_by[HF_ID_MAX];
	int64_t created_ms;
};

struct group *group_ref(struct group *g);
void group_unref(struct group *g);
HF_DEFINE_CLEANUP(group_unref, struct group *)
#define GROUP_SCOPED HF_CLEANUP(group_unref_at)

struct groups;
HF_MUST hf_status groups_new(struct groups **ret);
void groups_free(struct groups *g);

/* From the cache alone: NULL when it is not there or no longer fresh. Any thread. */
struct group *groups_cached(struct groups *g, const char *org_id, const char *id);
/* From the database, into the cache. HF_NOTFOUND with words. The caller owns *ret. */
HF_MUST hf_status groups_load(struct groups *g, struct db *db, const char *org_id, const char *id,
                              struct group **ret, struct hf_err *err);
/* As it is in the database now, for whoever is going to change it: inside his transaction, beside
 * any cache. HF_NOTFOUND with words. The caller owns *ret. */
HF_MUST hf_status group_read(struct db *db, const char *org_id, const char *id, struct group **ret,
                             struct hf_err *err);
/* It was changed here: after the commit. */
void groups_forget(struct groups *g, const char *id);
/* Likewise its account's policies: all of its groups. */
void groups_forget_account(struct groups *g, const char *org_id);

#endif
