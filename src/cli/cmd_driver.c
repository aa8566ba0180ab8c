/* SPDX-License-Identifier: Apache-2.0
 * holdfast driver: stands beside the HSM, takes jobs from the queue. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/module_options.h"
#include "driver/driver.h"

struct options {
	struct module_options module;
	struct driver_config driver;
	int64_t db_wait, sessions, threads, warm_keys, warm_ttl, op_deadline_ms, recycle_ops,
	        recycle_mib;
	const char *ready_file;
	struct cli_log_options log;
};

#define KEYS_DB "the database of wrapped keys"

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_DB_OPTIONS(struct options, driver.db, KEYS_DB),
	CLI_DB_WAIT_OPTION(struct options, db_wait),
	CLI_OPTION_NEEDED(struct options, driver.proxy_addr, "proxy-addr", "HOST:PORT",
	                  "the queue to poll; several servers as HOST:PORT,HOST:PORT"),
	CLI_OPTION_NEEDED(struct options, driver.client_cert, "client-cert", "PEM",
	                  "this driver's leaf certificate"),
	CLI_OPTION_NEEDED(struct options, driver.client_key, "client-key", "PEM",
	                  "private key of that certificate, readable by nobody else"),
	CLI_OPTION_NEEDED(struct options, driver.ca_cert, "ca-cert", "PEM",
	                  "certificate chain: the authority of the queue, and the intermediate "
	                  "that signed the leaf"),
	CLI_OPTION_TEXT(struct options, driver.authorizers, "authorizers", "FILE", NULL,
	                "who may have something signed, and with whose approval: each request is "
	                "checked against it here, so that a server that was taken over gets no "
	                "signature; see `holdfast authorizers check`"),
	CLI_OPTION_TEXT(struct options, driver.name, "name", "NAME", NULL,
	                "what the server's logs call this HSM and, where several key stores are "
	                "open to its certificate, which of them it serves; without it, the "
	                "token's label"),
	CLI_OPTION_NUMBER(struct options, sessions, "sessions", "2", 1, 256,
	                  "signer processes, each with a session of its own"),
	CLI_OPTION_NUMBER(struct options, threads, "threads", "1", 1, 64,
	                  "sessions inside each signer process, for libraries that want it so"),
	CLI_OPTION_NUMBER(struct options, warm_keys, "warm-keys", "0", 0, 100000,
	                  "unwrapped keys that each session keeps in the HSM; 0: none, every "
	                  "request unwraps, signs and "
	                  "destroys"),
	CLI_OPTION_NUMBER(struct options, warm_ttl, "warm-ttl", "60", 1, 86400,
	                  "seconds after which a kept key is destroyed"),
	CLI_OPTION_NUMBER(struct options, op_deadline_ms, "op-deadline-ms", "5000", 50, 600000,
	                  "a signature that takes longer is given up, and its signer killed, in "
	                  "milliseconds"),
	CLI_OPTION_NUMBER(struct options, recycle_ops, "recycle-ops", "100000", 0, 0,
	                  "a signer is replaced after so many operations, since some libraries "
	                  "leak; 0: never"),
	CLI_OPTION_NUMBER(struct options, recycle_mib, "recycle-mib", "256", 0, 1048576,
	                  "a signer is replaced when it uses more memory, in MiB; 0: never"),
	CLI_OPTION_TEXT(struct options, driver.health_listen, "health-listen", "HOST:PORT",
	                "127.0.0.1:9444",
	                "plain HTTP for /health and /metrics; none: no such listener"),
	CLI_OPTION_TEXT(struct options, ready_file, "ready-file", "FILE", NULL,
	                "written once the HSM is ready and polling begins"),
	CLI_LOG_OPTIONS(struct options, log),
};

static hf_status finish(struct options *o, struct hf_err *err)
{
	struct hsmhost_config *hsm = &o->driver.hsm;

	o->driver.db_wait_ms = (int)(o->db_wait * 1000);
	hsm->signer_path = o->module.signer;
	hsm->setup.threads = (unsigned)o->threads;
	hsm->setup.warm_keys = (unsigned)o->warm_keys;
	hsm->setup.warm_ttl_s = (unsigned)o->warm_ttl;
	hsm->processes = (unsigned)o->sessions;
	hsm->op_deadline_ms = (int)o->op_deadline_ms;
	hsm->recycle_ops = (uint64_t)o->recycle_ops;
	hsm->recycle_rss = (uint64_t)o->recycle_mib << 20;
	if (hf_span_is(hf_span_text(o->driver.health_listen), "none"))
		o->driver.health_listen = "";
	return HF_SUCCESS;
}

static hf_status drive(struct options *o, struct hf_err *err)
{
	int ready;

	HF_TRY(cli_log_setup("driver", &o->log, err));
	HF_TRY(cli_db_options(&o->driver.db, err));
	HF_TRY(module_options_setup(&o->module, true, &o->driver.hsm.setup, err));
	HF_TRY(finish(o, err));
	HF_TRY(cli_ready_open(o->ready_file, &ready, err));
	return driver_run(&o->driver, ready, err);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s = drive(o, &err);

	hf_secret_done(&o->driver.hsm.setup.pin);
	hf_secret_done(&o->module.user_pin);
	return hf_ok(s) ? 0 : cli_failed("driver", s, &err);
}

const struct cli_command cmd_driver = {
	.name = "driver",
	.summary = "run a driver: poll the queue, have the HSM make and use keys",
	.details = "Stands beside the HSM, polls the queue over mTLS, stores keys wrapped by the "
	           "HSM's master key, and signs by "
	           "unwrapping inside the HSM. Start as many as you like on the same database, "
	           "each with its HSM; kill any. "
	           "SIGTERM and SIGINT finish what is in flight.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
