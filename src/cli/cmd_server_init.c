/* SPDX-License-Identifier: Apache-2.0
 * holdfast server init: the first organisation, key store and service account. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct options {
	struct server_init init;
	const char *env_file;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, init.db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, init.secret_file, "secret-file", "FILE",
	                  "the server's secret; made if it is not there"),
	CLI_OPTION_TEXT(struct options, init.org_name, "org-name", "NAME", "My organisation",
	                "name of the organisation"),
	CLI_OPTION_TEXT(struct options, init.store_name, "store-name", "NAME", "HSM",
	                "name of its key store"),
	CLI_OPTION_TEXT(struct options, init.driver_ca, "driver-ca", "PEM", NULL,
	                "the intermediate whose leaf certificates may serve this key store; "
	                "without it, any driver "
	                "that the listener accepts"),
	CLI_OPTION_TEXT(struct options, init.account_name, "account-name", "NAME", "admin",
	                "name of the first service account"),
	CLI_OPTION_NEEDED(struct options, init.public_key_file, "public-key-file", "PEM",
	                  "public key of its credential: Ed25519, P-256 or RSA"),
	CLI_OPTION_NUMBER(struct options, init.token_days, "token-days", "365", 1, 730,
	                  "how many days its token is valid"),
	CLI_OPTION_TEXT(struct options, env_file, "env-file", "FILE", NULL,
	                "write the token and the ids there, readable by nobody else, instead of "
	                "printing them"),
};

static hf_status print_result(const struct server_init_result *r, FILE *to)
{
	int n = fprintf(to,
	                "DFNS_AUTH_TOKEN='%s'\nDFNS_CRED_ID='%s'\nDFNS_ORG_ID='%s'\nDFNS_USER_ID='%"
	                "s'\nSTORE_ID='%s'\n",
	                r->token, r->credential_id, r->org_id, r->identity_id, r->store_id);

	HF_ENSURE(n > 0 && fflush(to) == 0, HF_IO);
	return HF_SUCCESS;
}

/* Opened before anything is made: the token exists only once, so it needs a place to go. */
static hf_status open_output(const struct options *o, FILE **ret, struct hf_err *err)
{
	int fd;

	*ret = stdout;
	if (!o->env_file)
		return HF_SUCCESS;
	fd = open(o->env_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return hf_fail(err, HF_IO, "--env-file %s: %s", o->env_file, strerror(errno));
	*ret = fdopen(fd, "w");
	HF_ENSURE(*ret, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status init(struct options *o, struct hf_err *err)
{
	struct server_init_result result;
	hf_status s;
	FILE *to;

	HF_TRY(cli_db_options(&o->init.db, err));
	HF_TRY(open_output(o, &to, err));
	s = server_init(&o->init, &result, err);
	if (hf_ok(s))
		s = print_result(&result, to);
	hf_wipe(&result, sizeof(result));
	if (to != stdout) {
		fclose(to);
		if (!hf_ok(s))
			unlink(o->env_file);
	}
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = init(config, &err);

	return hf_ok(s) ? 0 : cli_failed("server init", s, &err);
}

const struct cli_command cmd_server_init = {
	.name = "server init",
	.summary =
	        "make the database, the organisation, its key store and its first service account",
	.details = "Prints shell assignments: the service account's token, which is shown this "
	           "once, and the ids that clients "
	           "need. The private key of the credential stays with whoever made it; only the "
	           "public key is given here.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
