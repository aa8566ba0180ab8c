/* SPDX-License-Identifier: Apache-2.0
 * holdfast gateway: stands beside an HSM, serves its slots to the server. */
#include "cli/commands.h"
#include "gateway/defaults.h"
#include "gateway/gateway.h"
#include "os/secretfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CERT "/etc/fortanix/pki/cert.p12"
#define DEFAULT_PORT 4442

/* The server verifies every signature that a gateway brings, since it is another machine; what is
 * verified here finds a faulty HSM where it stands. */
#define SPOT_CHECKS 32

struct options {
	const char *module, *module_args, *signer;
	const char *cert, *key, *cert_password_file, *client_ca, *client_crl;
	const char *defaults_file, *master_label;
	const char *listen, *health_listen, *health_tls_listen;
	int64_t listen_port, signers, list_sessions, op_deadline_ms, recycle_ops, recycle_mib,
	        pin_attempts, queue, sessions, linger;
	const char *ready_file;
	struct cli_log_options log;

	struct defaults defaults; /* what the options above may point into */
	char listen_text[280];
	struct hf_secret cert_password;
};

static const struct cli_option options[] = {
	{ .name = "module",
	  .env = "PKCS11_LIB_PATH",
	  .metavar = "FILE",
	  .type = CLI_TEXT,
	  .offset = offsetof(struct options, module),
	  .help = "absolute path of the HSM's PKCS#11 library" },
	CLI_OPTION_TEXT(struct options, module_args, "module-args", "TEXT", NULL,
	                "handed to the library's C_Initialize, for the few that want it (NSS)"),
	{ .name = "cert",
	  .env = "CERT_FILE",
	  .metavar = "FILE",
	  .type = CLI_TEXT,
	  .offset = offsetof(struct options, cert),
	  .help = "this gateway's certificate and key in one PKCS#12 file, readable by nobody "
	          "else, or, with --key, the certificate alone as PEM; without it, " DEFAULT_CERT },
	CLI_OPTION_TEXT(struct options, key, "key", "PEM", NULL,
	                "private key of a certificate that is PEM, readable by nobody else"),
	CLI_OPTION_TEXT(struct options, cert_password_file, "cert-password-file", "FILE", NULL,
	                "file with the password of the PKCS#12 file; without it, there is none"),
	{ .name = "client-ca",
	  .env = "CA_FILE",
	  .metavar = "PEM",
	  .type = CLI_TEXT,
	  .offset = offsetof(struct options, client_ca),
	  .help = "authority of the servers that may connect (mutual TLS); without it, anybody "
	          "who reaches the port may try a PIN" },
	CLI_OPTION_TEXT(struct options, client_crl, "client-crl", "PEM", NULL,
	                "revocation lists of that authority"),
	CLI_OPTION_TEXT(struct options, defaults_file, "defaults", "FILE", NULL,
	                "read CERT_FILE, CA_FILE, PKCS11_LIB_PATH and HMG_LISTEN_PORT from this "
	                "file as well, such as /etc/default/ftx-hmg; with a - before its name it "
	                "may be missing; flags and the environment go before it"),
	CLI_OPTION_TEXT(struct options, listen, "listen", "HOST:PORT", NULL,
	                "where servers connect; without it, 0.0.0.0:4442"),
	{ .name = "listen-port",
	  .env = "HMG_LISTEN_PORT",
	  .metavar = "N",
	  .type = CLI_NUMBER,
	  .offset = offsetof(struct options, listen_port),
	  .min = 1,
	  .max = 65535,
	  .conflicts = "listen",
	  .help = "the same on all addresses, with another port" },
	CLI_OPTION_TEXT(struct options, health_listen, "health-listen", "HOST:PORT", "0.0.0.0:4441",
	                "plain HTTP for /health and /metrics; none: no such listener"),
	CLI_OPTION_TEXT(struct options, health_tls_listen, "health-tls-listen", "HOST:PORT",
	                "0.0.0.0:4440", "HTTPS for /health; none: no such listener"),
	CLI_OPTION_NUMBER(struct options, signers, "signers", "2", 1, 256,
	                  "signer processes of each slot, each with a session of its own"),
	CLI_OPTION_NUMBER(struct options, list_sessions, "list-sessions", "1", 1, WIRE_READERS_MAX,
	                  "sessions of one process that read a slot's keys at once while they are "
	                  "listed; all but one are opened for that, and closed after it"),
	CLI_OPTION_NUMBER(struct options, pin_attempts, "pin-attempts", "2", 1, 10,
	                  "different PINs that a token may refuse before it is asked for no other "
	                  "until the gateway is restarted: fewer than lock it"),
	CLI_OPTION_NUMBER(struct options, op_deadline_ms, "op-deadline-ms", "5000", 50, 600000,
	                  "an operation that takes longer inside the library is given up, and its "
	                  "signer killed, in milliseconds; making RSA keys may take two minutes"),
	CLI_OPTION_NUMBER(struct options, queue, "queue", "2048", 1, 65536,
	                  "operations that may wait for one slot; beyond it the server is told "
	                  "that the slot is busy"),
	CLI_OPTION_NUMBER(struct options, sessions, "sessions", "1024", 1, 65536,
	                  "sessions of servers; beyond it the one used longest ago ends"),
	CLI_OPTION_NUMBER(struct options, linger, "linger", "60", 1, 86400,
	                  "seconds after which a slot is closed, and its PIN forgotten, that no "
	                  "server has open any longer"),
	CLI_OPTION_NUMBER(struct options, recycle_ops, "recycle-ops", "100000", 0, 0,
	                  "a signer is replaced after so many operations, since some libraries "
	                  "leak; 0: never"),
	CLI_OPTION_NUMBER(struct options, recycle_mib, "recycle-mib", "256", 0, 1048576,
	                  "a signer is replaced when it uses more memory, in MiB; 0: never"),
	CLI_OPTION_TEXT(struct options, master_label, "master-label", "LABEL", NULL,
	                "label of a master key (holdfast hsm init-master) in the slots: it wraps "
	                "transient keys; without it there are none"),
	CLI_OPTION_TEXT(struct options, signer, "signer", "FILE", NULL,
	                "the holdfast-signer program; without it, the one installed with this one"),
	CLI_OPTION_TEXT(struct options, ready_file, "ready-file", "FILE", NULL,
	                "written once the gateway listens"),
	CLI_LOG_OPTIONS(struct options, log),
};

