/* SPDX-License-Identifier: Apache-2.0
 * holdfast server: the Signing API and the drivers' queue. */
#include "audit/formats.h"
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct server_config server;
	int64_t db_writers, db_readers, db_wait_s, api_loops, lease_ms, webhook_retry_s,
	        audit_checkpoint_s, rate_limit, login_rate, login_hours, token_key_days,
	        crypto_loops, app_session_s, user_session_s;
	const char *durability, *ready_file;
	const char *audit_syslog_format;
	struct cli_log_options log;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, server.db, "the server's database"),
	CLI_OPTION_NUMBER(struct options, db_writers, "db-writers", "2", 1, 16,
	                  "connections that write to PostgreSQL; SQLite has one"),
	CLI_OPTION_NUMBER(struct options, db_readers, "db-readers", "2", 1, 64,
	                  "connections that only read"),
	CLI_DB_WAIT_OPTION(struct options, db_wait_s),
	CLI_OPTION_NEEDED(
	        struct options, server.secret_file, "secret-file", "FILE",
	        "32 random bytes that tokens and challenges hang on, made by holdfast server init; "
	        "all servers of one database need the same"),
	CLI_OPTION_TEXT(struct options, server.api_listen, "api-listen", "HOST:PORT",
	                "127.0.0.1:8444", "where the Signing API listens"),
	CLI_OPTION_NEEDED(struct options, server.api_cert, "api-cert", "PEM",
	                  "certificate of the Signing API, with its chain"),
	CLI_OPTION_NEEDED(struct options, server.api_key, "api-key", "PEM",
	                  "private key of that certificate, readable by nobody else"),
	CLI_OPTION_NUMBER(struct options, api_loops, "api-loops", "2", 1, 64,
	                  "threads that serve the Signing API"),
	CLI_OPTION_NUMBER(struct options, rate_limit, "rate-limit", "20000", 0, 1000000,
	                  "requests that one access token may make in a second; 0: any number"),
	CLI_OPTION_NUMBER(struct options, login_rate, "login-rate", "120", 0, 1000000,
	                  "requests that one address may make in a minute without a token (login, "
	                  "registration, recovery), and with tokens that are not valid; 0: any "
	                  "number"),
	CLI_OPTION_TEXT(struct options, server.rp_id, "rp-id", "DOMAIN", NULL,
	                "the domain that people's authenticators (passkeys, security keys) answer "
	                "for; none: authenticators are refused"),
	CLI_OPTION_TEXT(struct options, server.origins, "origin", "URL[,URL…]", NULL,
	                "the pages that may ask them, as https://app.bank.example"),
	CLI_OPTION_NUMBER(struct options, login_hours, "login-hours", "6", 1, 168,
	                  "how long a login lasts"),
	CLI_OPTION_NUMBER(struct options, token_key_days, "token-key-days", "90", 0, 730,
	                  "the key that signs tokens is replaced when it is so old; 0: only by "
	                  "holdfast server rotate-token-key"),
	CLI_OPTION_TEXT(struct options, server.crypto_listen, "crypto-listen", "HOST:PORT", "none",
	                "where the Crypto API listens, as 127.0.0.1:8445; none: no such listener"),
	CLI_OPTION_TEXT(struct options, server.crypto_cert, "crypto-cert", "PEM", NULL,
	                "certificate of the Crypto API, with its chain; without it, the Signing "
	                "API's"),
	CLI_OPTION_TEXT(struct options, server.crypto_key, "crypto-key", "PEM", NULL,
	                "private key of that certificate"),
	CLI_OPTION_NUMBER(struct options, crypto_loops, "crypto-loops", "2", 1, 64,
	                  "threads that serve the Crypto API"),
	CLI_OPTION_NUMBER(struct options, app_session_s, "app-session-seconds", "600", 1, 86400,
	                  "a session of an app ends when it has not been used for so long"),
	CLI_OPTION_NUMBER(struct options, user_session_s, "user-session-seconds", "86400", 1,
	                  604800, "how long a session of a user of the Crypto API lasts"),
	CLI_OPTION_TEXT(struct options, server.driver_listen, "driver-listen", "HOST:PORT",
	                "0.0.0.0:8443", "where drivers connect, by mTLS"),
	CLI_OPTION_NEEDED(struct options, server.driver_cert, "driver-cert", "PEM",
	                  "certificate of the drivers' endpoint, with its chain"),
	CLI_OPTION_NEEDED(struct options, server.driver_key, "driver-key", "PEM",
	                  "private key of that certificate"),
	CLI_OPTION_NEEDED(struct options, server.driver_client_ca, "driver-client-ca", "PEM",
	                  "authorities that drivers' certificates must chain to"),
	CLI_OPTION_TEXT(struct options, server.driver_crl, "driver-crl", "PEM", NULL,
	                "their CRLs, one after another; read again when it changes, and drivers "
	                "revoked in it are cut off"),
	CLI_OPTION_FLAG(struct options, server.driver_crl_strict, "driver-crl-strict",
	                "refuse drivers below an authority whose CRL is outdated; without it, what "
	                "it revokes stays revoked and a warning is logged"),
	CLI_OPTION_NUMBER(
	        struct options, lease_ms, "lease-ms", "10000", 100, 600000,
	        "how long a job belongs to a driver that is not heard of, in milliseconds"),
	CLI_OPTION_TEXT(struct options, server.audit_syslog, "audit-syslog", "HOST:PORT", NULL,
	                "sends the audit log on to this collector, as syslog over TLS (RFC 5425)"),
	CLI_OPTION_TEXT(struct options, audit_syslog_format, "audit-syslog-format", "FORMAT",
	                "rfc5424", "rfc5424, cef or ocsf: what a message holds"),
	CLI_OPTION_TEXT(struct options, server.audit_syslog_ca, "audit-syslog-ca", "PEM", NULL,
	                "authorities that the collector must chain to; without it, the system's"),
	CLI_OPTION_TEXT(struct options, server.audit_syslog_cert, "audit-syslog-cert", "PEM", NULL,
	                "certificate shown to the collector"),
	CLI_OPTION_TEXT(struct options, server.audit_syslog_key, "audit-syslog-key", "PEM", NULL,
	                "private key of that certificate"),
	CLI_OPTION_NUMBER(struct options, audit_checkpoint_s, "audit-checkpoint-seconds", "60", 0,
	                  86400,
	                  "how often a key in the HSM signs a checkpoint of the audit log, when it "
	                  "has grown; 0: never"),
	CLI_OPTION_TEXT(struct options, server.health_listen, "health-listen", "HOST:PORT",
	                "127.0.0.1:9443",
	                "plain HTTP for /health and /metrics; none: no such listener"),
	CLI_OPTION_FLAG(struct options, server.webhook_private, "webhook-private",
	                "webhooks may go to loopback and private addresses, and to plain http"),
	CLI_OPTION_TEXT(
	        struct options, server.webhook_ca, "webhook-ca", "PEM", NULL,
	        "authorities that webhooks' targets must chain to; without it, the system's"),
	CLI_OPTION_NUMBER(struct options, webhook_retry_s, "webhook-retry", "60", 1, 3600,
	                  "seconds from a delivery that failed to the next; the ones after it come "
	                  "12, 120 and 1440 times as late"),
	CLI_OPTION_TEXT(
	        struct options, durability, "durability", "WHEN", "full",
	        "full: what an answer says is on disk before it is given, but for the audit "
	        "log's entries of keys used over the Crypto API, of which a power cut may "
	        "take the last half second's; strict: those too; relaxed: a power cut may "
	        "lose the last of anything"),
	CLI_OPTION_TEXT(struct options, ready_file, "ready-file", "FILE", NULL,
	                "written once everything listens: one line with the ports"),
	CLI_LOG_OPTIONS(struct options, log),
};

