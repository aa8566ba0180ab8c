/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys: a key is generated in the group's HSM. PUT: one that is there already, or a
 * value, is imported. */
#include "server/crypto_api/objects/create.h"

#include "base/text.h"
#include "crypto/private_info.h"
#include "server/crypto_api/call_transient.h"
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"

#include <string.h>
#include <strings.h>

/* ---- what making has in common */

static struct making_call *of_making(struct object_making *m)
{
	return (struct making_call *)((char *)m - offsetof(struct making_call, making));
}

static hf_status check_kcv(const struct making_call *x, struct hf_err *err)
{
	const struct object_row *row = &x->making.row;
	char kcv[2 * sizeof(row->kcv) + 1];

	if (!x->kcv)
		return HF_SUCCESS;
	hf_hex(row->kcv, sizeof(row->kcv), kcv);
	if (row->have_kcv && strcasecmp(kcv, x->kcv) == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"kcv\": the key's check value is another%s%s",
	               row->have_kcv ? ": " : ", which the HSM does not tell",
	               row->have_kcv ? kcv : "");
}

static hf_status settle(struct object_making *m, struct db *db)
{
	struct making_call *x = of_making(m);
	struct crypto_call *c = &x->call;

	HF_TRY(check_kcv(x, &m->err));
	memcpy(c->subject_id, m->row.id, sizeof(c->subject_id));
	c->status = 201;
	return crypto_call_audit(c, db);
}

/* Nothing was written down yet but by the HSM: what it made is forgotten when this fails. */
static hf_status print_transient(struct making_call *x)
{
	struct crypto_call *c = &x->call;
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(TRANSIENT_KEY_MAX);
	const struct transient_session of = crypto_call_session(c);
	struct json_writer w = JSON_WRITER(&c->out);
	hf_status s = check_kcv(x, &x->making.err);

	HF_TRY(s);
	s = transient_key_seal(&of, x->making.object, &sealed);
	if (s.code == HF_TOOBIG)
		return hf_fail(&x->making.err, s.code,
		               "a transient key carries less about it: leave out metadata");
	HF_TRY(s);
	memcpy(c->subject_id, x->making.row.id, sizeof(c->subject_id));
	c->status = 201;
	sobject_print_more(&w, &x->making.object->row,
	                   &(struct sobject_more){ .transient_key = hf_buf_span(&sealed) });
	return HF_SUCCESS;
}

static void done(struct object_making *m, hf_status s)
{
	struct crypto_call *c = &of_making(m)->call;
	struct json_writer w = JSON_WRITER(&c->out);

	if (hf_ok(s) && m->row.transient)
		s = print_transient(of_making(m));
	if (!hf_ok(s)) {
		crypto_call_undone(c, s, &m->err);
		return;
	}
	if (!m->row.transient)
		sobject_print(&w, m->object);
	crypto_call_reply(c);
}

static void group_found(struct crypto_call *c, struct group *group)
{
	struct making_call *x = (struct making_call *)c;
	struct object_making *m = &x->making;
	struct crypto_op judged = m->op;

	m->group = group;
	object_shape(&m->row, group, &judged.made);
	if (!judged.kind) /* what stays in the database is made, too */
		judged.kind = CRYPTO_IMPORT;
	if (!crypto_call_may(c, ACT_CREATE, NULL, group, &judged) ||
	    (m->row.transient && !crypto_call_in_session(c)))
		return;
	m->core = c->api->core;
	m->settle = settle;
	m->done = done;
	object_make(m);
}

void making_call_begin(struct crypto_call *c)
{
	sobject_find_group(c, ((struct making_call *)c)->group_id, group_found);
}

void making_call_release(struct crypto_call *c)
{
	struct making_call *x = (struct making_call *)c;

	sobject_request_done(&x->request);
	group_unref(x->making.group);
	object_unref(x->making.object);
	object_unref(x->source);
	body_wipe(&x->bytes);
}

/* ---- generated */

static hf_status prepare_generate(struct crypto_call *c, struct hf_err *err)
{
	struct making_call *x = (struct making_call *)c;
	struct sobject_request *r = &x->request;
	const struct sobject_made made = { 0 };

	HF_TRY(sobject_request_read(c->body, NULL, 0, c->now_ms, r, err));
	if (r->value)
		return hf_fail(err, HF_INVALID, "field \"value\": keys are imported by PUT");
	if (r->type == OBJECT_SECRET || r->type == OBJECT_OPAQUE || r->type == OBJECT_CERTIFICATE)
		return hf_fail(err, HF_INVALID, "%s objects are not generated: import one, by PUT",
		               object_type_name(r->type));
	HF_TRY(sobject_request_group(r, c->who, &x->group_id, err));
	HF_TRY(sobject_request_row(r, &made, c->who, c->now_ms, &x->making.row, err));
	x->making.op.kind = CRYPTO_GENERATE;
	x->making.public_exponent = sobject_request_exponent(r);
	return HF_SUCCESS;
}

