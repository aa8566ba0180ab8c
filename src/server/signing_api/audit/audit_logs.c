/* SPDX-License-Identifier: Apache-2.0
 * GET /auth/action/logs, /auth/action/logs/:id: the audit log as the official client reads it. */
#include "audit/entry.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "proof/action.h"
#include "server/signing_api/handlers.h"
#include "server/store/audit_rows.h"

#include <string.h>

#define SPAN_MAX_MS (7LL * 24 * 3600 * 1000)
#define ROWS_MAX 100000
#define CSV_HEAD                                                                                   \
	"Date Performed,Audit Log ID,User ID,Username,Primary Credential ID,Action Path,Summary\n"

struct audit_listing {
	struct call call; /* first */
	int64_t since_ms, until_ms;
	struct hf_buf csv;
	size_t rows;
};

static hf_status read_time(const struct call *c, const char *name, int64_t *ret, struct hf_err *err)
{
	const char *text = http_query(c->req, name);

	if (!text || !hf_ok(hf_iso_parse(text, ret)))
		return hf_fail(err, HF_INVALID,
		               "query parameter \"%s\": expected a time, as "
		               "2026-11-20T08:00:00.000Z",
		               name);
	return HF_SUCCESS;
}

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	struct audit_listing *l = (struct audit_listing *)c;

	l->csv = HF_BUF(CALL_REPLY_MAX / 2);
	HF_TRY(read_time(c, "startTime", &l->since_ms, err));
	HF_TRY(read_time(c, "endTime", &l->until_ms, err));
	if (l->until_ms < l->since_ms || l->until_ms - l->since_ms > SPAN_MAX_MS)
		return hf_fail(err, HF_INVALID,
		               "endTime has to come after startTime, by at most seven days");
	return HF_SUCCESS;
}

/* RFC 4180. */
static void put_cell(struct hf_buf *to, const char *text, char end)
{
	bool quote = text[strcspn(text, "\",\r\n")] != '\0';

	if (quote)
		hf_buf_u8(to, '"');
	for (; *text; text++) {
		if (*text == '"')
			hf_buf_u8(to, '"');
		hf_buf_u8(to, (uint8_t)*text);
	}
	if (quote)
		hf_buf_u8(to, '"');
	hf_buf_u8(to, (uint8_t)end);
}

static hf_status print_row(void *ctx, const char *id, struct hf_span text)
{
	struct audit_listing *l = ctx;
	HF_BUF_SCOPED struct hf_buf summary = HF_BUF(256);
	ENTRY_SCOPED e = { 0 };

	HF_TRY(entry_parse(text, &e, NULL));
	hf_buf_printf(&summary, "%.100s %.100s", e.operation, e.outcome);
	hf_buf_u8(&summary, 0);
	HF_TRY(hf_buf_status(&summary));
	put_cell(&l->csv, e.time, ',');
	put_cell(&l->csv, e.id, ',');
	put_cell(&l->csv, entry_text(e.identity_id), ',');
	put_cell(&l->csv, entry_text(e.name), ',');
	put_cell(&l->csv, entry_text(e.credential_id), ',');
	put_cell(&l->csv, entry_text(e.path), ',');
	put_cell(&l->csv, (const char *)summary.ptr, '\n');
	l->rows++;
	return hf_buf_status(&l->csv);
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct audit_listing *l = (struct audit_listing *)c;
	hf_status s;

	hf_buf_clear(&l->csv);
	l->rows = 0;
	hf_buf_text(&l->csv, CSV_HEAD);
	s = audit_rows_between(db, c->caller->org_id, http_query(c->req, "userId"), l->since_ms,
	                       l->until_ms, ROWS_MAX + 1, print_row, l);
	if (s.code == HF_TOOBIG || l->rows > ROWS_MAX)
		return hf_fail(&c->err, HF_INVALID,
		               "more than %d entries: ask for a shorter time, or use holdfast "
		               "audit export",
		               ROWS_MAX);
	HF_TRY(s);
	hf_buf_json_string(&c->out, hf_buf_span(&l->csv));
	return HF_SUCCESS;
}

