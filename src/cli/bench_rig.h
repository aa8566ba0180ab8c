/* SPDX-License-Identifier: Apache-2.0
 * What a benchmark of the whole needs around it: a directory of its own with certificates, an
 * organisation and its caller, and the real programs as children. All of it goes when the rig is
 * released. */
#ifndef HF_CLI_BENCH_RIG_H
#define HF_CLI_BENCH_RIG_H

#include "cli/module_options.h"
#include "crypto/client_key.h"
#include "os/process.h"
#include "server/server.h"

#define RIG_PATH_MAX 256

enum rig_file {
	RIG_CA,
	RIG_CA_KEY,
	RIG_SERVER_CERT,
	RIG_SERVER_KEY,
	RIG_DRIVER_CERT,
	RIG_DRIVER_KEY,
	RIG_CREDENTIAL, /* the caller's public key */
	RIG_SECRET,
	RIG_SERVER_DB,
	RIG_KEYS_DB,
	RIG_PIN,
	RIG_AUTHORIZERS,
	RIG_SERVER_READY,
	RIG_FILES_
};

#define RIG_DRIVERS_MAX 8

struct rig_child {
	struct os_process process;
	const char *name;
	char ready[RIG_PATH_MAX + 32]; /* its ready file */
};

struct rig {
	char dir[RIG_PATH_MAX];
	char path[RIG_FILES_][RIG_PATH_MAX + 32];
	struct server_init_result account;
	struct client_key *credential;
	struct db_config server_db, keys_db;
	char postgres_url[RIG_PATH_MAX * 2]; /* with a schema of the rig's own; "" for SQLite */
	char postgres_env[RIG_PATH_MAX * 2 + 32]; /* the same, for its children: never in argv */
	char schema[48];
	const char *postgres_given;
	struct rig_child server, drivers[RIG_DRIVERS_MAX], gateway;
	unsigned renewed; /* times that the server was */
	unsigned api_port, driver_port, crypto_port, gateway_port;
};

/* Makes the directory (in `parent`, or $TMPDIR, or /tmp), certificates, database and account. With
 * a `postgres_url`, which stays the caller's, both databases are a schema of their own there. The
 * caller owns *r, which does not move: rig_done(), also after a failure. */
HF_MUST hf_status rig_new(const char *parent, const char *postgres_url, struct rig *r,
                          struct hf_err *err);
void rig_done(struct rig *r);

/* Runs `holdfast server` and fills the ports. */
HF_MUST hf_status rig_start_server(struct rig *r, bool relaxed, struct hf_err *err);
/* Ends it, and runs one with a database of its own, which is empty. With SQLite only. */
HF_MUST hf_status rig_renew_server(struct rig *r, bool relaxed, struct hf_err *err);

struct rig_driver {
	struct module_options *module;
	const struct signer_setup *setup; /* for the PIN */
	unsigned count; /* drivers: each has its own sessions, and all have one database of keys */
	unsigned sessions, threads, warm_keys;
	bool checks; /* requests, against a file that lets the rig's caller use every key */
};
/* Runs `holdfast driver` against r->driver_port, as often as `count` says, until they poll. The
 * environment tells test modules which token each stands for: HOLDFAST_FAULT_TOKEN=1 and so on. */
HF_MUST hf_status rig_start_drivers(struct rig *r, const struct rig_driver *options,
                                    struct hf_err *err);
/* Runs `holdfast gateway` with this module, until it listens; it asks for a certificate of the
 * rig's CA, such as the drivers'. */
HF_MUST hf_status rig_start_gateway(struct rig *r, const struct module_options *module,
                                    const struct signer_setup *setup, unsigned signers,
                                    struct hf_err *err);
/* SIGTERM, and waits. */
void rig_stop(struct rig_child *child);
void rig_stop_drivers(struct rig *r);

#endif