static hf_status finish_audit(struct options *o, struct hf_err *err)
{
	enum audit_format format;

	if (!hf_ok(audit_format_parse(o->audit_syslog_format, &format)))
		return hf_fail(err, HF_INVALID,
		               "--audit-syslog-format: \"%s\" is none of rfc5424, cef, ocsf",
		               o->audit_syslog_format);
	if (!o->server.audit_syslog_cert != !o->server.audit_syslog_key)
		return hf_fail(err, HF_INVALID,
		               "--audit-syslog-cert and --audit-syslog-key belong together");
	o->server.audit_syslog_format = (int)format;
	o->server.audit_checkpoint_s = (int)o->audit_checkpoint_s;
	return HF_SUCCESS;
}

static hf_status finish_durability(struct options *o, struct hf_err *err)
{
	o->server.relaxed = strcmp(o->durability, "relaxed") == 0;
	o->server.durable_uses = strcmp(o->durability, "strict") == 0;
	if (o->server.relaxed || o->server.durable_uses || strcmp(o->durability, "full") == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "--durability: \"%s\" is none of full, strict, relaxed",
	               o->durability);
}

static hf_status finish(struct options *o, struct hf_err *err)
{
	HF_TRY(finish_audit(o, err));
	HF_TRY(cli_db_options(&o->server.db, err));
	HF_TRY(finish_durability(o, err));
	o->server.db_writers = (unsigned)o->db_writers;
	o->server.db_readers = (unsigned)o->db_readers;
	o->server.db_wait_ms = (int)o->db_wait_s * 1000;
	o->server.api_loops = (unsigned)o->api_loops;
	o->server.rate_limit = (unsigned)o->rate_limit;
	o->server.login_rate = (unsigned)o->login_rate;
	o->server.lease_ms = (int)o->lease_ms;
	o->server.login_ms = o->login_hours * 3600 * 1000;
	o->server.token_key_ms = o->token_key_days * 24 * 3600 * 1000;
	o->server.webhook_retry_ms = o->webhook_retry_s * 1000;
	o->server.crypto_loops = (unsigned)o->crypto_loops;
	o->server.app_session_ms = (int)o->app_session_s * 1000;
	o->server.user_session_ms = (int)o->user_session_s * 1000;
	if (strcmp(o->server.crypto_listen, "none") == 0)
		o->server.crypto_listen = "";
	if (strcmp(o->server.health_listen, "none") == 0)
		o->server.health_listen = "";
	return HF_SUCCESS;
}

static hf_status serve(struct options *o, struct hf_err *err)
{
	int ready;

	HF_TRY(cli_log_setup("server", &o->log, err));
	HF_TRY(finish(o, err));
	HF_TRY(cli_ready_open(o->ready_file, &ready, err));
	return server_run(&o->server, ready, err);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = serve(config, &err);

	return hf_ok(s) ? 0 : cli_failed("server", s, &err);
}

const struct cli_command cmd_server = {
	.name = "server",
	.summary = "run the server: Signing API, Crypto API, queue, health",
	.details = "Serves the Signing API over TLS 1.3 and the drivers' queue over mTLS, on one "
	           "database. With PostgreSQL several servers may share it: any request may go "
	           "to any of them. "
	           "SIGTERM and SIGINT finish what is in flight and lose nothing. Certificates, "
	           "keys and "
	           "CRLs are read again when their files change, and at SIGHUP.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
