/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_options.h"

#include "base/clock.h"
#include "cli/db_options.h"
#include "server/store/audit_rows.h"
#include "server/store/migrations.h"

#include <stdio.h>
#include <string.h>

#define FIRST_VERSION 8 /* of the schema, that has a log */

static hf_status read_time(const char *name, const char *text, int64_t *ret, struct hf_err *err)
{
	if (text && !hf_ok(hf_iso_parse(text, ret)))
		return hf_fail(err, HF_INVALID,
		               "--%s: \"%s\" is no time; expected 2026-11-20 or "
		               "2026-11-20T08:00:00Z",
		               name, text);
	return HF_SUCCESS;
}

struct orgs {
	const char *wanted;
	char found[HF_ID_MAX];
	size_t n;
};

static hf_status meet_org(void *ctx, const char *org_id)
{
	struct orgs *o = ctx;

	if (o->wanted && strcmp(o->wanted, org_id) != 0)
		return HF_SUCCESS;
	snprintf(o->found, sizeof(o->found), "%s", org_id);
	o->n++;
	return HF_SUCCESS;
}

static hf_status choose_org(struct db *db, const char *wanted, char org[HF_ID_MAX],
                            struct hf_err *err)
{
	struct orgs orgs = { .wanted = wanted };

	HF_TRY(audit_orgs(db, meet_org, &orgs));
	if (orgs.n == 0)
		return hf_fail(err, HF_NOTFOUND, "there is no organisation %s in this database",
		               wanted ? wanted : "at all");
	if (orgs.n > 1)
		return hf_fail(err, HF_INVALID,
		               "there are several organisations in this database: choose one with "
		               "--org");
	memcpy(org, orgs.found, HF_ID_MAX);
	return HF_SUCCESS;
}

static hf_status check_version(struct db *db, struct hf_err *err)
{
	int64_t version;

	HF_TRY(db_schema_version(db, SERVER_SCHEMA, &version));
	if (version < FIRST_VERSION)
		return hf_fail(err, HF_STATE,
		               "this database has no audit log yet: it is of an earlier release, "
		               "or not the server's");
	return HF_SUCCESS;
}

hf_status audit_options_open(struct audit_options *o, char org[HF_ID_MAX], struct audit_export *ret,
                             struct db **ret_db, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	*ret = (struct audit_export){ .org_id = org };
	HF_TRY(read_time("since", o->since, &ret->since_ms, err));
	HF_TRY(read_time("until", o->until, &ret->until_ms, err));
	HF_TRY(cli_db_options(&o->db, err));
	o->db.read_only = true;
	HF_TRY(db_open(&o->db, &db, err));
	HF_TRY(check_version(db, err));
	HF_TRY(db_begin_snapshot(db));
	HF_TRY(choose_org(db, o->org, org, err));
	*ret_db = hf_take(db);
	return HF_SUCCESS;
}
