/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/events/webhooks.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

#define SECRET_LEN 32

/* What the official API can tell. What this server never does, never happens. */
static const char *const kinds[] = {
	"*",
	"policy.triggered",
	"policy.approval.pending",
	"policy.approval.resolved",
	"key.created",
	"key.deleted",
	"key.delegated",
	"key.exported",
	"wallet.blockchainevent.detected",
	"wallet.created",
	"wallet.activated",
	"wallet.delegated",
	"wallet.exported",
	"wallet.signature.failed",
	"wallet.signature.rejected",
	"wallet.signature.requested",
	"wallet.signature.signed",
	"wallet.transaction.broadcasted",
	"wallet.transaction.confirmed",
	"wallet.transaction.failed",
	"wallet.transaction.rejected",
	"wallet.transaction.requested",
	"wallet.transfer.broadcasted",
	"wallet.transfer.confirmed",
	"wallet.transfer.failed",
	"wallet.transfer.rejected",
	"wallet.transfer.requested",
	"wallet.offer.received",
	"wallet.offer.accepted",
	"wallet.offer.rejected",
	"wallet.tags.modified",
	"key.expiring", /* ours: core/objects/object_notice.h */
};

bool webhook_wants_known(const char *kind)
{
	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/* The text is the secret: receivers use it as it stands. */
hf_status webhook_secret_new(const struct hf_secret *key, const char *webhook_id,
                             char ret_text[WEBHOOK_SECRET_TEXT], struct hf_buf *sealed)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(WEBHOOK_SECRET_TEXT - 1);
	uint8_t secret[SECRET_LEN];
	hf_status s;

	hf_random(secret, sizeof(secret));
	hf_buf_base64url(&text, HF_SPAN(secret, sizeof(secret)));
	hf_wipe(secret, sizeof(secret));
	HF_TRY(hf_buf_status(&text));
	s = aead_seal(key, hf_span_text(webhook_id), hf_buf_span(&text), sealed);
	if (hf_ok(s))
		s = hf_span_to_text(hf_buf_span(&text), ret_text, WEBHOOK_SECRET_TEXT);
	hf_wipe(text.ptr, text.len);
	return s;
}

hf_status webhook_body(const struct event_row *row, int64_t now_ms, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);
	char date[HF_ISO_LEN];

	hf_iso_time(row->happened_ms, date);
	json_open_object(&w, NULL);
	json_text(&w, "id", row->id);
	json_text(&w, "kind", row->kind);
	json_text(&w, "date", date);
	json_raw(&w, "data", row->data);
	json_text(&w, "status", "Pending");
	json_int(&w, "timestampSent", now_ms / 1000);
	json_int(&w, "deliveryAttempt", row->attempt);
	json_text_if(&w, "retryOf", row->retry_of);
	json_close_object(&w);
	return hf_buf_status(to);
}

hf_status webhook_sign(const struct hf_secret *key, const char *webhook_id, struct hf_span sealed,
                       struct hf_span body, char ret[WEBHOOK_SIGNATURE_TEXT])
{
	HF_SECRET struct hf_secret secret = { 0 };
	uint8_t mac[SHA256_LEN];

	HF_TRY(aead_open(key, hf_span_text(webhook_id), sealed, &secret));
	HF_TRY(hmac_sha256(HF_SPAN(secret.ptr, secret.len), body, mac));
	snprintf(ret, WEBHOOK_SIGNATURE_TEXT, "sha256=");
	hf_hex(mac, sizeof(mac), ret + strlen(ret));
	return HF_SUCCESS;
}

int64_t webhook_pause_ms(int attempt, int64_t first_ms)
{
	static const int64_t times[WEBHOOK_ATTEMPTS - 1] = { 1, 12, 120, 1440 };

	return attempt >= 1 && attempt < WEBHOOK_ATTEMPTS ? times[attempt - 1] * first_ms : 0;
}
