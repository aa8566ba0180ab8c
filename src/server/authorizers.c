/* SPDX-License-Identifier: Apache-2.0 */
#include "server/authorizers.h"

#include "json/write.h"
#include "proof/authorizers.h"
#include "server/store/authorizer_rows.h"
#include "server/store/migrations.h"

#include <stdio.h>
#include <string.h>

#define LEAST_VERSION 8 /* of the schema */

/* A credential a line, so that the file can be compared line by line. */
struct printer {
	struct hf_buf *to;
	struct hf_buf identities; /* JSON texts with commas between, each once */
	char last[HF_ID_MAX];
	bool any;
};

static void add_identity(struct printer *p, const char *id)
{
	struct json_writer w = JSON_WRITER(&p->identities);

	if (strcmp(p->last, id) == 0)
		return;
	if (p->last[0])
		hf_buf_text(&p->identities, ", ");
	json_text(&w, NULL, id);
	snprintf(p->last, sizeof(p->last), "%s", id);
}

static hf_status print_credential(void *ctx, const struct authorizer_row *row)
{
	struct printer *p = ctx;
	struct json_writer w = JSON_WRITER(p->to);

	hf_buf_text(p->to, p->any ? ",\n    " : "\n    ");
	json_open_object(&w, NULL);
	json_text(&w, "id", row->id);
	json_text(&w, "identity", row->identity);
	json_text(&w, "name", row->name);
	json_text(&w, "kind", row->kind);
	json_text(&w, "publicKey", row->public_key);
	if (row->relying_party[0]) {
		json_text(&w, "rpId", row->relying_party);
		json_open_array(&w, "origins");
		json_text(&w, NULL, row->origin);
		json_close_array(&w);
	}
	json_close_object(&w);
	p->any = true;
	add_identity(p, row->identity);
	return hf_buf_status(p->to);
}

struct key_printer {
	struct json_writer w;
	bool any;
};

static hf_status print_key(void *ctx, const char *key_id)
{
	struct key_printer *p = ctx;

	if (!p->any)
		json_open_array(&p->w, NULL);
	p->any = true;
	json_text(&p->w, NULL, key_id);
	return HF_SUCCESS;
}

/* The log's key is made when there is something to sign: before, its id is not known. */
static hf_status print_audit_keys(struct db *db, const char *org_id, struct hf_buf *to)
{
	struct key_printer p = { JSON_WRITER(to), false };

	HF_TRY(authorizer_rows_audit_keys(db, org_id, print_key, &p));
	if (p.any)
		json_close_array(&p.w);
	else
		json_text(&p.w, NULL, "*");
	return HF_SUCCESS;
}

static hf_status print_file(struct db *db, const char *org_id, struct hf_buf *to)
{
	struct printer p = { .to = to, .identities = HF_BUF(AUTHORIZERS_FILE_MAX) };
	struct json_writer org = JSON_WRITER(to);
	hf_status s;

	hf_buf_text(to, "{\n  \"version\": 1,\n  \"organization\": ");
	json_text(&org, NULL, org_id);
	hf_buf_printf(to,
	              ",\n  \"maxAge\": %d,\n  \"maxAgeWithApprovals\": %d,\n  \"credentials\": [",
	              AUTHORIZERS_AGE_S, AUTHORIZERS_AGE_APPROVED_S);
	s = authorizer_rows(db, org_id, print_credential, &p);
	hf_buf_text(to, p.any ? "\n  ],\n  \"rules\": [" : "],\n  \"rules\": [");
	if (p.any) {
		hf_buf_text(to, "\n    { \"name\": \"every key, for everybody\", \"keys\": \"*\",\n"
		                "      \"initiators\": [");
		hf_buf_put(to, p.identities.ptr, p.identities.len);
		hf_buf_text(to, "] }\n  ");
	}
	hf_buf_text(to, "],\n  \"auditKeys\": ");
	if (hf_ok(s))
		s = print_audit_keys(db, org_id, to);
	hf_buf_text(to, "\n}\n");
	if (hf_ok(s))
		s = hf_buf_status(&p.identities);
	hf_buf_done(&p.identities);
	return hf_ok(s) ? hf_buf_status(to) : s;
}

static hf_status choose_org(struct db *db, char ret[HF_ID_MAX], struct hf_err *err)
{
	hf_status s = authorizer_rows_org(db, ret);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, s.code,
		               "there is no organisation in this database: "
		               "`holdfast server init` makes one");
	if (s.code == HF_EXISTS)
		return hf_fail(err, HF_INVALID,
		               "several organisations are in this database: "
		               "which one? --org-id or-…");
	return s;
}

hf_status server_export_authorizers(const struct db_config *config, const char *org_id,
                                    struct hf_buf *to, struct hf_err *err)
{
	struct db_config read_only = *config;
	DB_SCOPED struct db *db = NULL;
	char only[HF_ID_MAX];
	int64_t version;
	hf_status s;

	read_only.read_only = true;
	HF_TRY(db_open(&read_only, &db, err));
	HF_TRY(db_schema_version(db, SERVER_SCHEMA, &version));
	if (version < LEAST_VERSION)
		return hf_fail(err, HF_STATE,
		               "this is no server's database, or one of an earlier release: run "
		               "`holdfast db migrate`");
	if (!org_id)
		HF_TRY(choose_org(db, only, err));
	s = print_file(db, org_id ? org_id : only, to);
	if (s.code == HF_TOOBIG)
		return hf_fail(err, s.code, "more credentials than a file of %u bytes holds",
		               AUTHORIZERS_FILE_MAX);
	return s;
}
