/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/print.h"

#include "base/clock.h"

static void date(struct json_writer *w, const char *name, int64_t ms)
{
	char text[HF_ISO_LEN];

	if (!ms)
		return;
	hf_iso_time(ms, text);
	json_text(w, name, text);
}

static void print_key_store(struct json_writer *w, const struct key_row *key)
{
	json_open_array(w, "wallets");
	json_close_array(w);
	json_open_object(w, "store");
	json_text(w, "id", key->store_id);
	json_text(w, "kind", STORE_KIND_HSM);
	json_text(w, "keyId", key->id);
	json_close_object(w);
}

void print_key(struct json_writer *w, const struct key_row *key, bool alone)
{
	json_open_object(w, NULL);
	json_text(w, "id", key->id);
	json_text(w, "scheme", key->scheme);
	json_text(w, "curve", key->curve);
	json_hex(w, "publicKey", "", HF_SPAN(key->public_key.bytes, key->public_key.len));
	json_text_if(w, "name", key->name);
	json_text(w, "status", key_status_name(key->status));
	json_bool(w, "custodial", true);
	json_text(w, "storage", key->resident ? "Resident" : "Wrapped");
	date(w, "dateCreated", key->created_ms);
	date(w, "dateDeleted", key->deleted_ms);
	if (alone)
		print_key_store(w, key);
	json_close_object(w);
}

static void print_halves(struct json_writer *w, const struct signature_outcome *o)
{
	json_open_object(w, "signature");
	json_hex(w, "r", "0x", HF_SPAN(o->r, sizeof(o->r)));
	json_hex(w, "s", "0x", HF_SPAN(o->s, sizeof(o->s)));
	if (o->recid >= 0)
		json_int(w, "recid", o->recid);
	json_close_object(w);
}

void print_signature(struct json_writer *w, const struct signature_row *s)
{
	json_open_object(w, NULL);
	json_text(w, "id", s->id);
	json_text(w, "keyId", s->key_id);
	json_open_object(w, "requester");
	json_text(w, "userId", s->requester_id);
	json_text_if(w, "tokenId", s->token_id);
	json_close_object(w);
	json_raw(w, "requestBody", s->body);
	json_text(w, "status", signature_status_name(s->outcome.status));
	json_text_if(w, "reason", s->outcome.reason);
	if (s->outcome.status == SIGNATURE_SIGNED)
		print_halves(w, &s->outcome);
	json_text_if(w, "externalId", s->external_id);
	date(w, "dateRequested", s->requested_ms);
	date(w, "dateSigned", s->outcome.signed_ms);
	json_close_object(w);
}

void print_store(struct json_writer *w, const struct store_row *store)
{
	json_open_object(w, NULL);
	json_text(w, "id", store->id);
	json_text(w, "kind", store->kind);
	json_text_if(w, "name", store->name);
	json_bool(w, "primary", store->primary);
	json_close_object(w);
}