static void release(struct call *c)
{
	hf_buf_done(&((struct audit_listing *)c)->csv);
}

const struct operation api_list_audit_logs = {
	.size = sizeof(struct audit_listing),
	.prepare = prepare_list,
	.run = run_list,
	.release = release,
};

struct audit_get {
	struct call *call;
	struct hf_buf proof;
	struct hf_buf entry;
};

static hf_status copy_entry(void *ctx, const char *id, struct hf_span text)
{
	struct audit_get *g = ctx;

	hf_buf_put(&g->entry, text.ptr, text.len);
	return hf_buf_status(&g->entry);
}

static void put_bytes(struct json_writer *w, const char *key, struct hf_span bytes)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(8192);

	hf_buf_base64url(&text, bytes);
	json_span(w, key, hf_buf_span(&text));
}

static hf_status print_credential(struct audit_get *g, struct db *db, struct json_writer *w,
                                  const struct entry *e)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(CREDENTIAL_PEM_MAX);
	struct action_proof proof = { 0 };
	bool proven = e->proof && hf_ok(hf_unbase64(hf_span_text(e->proof), &g->proof)) &&
	              hf_ok(action_proof_decode(hf_buf_span(&g->proof), &proof));
	hf_status s = audit_credential_key(db, g->call->caller->org_id,
	                                   entry_text(e->credential_id), &pem);

	HF_ENSURE(hf_ok(s) || s.code == HF_NOTFOUND, s.code);
	json_open_object(w, "firstFactorCredential");
	json_text(w, "id", entry_text(e->credential_id));
	if (proven)
		json_text(w, "kind", credential_kind_name(proof.kind));
	else
		json_raw(w, "kind", hf_span_text("null"));
	json_span(w, "publicKey", hf_buf_span(&pem));
	json_open_object(w, "assertion");
	put_bytes(w, "authenticatorData", proof.authenticator_data);
	put_bytes(w, "clientData", proof.client_data);
	put_bytes(w, "signature", proof.signature);
	json_close_object(w);
	json_close_object(w);
	return HF_SUCCESS;
}

static void put_or_null(struct json_writer *w, const char *key, const char *text)
{
	if (text)
		json_text(w, key, text);
	else
		json_raw(w, key, hf_span_text("null"));
}

static hf_status print_one(struct audit_get *g, struct db *db)
{
	struct json_writer w = JSON_WRITER(&g->call->out);
	ENTRY_SCOPED e = { 0 };

	HF_TRY(entry_parse(hf_buf_span(&g->entry), &e, NULL));
	json_open_object(&w, NULL);
	json_text(&w, "id", e.id);
	json_text(&w, "action", e.operation);
	json_text(&w, "actionToken", entry_text(e.proof));
	put_or_null(&w, "userId", e.identity_id);
	put_or_null(&w, "username", e.name);
	json_text(&w, "datePerformed", e.time);
	HF_TRY(print_credential(g, db, &w, &e));
	json_close_object(&w);
	return hf_buf_status(&g->call->out);
}

static hf_status run_get(struct call *c, struct db *db)
{
	struct audit_get g = { c, HF_BUF(ACTION_PROOF_MAX), HF_BUF(ENTRY_MAX) };
	const char *id = http_param(c->req, "id");
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("uj", id))
		s = audit_row_get(db, c->caller->org_id, id, copy_entry, &g);
	if (s.code == HF_NOTFOUND)
		s = hf_fail(&c->err, HF_NOTFOUND, "audit log not found");
	if (hf_ok(s))
		s = print_one(&g, db);
	hf_buf_done(&g.proof);
	hf_buf_done(&g.entry);
	return s;
}

const struct operation api_get_audit_log = {
	.size = sizeof(struct call),
	.run = run_get,
};