/* A file that may be missing has a - before its name, as in units of systemd. */
static hf_status read_defaults(struct options *o, struct hf_err *err)
{
	const char *file = o->defaults_file;
	hf_status s;

	if (!file)
		return HF_SUCCESS;
	if (file[0] != '-')
		return hf_context(err, defaults_read(file, &o->defaults, err), "--defaults");
	s = defaults_read(file + 1, &o->defaults, err);
	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS;
	return hf_context(err, s, "--defaults");
}

static void fill_in(const char **option, const char *from_file, const char *otherwise)
{
	if (!*option)
		*option = from_file[0] ? from_file : otherwise;
}

static hf_status merge(struct options *o, struct hf_err *err)
{
	int64_t port = o->listen_port ? o->listen_port : o->defaults.port;

	fill_in(&o->module, o->defaults.module, NULL);
	fill_in(&o->cert, o->defaults.cert_file, DEFAULT_CERT);
	fill_in(&o->client_ca, o->defaults.ca_file, NULL);
	if (!o->listen) {
		snprintf(o->listen_text, sizeof(o->listen_text), "0.0.0.0:%lld",
		         (long long)(port ? port : DEFAULT_PORT));
		o->listen = o->listen_text;
	}
	if (!o->module)
		return hf_fail(err, HF_INVALID,
		               "no PKCS#11 library: give --module /absolute/path "
		               "(PKCS11_LIB_PATH)");
	if (o->module[0] != '/')
		return hf_fail(err, HF_INVALID, "--module %s: must be an absolute path", o->module);
	if (o->client_crl && !o->client_ca)
		return hf_fail(err, HF_INVALID,
		               "--client-crl says which certificates of --client-ca are revoked, "
		               "and there is no --client-ca");
	if (o->key && o->cert_password_file)
		return hf_fail(err, HF_INVALID,
		               "--cert-password-file is for a PKCS#12 file; a PEM key (--key) has "
		               "none");
	return HF_SUCCESS;
}

