/* SPDX-License-Identifier: Apache-2.0
 * Webhooks: who is told of events, and in which words. Delivery is at least once, in no particular
 * order: five attempts over a day, each an event of its own in the webhook's log, kept for 31 days.
 * A body is signed with the webhook's secret: X-DFNS-WEBHOOK-SIGNATURE is "sha256=" and the hex of
 * HMAC-SHA256 over the bytes of the body. */
#ifndef HF_SERVER_CORE_EVENTS_WEBHOOKS_H
#define HF_SERVER_CORE_EVENTS_WEBHOOKS_H

#include "base/secret.h"
#include "server/store/webhook_rows.h"

#define WEBHOOK_ATTEMPTS 5
#define WEBHOOK_KEPT_MS (INT64_C(31) * 24 * 3600 * 1000)
#define WEBHOOK_SECRET_TEXT 44 /* with the NUL */
#define WEBHOOK_SECRET_SEALED 128
#define WEBHOOK_SIGNATURE_TEXT 72 /* with the NUL */
#define WEBHOOK_BODY_MAX (1u << 20)

/* "*" too. */
bool webhook_wants_known(const char *kind);

/* A new secret: as text for the caller, once, and sealed for the row. `key` is the server's storage
 * key. */
HF_MUST hf_status webhook_secret_new(const struct hf_secret *key, const char *webhook_id,
                                     char ret_text[WEBHOOK_SECRET_TEXT], struct hf_buf *sealed);

/* Appends what is sent for this attempt: row->data is its "data", `now_ms` the time of sending. */
HF_MUST hf_status webhook_body(const struct event_row *row, int64_t now_ms, struct hf_buf *to);
/* The header's value. HF_UNAUTHENTIC: the sealed secret is not this webhook's, or of another server
 * secret. */
HF_MUST hf_status webhook_sign(const struct hf_secret *key, const char *webhook_id,
                               struct hf_span sealed, struct hf_span body,
                               char ret[WEBHOOK_SIGNATURE_TEXT]);

/* How long after attempt n (from 1) the next one comes; 0: there is none. `first_ms` is the first
 * pause; the others follow from it: twelve, 120 and 1440 times as long. */
int64_t webhook_pause_ms(int attempt, int64_t first_ms);

#endif