/* ---- imported */

static hf_status look_into_pair(struct hf_span der, const struct sobject_request *r,
                                struct sobject_made *ret, struct hf_err *err)
{
	struct private_info private = { 0 };
	struct public_info public;
	bool is_private = hf_ok(private_info_parse(der, &private));
	const struct public_info *info = is_private ? &private.public : &public;
	hf_status s = HF_SUCCESS;

	if (!is_private && !hf_ok(public_info_parse(der, &public)))
		s = hf_fail(
		        err, HF_INVALID,
		        "field \"value\": expected a private key as PKCS#8 (RFC 5958), PKCS#1 or "
		        "SEC 1, not encrypted, or a public one as SubjectPublicKeyInfo, in DER");
	else if (info->type != r->type)
		s = hf_fail(err, HF_INVALID, "field \"value\" is an %s key",
		            object_type_name(info->type));
	else
		*ret = (struct sobject_made){
			.bits = info->bits,
			.curve = info->curve,
			.existing = true,
			.public_only = !is_private,
		};
	private_info_done(&private);
	return s;
}

static hf_status look_into_value(struct hf_span value, const struct sobject_request *r,
                                 struct sobject_made *ret, struct hf_err *err)
{
	bool in_hsm = r->type != OBJECT_OPAQUE && r->type != OBJECT_CERTIFICATE;

	if (object_type_is_asymmetric(r->type))
		return look_into_pair(value, r, ret, err);
	if (!value.len || (in_hsm && value.len > SHAPE_BITS_MAX / 8))
		return hf_fail(err, HF_INVALID, "field \"value\" has %zu bytes: 1 to %u are taken",
		               value.len, in_hsm ? SHAPE_BITS_MAX / 8 : CRYPTO_DATA_MAX);
	if (r->type == OBJECT_CERTIFICATE && value.ptr[0] != 0x30)
		return hf_fail(err, HF_INVALID, "field \"value\": expected a certificate in DER");
	*ret = (struct sobject_made){ .bits = (uint32_t)(8 * value.len), .existing = true };
	if (r->type == OBJECT_DES3) /* of each byte, one bit is parity */
		ret->bits = value.len == 16 ? 112 : value.len == 24 ? 168 : ret->bits;
	return HF_SUCCESS;
}

static hf_status prepare_import(struct crypto_call *c, struct hf_err *err)
{
	struct making_call *x = (struct making_call *)c;
	struct sobject_request *r = &x->request;
	struct object_making *m = &x->making;
	struct sobject_made made;
	struct hf_span value = HF_SPAN(NULL, 0);

	HF_TRY(body_reserve(c->body, &x->bytes));
	HF_TRY(sobject_request_read(c->body, NULL, 0, c->now_ms, r, err));
	if (!r->value || !r->type)
		return hf_fail(err, HF_INVALID, "field \"%s\" is missing",
		               r->value ? "obj_type" : "value");
	HF_TRY(body_base64(&x->bytes, "value", r->value, CRYPTO_DATA_MAX,
	                   "it is too long to be kept", &value, err));
	HF_TRY(look_into_value(value, r, &made, err));
	HF_TRY(sobject_request_group(r, c->who, &x->group_id, err));
	HF_TRY(sobject_request_row(r, &made, c->who, c->now_ms, &m->row, err));
	m->row.external = true;
	m->op.data = value;
	if (r->type != OBJECT_OPAQUE && r->type != OBJECT_CERTIFICATE)
		m->op.kind = CRYPTO_IMPORT;
	else if (r->is_transient)
		return hf_fail(err, HF_INVALID,
		               "field \"transient\": %s objects are in no HSM, where a transient "
		               "key would be wrapped",
		               object_type_name(r->type));
	x->kcv = r->kcv;
	return HF_SUCCESS;
}

const struct crypto_operation crypto_key_generate = {
	.size = sizeof(struct making_call),
	.prepare = prepare_generate,
	.after = making_call_begin,
	.release = making_call_release,
};
const struct crypto_operation crypto_key_import = {
	.size = sizeof(struct making_call),
	.prepare = prepare_import,
	.after = making_call_begin,
	.release = making_call_release,
};
