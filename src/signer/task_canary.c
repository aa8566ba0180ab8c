/* SPDX-License-Identifier: Apache-2.0
 * The canary: a key record that nobody signs with, kept beside the real ones. Whether this HSM can
 * use it says whether it holds the same master keys as the HSM that made it. */
#include "base/text.h"
#include "p11/rv.h"
#include "signer/sealed.h"
#include "signer/tasks.h"

#include <stdio.h>
#include <string.h>

/* A type that the token wraps; wrapped by the one that most keys will be of, if it can. */
static hf_status choose_type(struct desk *d, enum key_type *ret, struct hf_err *err)
{
	static const enum key_type types[] = { KEY_SECP256K1, KEY_P256, KEY_ED25519, KEY_RSA_2048 };

	for (size_t i = 0; i < HF_COUNT(types); i++)
		if (d->token->profile.types[types[i]].ability == ABILITY_WRAPPED) {
			*ret = types[i];
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_UNSUPPORTED,
	               "this HSM wraps no key type that Holdfast knows: see `holdfast hsm check`");
}

hf_status task_canary_make(struct desk *d, const struct json_t *args, struct hf_buf *report,
                           struct hf_err *err)
{
	struct job_output made = job_output();
	HF_BUF_SCOPED struct hf_buf hex = HF_BUF(2 * RECORD_ENCODED_MAX);
	struct json_writer w = JSON_WRITER(report);
	enum key_type type = KEY_SECP256K1;
	hf_status s;

	HF_TRY(json_read(args, NULL, 0, NULL, err));
	if (d->token->resident_only) { /* nothing is wrapped, so there is nothing to compare */
		json_open_object(&w, NULL);
		json_text(&w, "record", "");
		json_text(&w, "master_id", "");
		json_close_object(&w);
		return HF_SUCCESS;
	}
	HF_TRY(task_needs_master(d, err));
	HF_TRY(token_profile(d->token, &d->session, masters_first(&d->masters), 0, err));
	HF_TRY(choose_type(d, &type, err));
	s = job_generate(d, type, CANARY_KEY_ID, &made, err);
	hf_buf_hex(&hex, hf_buf_span(&made.record));
	hf_buf_done(&made.record);
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_span(&w, "record", hf_buf_span(&hex));
	json_text(&w, "key_type", key_type_info((int)type)->name);
	json_text(&w, "master_id", masters_first(&d->masters)->id);
	json_close_object(&w);
	return hf_buf_status(&hex);
}

static void verdict(struct json_writer *w, const char *master_id, const char *result,
                    const char *message)
{
	json_open_object(w, NULL);
	json_text(w, "master_id", master_id);
	json_text(w, "result", result);
	json_text(w, "message", message);
	json_close_object(w);
}

/* An answer about the canary, as against trouble on the way to it. */
static bool says_no(hf_status s)
{
	return p11_class_of(s.code) == RV_REQUEST;
}

static void tell_absent(struct desk *d, const struct key_record *r, struct json_writer *w)
{
	char held[MASTERS_MAX * MASTER_ID_MAX * 2], text[2 * HF_ERR_TEXT_MAX];

	masters_tell(&d->masters, held, sizeof(held));
	snprintf(text, sizeof(text),
	         "keys in the database are wrapped by master key %s, this HSM holds %s",
	         r->master_id, held);
	verdict(w, r->master_id, "master-key-absent", text);
}

static hf_status judge(struct desk *d, const struct key_record *r, struct json_writer *w,
                       struct hf_err *err)
{
	struct hf_err why = { 0 };
	char text[2 * HF_ERR_TEXT_MAX];
	hf_status s;

	if (!masters_by_id(&d->masters, r->master_id)) {
		tell_absent(d, r, w);
		return HF_SUCCESS;
	}
	s = sealed_check_mac(d, r, &why);
	if (says_no(s)) {
		verdict(w, r->master_id, "mac-key-differs",
		        "the MAC key of this HSM is not the one that sealed the database's "
		        "records, or "
		        "the canary was altered");
		return HF_SUCCESS;
	}
	if (hf_ok(s))
		s = job_prove(d, r, &why);
	if (says_no(s)) {
		snprintf(
		        text, sizeof(text),
		        "the master key of this HSM has the id of the database's, %s, and does not "
		        "unwrap its keys: %s",
		        r->master_id, why.text);
		verdict(w, r->master_id, "master-key-differs", text);
		return HF_SUCCESS;
	}
	if (!hf_ok(s))
		return hf_fail(err, s.code, "%s", why.text);
	verdict(w, r->master_id, "ok", "");
	return HF_SUCCESS;
}

static hf_status judge_hex(struct desk *d, const char *hex, struct json_writer *w,
                           struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r;

	if (!hex || !hf_ok(hf_unhex(hf_span_text(hex), &bytes)) ||
	    !hf_ok(record_decode(hf_buf_span(&bytes), &r)) || !r.key_type ||
	    strcmp(r.key_id, CANARY_KEY_ID) != 0)
		return hf_fail(err, HF_CORRUPT, "the canary is damaged");
	HF_TRY(token_profile(d->token, &d->session, masters_first(&d->masters), 1u << r.key_type,
	                     err));
	return judge(d, &r, w, err);
}

static void write_masters(struct desk *d, struct json_writer *w)
{
	json_open_array(w, "masters");
	for (unsigned i = 0; i < d->masters.n; i++) {
		json_open_object(w, NULL);
		json_text(w, "label", d->masters.labels[i]);
		json_text(w, "master_id", d->masters.list[i].id);
		json_close_object(w);
	}
	json_close_array(w);
}

hf_status task_canary_check(struct desk *d, const struct json_t *json, struct hf_buf *report,
                            struct hf_err *err)
{
	struct {
		struct json_t *records;
	} args = { 0 };
	static const struct json_field fields[] = {
		{ "records", JSON_READ_ARRAY, offsetof(__typeof__(args), records), true },
	};
	struct json_writer w = JSON_WRITER(report);

	HF_TRY(json_read(json, fields, HF_COUNT(fields), &args, err));
	HF_TRY(task_needs_master(d, err));
	json_open_object(&w, NULL);
	write_masters(d, &w);
	json_open_array(&w, "canaries");
	for (size_t i = 0; i < json_count(args.records); i++)
		HF_TRY(judge_hex(d, json_value_text(json_element(args.records, i)), &w, err));
	json_close_array(&w);
	json_close_object(&w);
	return hf_buf_status(report);
}
