/* SPDX-License-Identifier: Apache-2.0
 * holdfast server crypto-admin: the first administrator of the Crypto API. */
#include "base/secret.h"
#include "base/uuid.h"
#include "cli/commands.h"
#include "cli/db_options.h"
#include "os/prompt.h"
#include "os/secretfile.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

#define PASSWORD_CREDENTIAL "crypto-admin-password"

struct options {
	struct server_crypto_admin admin;
	const char *password_file;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, admin.db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, admin.email, "email", "ADDRESS",
	                  "the administrator's e-mail address, by which he logs in"),
	CLI_OPTION_TEXT(struct options, password_file, "password-file", "FILE", NULL,
	                "holds his password, readable by nobody else; without it, the systemd "
	                "credential " PASSWORD_CREDENTIAL ", or the terminal is asked"),
};

static hf_status ask_twice(struct hf_secret *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret first = { 0 }, again = { 0 };

	HF_TRY(os_prompt_secret("New password: ", &first, err));
	HF_TRY(os_prompt_secret("The same again: ", &again, err));
	if (!hf_secret_equal(&first, again.ptr, again.len))
		return hf_fail(err, HF_INVALID, "the two are not the same: nothing was changed");
	*ret = hf_secret_take(&first);
	return HF_SUCCESS;
}

static hf_status password_of(const struct options *o, struct hf_secret *ret, struct hf_err *err)
{
	hf_status s;

	if (o->password_file)
		return os_secret_file(o->password_file, ret, err);
	s = os_secret_credential(PASSWORD_CREDENTIAL, ret, err);
	return s.code == HF_NOTFOUND ? ask_twice(ret, err) : s;
}

/* With a NUL behind it. */
static hf_status as_text(const struct hf_secret *from, struct hf_secret *ret, struct hf_err *err)
{
	if (memchr(from->ptr, 0, from->len))
		return hf_fail(err, HF_INVALID, "a password has no NUL inside");
	HF_TRY(hf_secret_new(from->len + 1, ret));
	memcpy(ret->ptr, from->ptr, from->len);
	return HF_SUCCESS;
}

static hf_status make(struct options *o, char id[64], struct hf_err *err)
{
	HF_SECRET struct hf_secret given = { 0 }, password = { 0 };

	HF_TRY(cli_db_options(&o->admin.db, err));
	HF_TRY(password_of(o, &given, err));
	HF_TRY(as_text(&given, &password, err));
	o->admin.password = (const char *)password.ptr;
	return server_make_crypto_admin(&o->admin, id, err);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	char id[64], uuid[HF_UUID_MAX];
	hf_status s = make(o, id, &err);

	if (hf_ok(s))
		s = hf_uuid_of_id(id, uuid);
	if (!hf_ok(s))
		return cli_failed("server crypto-admin", s, &err);
	printf("%s\n", uuid);
	fprintf(stderr, "%s administrates the account of the Crypto API from now on.\n",
	        o->admin.email);
	return 0;
}

const struct cli_command cmd_server_crypto_admin = {
	.name = "server crypto-admin",
	.summary = "make a user an administrator of the Crypto API, with a new password",
	.details = "For the first administrator, and for one who is locked out: he is made, or "
	           "promoted, and his password is replaced; his sessions end. All others are made "
	           "by administrators, through the API. His id goes to standard output. Servers "
	           "need no restart.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
