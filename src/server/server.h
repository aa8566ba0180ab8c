/* SPDX-License-Identifier: Apache-2.0
 * The server: assembles storage, queue, the Signing API's listener, the drivers' listener and the
 * health listener. */
#ifndef HF_SERVER_SERVER_H
#define HF_SERVER_SERVER_H

#include "base/status.h"
#include "db/db.h"

struct server_config {
	struct db_config db;
	unsigned db_writers;     /* PostgreSQL only; 0: 2 */
	unsigned db_readers;     /* 0: 2 */
	int db_wait_ms;          /* at the start, for a database that cannot be reached yet */
	int stop_fd;             /* readable: that wait is over; 0: none */
	const char *secret_file; /* 32 random bytes, mode 0600, the same for all servers of one
	                            database: tokens and challenges hang on it */
	int64_t token_key_ms;    /* the key that signs tokens is replaced at this age; 0: never */
	int64_t login_ms;        /* how long a person's session lasts; 0: 6 hours */
	const char *rp_id;       /* relying party of people's authenticators, or NULL: none */
	const char *origins;     /* of the pages that use them, with commas between, or NULL */
	/* Signing API */
	const char *api_listen; /* "127.0.0.1:8444" */
	const char *api_cert, *api_key;
	unsigned api_loops;
	unsigned rate_limit; /* requests of one token in a second; 0: any number */
	unsigned login_rate; /* of one address in a minute, without a token or with bad ones; 0 */
	/* Crypto API */
	const char *crypto_listen;            /* "127.0.0.1:8445"; NULL or "": none */
	const char *crypto_cert, *crypto_key; /* NULL: the Signing API's */
	unsigned crypto_loops;
	int app_session_ms;  /* a session of an app ends when it is not used so long; 0: 10 min */
	int user_session_ms; /* how long one of a user lasts; 0: 24 hours */
	/* drivers */
	const char *driver_listen; /* "0.0.0.0:8443" */
	const char *driver_cert, *driver_key, *driver_client_ca;
	const char *driver_crl; /* CRLs of the drivers' authorities, or NULL */
	bool driver_crl_strict; /* an outdated one is as good as none: its drivers are refused */
	int lease_ms;
	/* health and metrics, plain HTTP */
	const char *health_listen; /* "127.0.0.1:9443"; "": none */
	/* webhooks */
	bool webhook_private;     /* their targets may be local or private, and plain http */
	const char *webhook_ca;   /* PEM: whom targets must chain to; NULL: the system's */
	int64_t webhook_retry_ms; /* the first pause after a failure; 0: a minute */
	const char *audit_syslog; /* HOST:PORT of a collector of the audit log; NULL: none */
	int audit_syslog_format;  /* enum audit_format */
	const char *audit_syslog_ca, *audit_syslog_cert, *audit_syslog_key; /* PEM, or NULL */
	int audit_checkpoint_s; /* between two checkpoints of the audit log; 0: none */
	bool relaxed;           /* commits survive our death, but not a power cut */
	bool durable_uses;      /* entries of keys used over the Crypto API survive one, too */
};

/* Runs until SIGTERM or SIGINT, then lets what is in flight end. Prints nothing: logs. When
 * `ready_fd` >= 0, one line "api=PORT driver=PORT health=PORT crypto=PORT\n" is written to it once
 * everything listens, and it is closed. */
HF_MUST hf_status server_run(const struct server_config *config, int ready_fd, struct hf_err *err);

/* The same on threads of this process, for the benchmark: start, use, stop. */
struct server;
HF_MUST hf_status server_start(const struct server_config *config, struct server **ret,
                               struct hf_err *err);
void server_stop(struct server *s);
unsigned server_api_port(const struct server *s);
unsigned server_driver_port(const struct server *s);
unsigned server_crypto_port(const struct server *s); /* 0: it does not listen */
unsigned server_health_port(const struct server *s);

