/* SPDX-License-Identifier: Apache-2.0
 * The report for machines; people get a table from the same rows. */
#include "p11/preflight.h"
#include "p11/rv.h"

#include "json/write.h"

#include <stdio.h>

static void number_hex(struct json_writer *w, const char *key, uint64_t n)
{
	char text[24];

	if (!n)
		return;
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)n);
	json_text(w, key, text);
}

static void params(struct json_writer *w, enum p11_params p)
{
	if (p)
		json_text(w, "ecParams", p == PARAMS_OID ? "oid" : "name");
}

static void quirks(struct json_writer *w, uint32_t bits)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ QUIRK_NSS_DB, "nss-db" },       { QUIRK_RATCHET, "ratchet" },
		{ QUIRK_EC_PARAMS, "ec-params" }, { QUIRK_EDDSA_PARAMS, "eddsa-params" },
		{ QUIRK_NO_PSS, "no-pss" },       { QUIRK_TOKEN_PAIR, "token-pair" },
	};

	json_open_array(w, "quirks");
	for (size_t i = 0; i < HF_COUNT(names); i++)
		if (bits & names[i].bit)
			json_text(w, NULL, names[i].name);
	json_close_array(w);
}

static void row(struct json_writer *w, const struct preflight_row *r)
{
	json_open_object(w, NULL);
	json_text(w, "keyType", key_type_info(r->type)->name);
	json_text_if(w, "format", r->format ? wrap_format_name(r->format) : NULL);
	number_hex(w, "mechanism", r->mechanism);
	number_hex(w, "generateMechanism", r->generate_mechanism);
	params(w, r->params);
	quirks(w, r->quirks);
	json_text(w, "outcome", preflight_outcome_name(r->outcome));
	json_bool(w, "chosen", r->chosen);
	json_text_if(w, "step", r->step);
	if (r->rv != CKR_OK) {
		number_hex(w, "rv", r->rv);
		json_text(w, "rvName", p11_rv_info(r->rv)->name);
	}
	json_text_if(w, "why", r->why);
	json_int(w, "microseconds", r->us);
	json_int(w, "generateMicroseconds", r->generate_us);
	json_close_object(w);
}

static void type_profile(struct json_writer *w, int type, const struct p11_type_profile *t)
{
	static const char *const abilities[] = { "none", "wrapped", "resident" };

	json_open_object(w, key_type_info(type)->name);
	json_text(w, "ability", abilities[t->ability]);
	if (t->ability != ABILITY_NONE) {
		json_text(w, "format", wrap_format_name(t->format));
		number_hex(w, "wrapMechanism", t->wrap_mechanism);
		number_hex(w, "generateMechanism", t->generate_mechanism);
		number_hex(w, "signMechanism", t->sign_mechanism);
		params(w, t->params);
		quirks(w, t->quirks);
	}
	json_close_object(w);
}

void preflight_write_json(const struct preflight_report *r, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_text(&w, "module", r->module);
	json_text(&w, "token", r->token);
	json_bool(&w, "temporaryMasterKey", r->master_temporary);
	json_bool(&w, "masterKeyPossible", !r->master_impossible);
	json_text_if(&w, "masterKeyId", r->master_id);
	json_text(&w, "mac", r->profile.mac_mechanism ? "HMAC-SHA256" : "none");
	json_int(&w, "microseconds", r->us);
	json_open_object(&w, "profile");
	for (int type = 1; type <= KEY_TYPE_MAX; type++)
		type_profile(&w, type, &r->profile.types[type]);
	json_close_object(&w);
	json_open_array(&w, "rows");
	for (size_t i = 0; i < r->n_rows; i++)
		row(&w, &r->rows[i]);
	json_close_array(&w);
	json_close_object(&w);
}
