/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/objects.h"

#include "server/core/keys/signature_parts.h"

#include <string.h>

void print_key_store(struct json_writer *w, const struct key_row *key)
{
	json_open_object(w, "store");
	json_text(w, "id", key->store_id);
	json_text(w, "kind", STORE_KIND_HSM);
	json_text(w, "keyId", key->id);
	json_close_object(w);
}

void print_key_members(struct json_writer *w, const char *name, const struct key_row *key)
{
	json_open_object(w, name);
	json_text(w, "id", key->id);
	json_text(w, "scheme", key->scheme);
	json_text(w, "curve", key->curve);
	json_hex(w, "publicKey", "", HF_SPAN(key->public_key.bytes, key->public_key.len));
	json_text_if(w, "name", key->name);
	json_text(w, "status", key_status_name(key->status));
	json_bool(w, "custodial", true);
	json_text(w, "storage", key->resident ? "Resident" : "Wrapped");
	json_date(w, "dateCreated", key->created_ms);
	json_date(w, "dateDeleted", key->deleted_ms);
}

void print_key(struct json_writer *w, const char *name, const struct key_row *key)
{
	print_key_members(w, name, key);
	json_close_object(w);
}

static void print_halves(struct json_writer *w, const char *name, const uint8_t *r,
                         const uint8_t *s, int recid, struct hf_span encoded)
{
	json_open_object(w, name);
	json_hex(w, "r", "0x", HF_SPAN(r, 32));
	json_hex(w, "s", "0x", HF_SPAN(s, 32));
	if (recid >= 0)
		json_int(w, "recid", recid);
	if (encoded.len)
		json_hex(w, "encoded", "0x", encoded);
	json_close_object(w);
}

static void print_signed(struct json_writer *w, const struct signature_row *s)
{
	struct hf_reader r = hf_reader(s->parts);
	struct signature_part part;

	if (s->parts.len) {
		json_open_array(w, "signatures");
		while (r.left && hf_ok(signature_part_read(&r, &part)))
			print_halves(w, NULL, part.signature.bytes, part.signature.bytes + 32,
			             part.signature.recid, part.encoded);
		json_close_array(w);
	} else {
		print_halves(w, "signature", s->outcome.r, s->outcome.s, s->outcome.recid,
		             s->encoded);
	}
	if (s->signed_data.len)
		json_hex(w, "signedData", "0x", s->signed_data);
}

void print_signature(struct json_writer *w, const char *name, const struct signature_row *s)
{
	json_open_object(w, name);
	json_text(w, "id", s->id);
	json_text_if(w, "walletId", s->wallet_id);
	json_text(w, "keyId", s->key_id);
	json_text_if(w, "network", s->network);
	json_open_object(w, "requester");
	json_text(w, "userId", s->requester_id);
	json_text_if(w, "tokenId", s->token_id);
	json_close_object(w);
	json_raw(w, "requestBody", s->body);
	json_text(w, "status", signature_status_name(s->outcome.status));
	json_text_if(w, "reason", s->outcome.reason);
	if (s->outcome.status == SIGNATURE_SIGNED)
		print_signed(w, s);
	json_text_if(w, "approvalId", s->approval_id);
	json_text_if(w, "externalId", s->external_id);
	json_date(w, "dateRequested", s->requested_ms);
	json_date(w, "datePolicyResolved", s->resolved_ms);
	json_date(w, "dateSigned", s->outcome.signed_ms);
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

static void print_tags(struct json_writer *w, const char *tags)
{
	json_open_array(w, "tags");
	while (*tags) {
		size_t n = strcspn(tags, ",");

		json_span(w, NULL, HF_SPAN(tags, n));
		tags += n + (tags[n] == ',');
	}
	json_close_array(w);
}

void print_wallet(struct json_writer *w, const char *name, const struct wallet_row *wallet)
{
	json_open_object(w, name);
	json_text(w, "id", wallet->id);
	json_text(w, "network", wallet->network);
	json_text_if(w, "address", wallet->address);
	json_open_object(w, "signingKey");
	json_text(w, "id", wallet->key_id);
	json_text(w, "scheme", wallet->scheme);
	json_text(w, "curve", wallet->curve);
	json_hex(w, "publicKey", "", HF_SPAN(wallet->public_key.bytes, wallet->public_key.len));
	json_close_object(w);
	json_text(w, "status", wallet_status_name(wallet->status));
	json_date(w, "dateCreated", wallet->created_ms);
	json_date(w, "dateDeleted", wallet->deleted_ms);
	json_text_if(w, "name", wallet->name);
	json_bool(w, "custodial", true);
	json_text_if(w, "externalId", wallet->external_id);
	print_tags(w, wallet->tags);
	json_close_object(w);
}
