/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/db_options.h"

#include "base/log.h"
#include "base/text.h"

#include <string.h>

#define PASSWORD_PARAMETER "password="
#define URL_VARIABLE "HOLDFAST_POSTGRES_URL"

/* A password inside a URL (user:password@host) or a list of libpq's parameters, at or after `url`;
 * NULL: none. */
static const char *find_password(const char *url, bool is_url, size_t *ret_len)
{
	const char *authority = strstr(url, "://"), *at, *colon;
	const char *parameter = strstr(url, PASSWORD_PARAMETER);

	if (authority) {
		authority += 3;
		at = memrchr(authority, '@',
		             strcspn(authority, "/?")); /* a password may have one */
		colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
		if (colon) {
			*ret_len = (size_t)(at - colon - 1);
			return colon + 1;
		}
	}
	if (!parameter)
		return NULL;
	parameter += strlen(PASSWORD_PARAMETER);
	/* In a list it may stand in quotes, with blanks: then all that follows goes. */
	*ret_len = strcspn(parameter, is_url ? "&" : strchr("'\\", *parameter) ? "" : " ");
	return parameter;
}

/* Texts of options point into argv, which every user of the machine can read, or into the
 * environment, which our children would inherit: the URL is moved to where neither is so. */
static hf_status hide_password(struct db_config *db)
{
	const char *text = db->postgres_url;
	bool is_url = strstr(text, "://") != NULL;
	size_t len = 0;
	const char *found = find_password(text, is_url, &len);
	bool variable = db->postgres_url == getenv(URL_VARIABLE);
	char *copy;

	if (!found)
		return HF_SUCCESS;
	copy = hf_strdup(text); /* for as long as the program runs */
	HF_ENSURE(copy, HF_NOMEM);
	for (; found; found = find_password(found + len, is_url, &len))
		memset((char *)(uintptr_t)found, '*', len);
	db->postgres_url = copy;
	if (variable)
		unsetenv(URL_VARIABLE);
	else
		HF_WARN("a password was given on the command line, where others can read it: use "
		        "the variable " URL_VARIABLE ", or passfile=FILE in the URL");
	return HF_SUCCESS;
}

hf_status cli_db_options(struct db_config *db, struct hf_err *err)
{
	bool sqlite = db->sqlite_path && *db->sqlite_path;
	bool postgres = db->postgres_url && *db->postgres_url;

	if (sqlite == postgres)
		return hf_fail(err, HF_INVALID,
		               "give one database: --sqlite-path FILE or --postgres-url URL");
	return postgres ? hide_password(db) : HF_SUCCESS;
}