static const char *unless_none(const char *listen)
{
	return strcmp(listen, "none") == 0 ? "" : listen;
}

static hf_status put_text(const char *option, const char *from, char *to, size_t cap,
                          struct hf_err *err)
{
	if (hf_ok(hf_span_to_text(hf_span_text(from), to, cap)))
		return HF_SUCCESS;
	return hf_fail(err, HF_TOOBIG, "--%s: longer than %zu characters", option, cap - 1);
}

static hf_status make_config(struct options *o, struct gateway_config *ret, struct hf_err *err)
{
	*ret = (struct gateway_config){
		.listen = o->listen,
		.health_listen = unless_none(o->health_listen),
		.health_tls_listen = unless_none(o->health_tls_listen),
		.cert = o->cert,
		.key = o->key,
		.cert_password = &o->cert_password,
		.client_ca = o->client_ca,
		.client_crl = o->client_crl,
		.pin_attempts = (unsigned)o->pin_attempts,
		.queue_max = (size_t)o->queue,
		.sessions_max = (size_t)o->sessions,
		.linger_ms = o->linger * 1000,
		.hsm = { .signer_path = o->signer,
		         .setup = { .allow_resident = true,
		                    .threads = 1,
		                    .readers = (unsigned)o->list_sessions - 1 },
		         .processes = (unsigned)o->signers,
		         .spot_checks = SPOT_CHECKS,
		         .op_deadline_ms = (int)o->op_deadline_ms,
		         .recycle_ops = (uint64_t)o->recycle_ops,
		         .recycle_rss = (uint64_t)o->recycle_mib << 20 },
	};
	HF_TRY(put_text("module", o->module, ret->hsm.setup.module, sizeof(ret->hsm.setup.module),
	                err));
	HF_TRY(put_text("master-label", o->master_label, ret->hsm.setup.master_label,
	                sizeof(ret->hsm.setup.master_label), err));
	return put_text("module-args", o->module_args, ret->hsm.setup.module_args,
	                sizeof(ret->hsm.setup.module_args), err);
}

static hf_status serve(struct options *o, struct hf_err *err)
{
	struct gateway_config config;
	int ready;

	HF_TRY(cli_log_setup("gateway", &o->log, err));
	HF_TRY(read_defaults(o, err));
	HF_TRY(merge(o, err));
	if (o->cert_password_file)
		HF_TRY(os_secret_file(o->cert_password_file, &o->cert_password, err));
	HF_TRY(make_config(o, &config, err));
	HF_TRY(cli_ready_open(o->ready_file, &ready, err));
	return gateway_run(&config, ready, err);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s = serve(o, &err);

	hf_secret_done(&o->cert_password);
	return hf_ok(s) ? 0 : cli_failed("gateway", s, &err);
}

const struct cli_command cmd_gateway = {
	.name = "gateway",
	.summary = "run a gateway: serve an HSM's slots to the server",
	.details = "Stands beside the HSM and lets the server work with the keys that are in its "
	           "slots, over mutual TLS. The server brings slot number and PIN; the gateway "
	           "keeps neither on disk. Start one beside each HSM; the server, or a load "
	           "balancer that asks /health, goes on with another when one fails. "
	           "SIGTERM and SIGINT finish what is under way; SIGHUP reads the certificates "
	           "again.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
