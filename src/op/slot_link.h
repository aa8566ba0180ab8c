/* SPDX-License-Identifier: Apache-2.0
 * The protocol between server and gateway: HTTP/1.1 over mutual TLS 1.3 (port 4442), binary bodies,
 * bounded, strict. The server connects.
 *
 *   POST /v1/open   slot, expected serial, PIN       -> session, token, where it was found
 *   POST /v1/ops    session, deadline, operations    -> results, in the same order
 *   POST /v1/close  session                          -> nothing
 *   GET  /v1/alive                                   -> 204: the gateway itself, no HSM asked
 *
 * A session is 16 random bytes: good for the client certificate (or, where none is asked for, the
 * connection's peer) that opened it, until it is closed or the gateway ends. The signers behind it
 * are shared by all sessions of a slot, and outlive the last of them by a minute: a PIN is given to
 * the token once. A session that is not used for a day ends.
 *
 * Failures of a whole request are an HTTP status and plain text: 400 malformed, 401 no such session
 * (open again), 403 the PIN, 404 no such slot, 409 another token in this slot, 503 the slot does
 * not work now. Within /v1/ops each operation fails for itself. */
#ifndef HF_OP_SLOT_LINK_H
#define HF_OP_SLOT_LINK_H

#include "base/secret.h"
#include "op/crypto_op.h"

#define SLOT_LINK_CONTENT_TYPE "application/vnd.holdfast.slot"
#define SLOT_LINK_OPEN "/v1/open"
#define SLOT_LINK_OPS "/v1/ops"
#define SLOT_LINK_CLOSE "/v1/close"
#define SLOT_LINK_ALIVE "/v1/alive"
#define SLOT_SESSION_LEN 16
#define SLOT_OPS_MAX 256              /* in one request */
#define SLOT_LINK_BODY_MAX (4u << 20) /* and its bytes; of a reply too */
#define SLOT_PIN_MAX 1024
#define SLOT_SERIAL_MAX 17
#define SLOT_DEADLINE_MAX_MS 120000

struct slot_open {
	uint64_t slot;                /* CK_SLOT_ID */
	char serial[SLOT_SERIAL_MAX]; /* of the token that it held before; "": any. A token that has
	                                 moved to another slot number is followed */
	struct hf_secret pin;         /* the decoder's caller owns it */
};

struct slot_opened {
	uint8_t session[SLOT_SESSION_LEN];
	uint64_t slot; /* where the token is */
	char label[33], manufacturer[33], model[17], serial[SLOT_SERIAL_MAX];
	char library[128]; /* "SoftHSM 2.6 (PKCS#11 2.40)" */
	bool moved;        /* slot is not the one that was asked for */
};

struct slot_ops {
	uint8_t session[SLOT_SESSION_LEN];
	uint32_t deadline_ms; /* from when it arrives; what has not begun by then does not begin */
	uint32_t n;
	struct hf_span ops[SLOT_OPS_MAX]; /* crypto_op_encode() */
};

struct slot_results {
	uint32_t n;
	struct hf_span results[SLOT_OPS_MAX]; /* crypto_result_encode() */
};

/* Encoders append; what holds a PIN is wiped by its maker. The version is the first byte. Decoders:
 * HF_INVALID (of a PIN also HF_NOMEM), spans point into what was decoded. Strict: exactly what
 * encoding makes is decoded. There is at least one operation and one result; a PIN is not empty;
 * the deadline is 1 to SLOT_DEADLINE_MAX_MS; words are UTF-8 without control characters. */
void slot_open_encode(struct hf_buf *to, const struct slot_open *o);
HF_MUST hf_status slot_open_decode(struct hf_span from, struct slot_open *ret);
void slot_opened_encode(struct hf_buf *to, const struct slot_opened *o);
HF_MUST hf_status slot_opened_decode(struct hf_span from, struct slot_opened *ret);
void slot_ops_encode(struct hf_buf *to, const struct slot_ops *o);
HF_MUST hf_status slot_ops_decode(struct hf_span from, struct slot_ops *ret);
void slot_results_encode(struct hf_buf *to, const struct slot_results *r);
HF_MUST hf_status slot_results_decode(struct hf_span from, struct slot_results *ret);
void slot_close_encode(struct hf_buf *to, const uint8_t session[SLOT_SESSION_LEN]);
HF_MUST hf_status slot_close_decode(struct hf_span from, uint8_t ret[SLOT_SESSION_LEN]);

#endif