struct server_init {
	struct db_config db;
	const char *secret_file; /* made when it is not there */
	const char *org_name;
	const char *store_name;
	const char *driver_ca; /* PEM: the intermediate whose leaves may serve this store; NULL: any
	                          that the listener accepts */
	const char *account_name;    /* the first service account */
	const char *public_key_file; /* PEM: its credential's public key */
	int64_t token_days;
};
struct server_init_result {
	char org_id[64], store_id[64], identity_id[64], credential_id[96];
	char token[2048]; /* shown once */
};
/* Makes organisation, key store, service account and credential. HF_EXISTS with words when the
 * database has an organisation. */
HF_MUST hf_status server_init(const struct server_init *init, struct server_init_result *ret,
                              struct hf_err *err);

struct server_user_code {
	struct db_config db;
	const char *username;
	const char *kind; /* "registration", "recovery" or "login" */
	int64_t lifetime_s;
	bool replace; /* registration of somebody who has registered before: he begins anew */
};
/* Makes a code for an administrator to hand over. HF_NOTFOUND, HF_STATE, HF_INVALID with words. */
HF_MUST hf_status server_make_user_code(const struct server_user_code *from, char ret[24],
                                        int64_t *ret_expires_ms, struct hf_err *err);

struct server_crypto_admin {
	struct db_config db;
	const char *email;
	const char *password;
};
/* Makes the user, or promotes him, to an administrator of the Crypto API; his password is this one
 * from now on, and his sessions end. *ret_id is his. HF_INVALID, HF_STATE with words. */
HF_MUST hf_status server_make_crypto_admin(const struct server_crypto_admin *from, char ret_id[64],
                                           struct hf_err *err);

/* A user of the Crypto API has no second factor any longer, for one who has lost his devices and
 * his codes; his sessions end, and what he has approved does not count. HF_NOTFOUND, HF_STATE with
 * words. */
HF_MUST hf_status server_clear_second_factor(const struct db_config *config, const char *email,
                                             struct hf_err *err);

struct server_account_token {
	struct db_config db;
	const char *secret_file;
	const char *name; /* of the service account */
	int64_t days;
};
/* Another token for a service account, beside those that it has: for one whose token has expired or
 * was retired. HF_NOTFOUND, HF_STATE with words. */
HF_MUST hf_status server_make_account_token(const struct server_account_token *from, char ret[2048],
                                            struct hf_err *err);

/* The next generation of the key that signs tokens; `retire`: tokens of those before are refused
 * from now on. */
HF_MUST hf_status server_rotate_token_key(const struct db_config *config, bool retire,
                                          int64_t *ret_generation, struct hf_err *err);

/* Another intermediate may serve this key store from now on, and the one before no longer.
 * HF_NOTFOUND: no such store. */
HF_MUST hf_status server_set_driver_ca(const struct db_config *config, const char *store_id,
                                       const char *driver_ca, struct hf_err *err);

/* Key stores: sets of drivers, of which one serves keys for which no other is named. */
struct server_store {
	const char *name;      /* by which drivers name it */
	const char *driver_ca; /* PEM; NULL: any driver that the listener accepts */
	bool by_name;          /* its drivers' certificates are open to other stores too */
	bool primary;
};
/* HF_EXISTS with words: its name is taken, or its drivers would have to choose and by_name is not
 * said. *ret is its id. */
HF_MUST hf_status server_store_add(const struct db_config *config, const struct server_store *store,
                                   char ret[64], struct hf_err *err);
typedef void (*server_store_fn)(void *ctx, const char *id, const char *name, bool primary);
HF_MUST hf_status server_store_list(const struct db_config *config, server_store_fn fn, void *ctx,
                                    struct hf_err *err);
/* HF_NOTFOUND: no such store. */
HF_MUST hf_status server_store_set_primary(const struct db_config *config, const char *store_id,
                                           struct hf_err *err);

#endif
