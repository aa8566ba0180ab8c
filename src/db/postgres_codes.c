/* SPDX-License-Identifier: Apache-2.0
 * What the server's codes mean: the one table (PostgreSQL's manual, appendix A). */
#include "db/postgres.h"

#include <string.h>

#define POOLER "Through a pooler, use session pooling: prepared statements need it"

/* The longest beginning that fits wins. */
const struct pg_meaning pg_meanings[] = {
	{ "08", HF_BUSY, true, NULL },
	{ "0A000", HF_INTERNAL, true, NULL }, /* also a plan whose columns a migration changed */
	{ "22021", HF_INVALID, false, NULL }, /* text that is not UTF-8 */
	{ "22", HF_INTERNAL, false, NULL },
	{ "23503", HF_EXISTS, false, NULL },
	{ "23505", HF_EXISTS, false, NULL },
	{ "25006", HF_BUSY, true,
	  "This server only reads (a standby?): name all hosts in the URL, so that the one that "
	  "writes is found" },
	{ "25P03", HF_BUSY, true, NULL }, /* idle in a transaction for too long */
	{ "26000", HF_INTERNAL, true, POOLER },
	{ "28", HF_DENIED, true, "Check role, password and pg_hba.conf" },
	{ "3D000", HF_NOTFOUND, true, "Create the database" },
	{ "40", HF_BUSY, false, NULL }, /* serialization failure, deadlock */
	{ "42501", HF_DENIED, false, "Grant the role this right, or make it the tables' owner" },
	{ "42P05", HF_INTERNAL, true, POOLER },
	{ "42", HF_INTERNAL, false, NULL },
	{ "53100", HF_BUSY, false, "Make room on the server's disk" },
	{ "53300", HF_BUSY, true, "Raise max_connections, or the role's limit" },
	{ "53", HF_BUSY, false, NULL },
	{ "54", HF_TOOBIG, false, NULL },
	{ "55P03", HF_BUSY, false, NULL }, /* lock_timeout */
	{ "55006", HF_BUSY, false, NULL },
	{ "57014", HF_BUSY, false, NULL }, /* statement_timeout, or somebody cancelled it */
	{ "57P", HF_BUSY, true, NULL },    /* shutting down, crashed, starting, idle too long */
	{ "58", HF_IO, false, NULL },
	{ "XX001", HF_CORRUPT, false,
	  "The database is damaged: keep a copy of it and restore the last backup" },
	{ "XX002", HF_CORRUPT, false, "An index is damaged: REINDEX it, and look for the cause" },
	{ "XX", HF_INTERNAL, false, NULL },
};
const size_t pg_n_meanings = HF_COUNT(pg_meanings);

const struct pg_meaning *pg_meaning(const char *sqlstate)
{
	static const struct pg_meaning other = { "", HF_IO, false, NULL };
	const struct pg_meaning *best = &other;

	for (size_t i = 0; sqlstate && i < pg_n_meanings; i++) {
		size_t n = strlen(pg_meanings[i].sqlstate);

		if (n > strlen(best->sqlstate) &&
		    strncmp(pg_meanings[i].sqlstate, sqlstate, n) == 0)
			best = &pg_meanings[i];
	}
	return best;
}

enum hf_code pg_refusal(const char *message, const char **ret_hint)
{
	/* In English only: other words are those of a server that is away. */
	static const struct {
		const char *says, *sqlstate;
	} phrases[] = {
		{ "password authentication failed", "28P01" },
		{ "no password supplied", "28P01" },
		{ "no pg_hba.conf entry", "28000" },
		{ "is not permitted to log in", "28000" },
		{ "authentication failed", "28000" },
		{ "session is read-only", "25006" },
		{ "hot standby mode", "25006" },
		{ "too many clients", "53300" },
		{ "too many connections", "53300" },
	};
	const struct pg_meaning *m = NULL;

	for (size_t i = 0; i < HF_COUNT(phrases) && !m; i++)
		if (strstr(message, phrases[i].says))
			m = pg_meaning(phrases[i].sqlstate);
	if (!m && (strstr(message, "certificate") || strstr(message, "does not support SSL"))) {
		*ret_hint = "Check sslmode, sslrootcert and the host's name";
		return HF_DENIED;
	}
	if (!m && strstr(message, "does not exist"))
		m = strstr(message, "database \"") ? pg_meaning("3D000")
		    : strstr(message, "role \"")   ? pg_meaning("28000")
		                                   : NULL;
	*ret_hint = m ? m->hint : NULL;
	return m ? m->code : HF_BUSY;
}
