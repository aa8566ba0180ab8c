/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the server share. It is made once by server_start(), outlives every request,
 * and is not changed afterwards, so that any thread may read it.
 *
 * A handler that needs the database embeds a `struct db_task` in its own object and submits it to
 * `writer` or `reader`; it answers its request in done(), which is after the commit. */
#ifndef HF_SERVER_CORE_CORE_H
#define HF_SERVER_CORE_CORE_H

#include "base/secret.h"
#include "db/notices.h"
#include "db/work.h"
#include "server/core/queue/jobs.h"
#include "server/core/queue/waiters.h"
#include "server/server.h"

#define CORE_KEY_LEN 32
#define HELD_REQUEST_MS                                                                            \
	20000 /* a request that needs an HSM is held this long, then answered as it stands */

/* Derived from the secret file by HKDF-SHA256, each with its own label, so that none stands for
 * another. */
struct core_secrets {
	struct hf_secret token_seed;    /* Ed25519 seed: signs access tokens, generation 1 */
	struct hf_secret token_root;    /* what the seeds of later generations are derived from */
	struct hf_secret ticket_mac;    /* logins, registrations and recoveries under way */
	struct hf_secret challenge_mac; /* user action challenges */
	struct hf_secret action_mac;    /* user action tokens */
	struct hf_secret paging_mac;    /* paging tokens */
	struct hf_secret
	        storage_key; /* encrypts what has to be stored and read back: crypto/aead.h */
	char fingerprint[2 * CORE_KEY_LEN +
	                 1]; /* tells two secrets apart, and nothing about them */
};

struct audit;
struct server_metrics;
struct events_watch;
struct groups;
struct objects;
struct crypto_sessions;
struct jwks_source;
struct slot_backend;

struct core {
	const struct server_config *config;
	char id[HF_ID_MAX]; /* of this server's life: what it adds to the queue is marked with it */
	struct db_notices *notices; /* between the servers of one database; NULL: there is one */
	struct db_work *writer;     /* group commit; one thread with SQLite */
	struct db_work *reader;
	struct jobs *jobs;
	struct waiters *waiters; /* by the id of a key or signature request */
	struct audit *audit;
	struct server_metrics *metrics;
	struct events_watch *watch;             /* who has webhooks: core/events/events.h */
	struct groups *groups;                  /* core/groups/group.h */
	struct objects *objects;                /* core/objects/object.h */
	const struct slot_backend *slots;       /* core/backends/backend.h */
	const struct jwks_source *signing_keys; /* core/access/jwks.h */
	struct crypto_sessions *sessions;       /* core/access/sessions.h */
	struct core_secrets secrets;
};

/* Reads the secret file (regular, 32 bytes, for its owner only) and derives. The caller owns *ret:
 * core_secrets_done(). HF_IO, HF_INVALID, HF_DENIED with words that name the file and what to do.
 */
HF_MUST hf_status core_secrets_load(const char *path, struct core_secrets *ret, struct hf_err *err);
void core_secrets_done(struct core_secrets *s);
/* The seed of the key that signs tokens in this generation, from 1. The caller owns *ret. */
HF_MUST hf_status core_token_seed(const struct core_secrets *s, int64_t generation,
                                  struct hf_secret *ret);
/* The first secret that a database sees is the one of all its servers: tokens that one of them gave
 * out would mean nothing to another. HF_STATE with words for any other. Inside a transaction. */
HF_MUST hf_status core_secrets_check(const struct core_secrets *s, struct db *db,
                                     struct hf_err *err);

/* How durable a commit is whose loss a caller would notice. */
enum db_durability core_durability(const struct core *core);
/* And of the entry of a key's use over the Crypto API, of which there are many: unless the operator
 * wants it otherwise, it survives our death, and a power cut from the audit log's next commit on,
 * half a second later. */
enum db_durability core_use_durability(const struct core *core);

/* The queue's job_settle, job_announce and jobs_say; ctx is the struct core. They call key_settle()
 * or signature_settle() (core/keys/keys.h, core/keys/signatures.h), wake who waits for the subject,
 * and pass words on to the other servers. */
HF_MUST hf_status core_settle(void *core, struct db *db, const struct job_settled *settled);
void core_announce(void *core, enum job_subject subject, const char *subject_id);
void core_say(void *core, const char *word);
/* The notices' db_noticed. */
void core_heard(void *core, const char *word);

#endif
