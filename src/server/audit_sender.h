/* SPDX-License-Identifier: Apache-2.0
 * Sends the audit log on, as it grows, to a collector: syslog over TLS (RFC 5424 in the frames of
 * RFC 5425), on a thread of its own. Every entry arrives at least once: how far the collector has
 * it is kept in the database, and only moves on when the connection has still stood a while after
 * the collector's machine acknowledged the bytes (the protocol itself has no receipts). Of several
 * servers one sends. Entries carry their id and leaf, so that what comes twice can be told. */
#ifndef HF_SERVER_AUDIT_SENDER_H
#define HF_SERVER_AUDIT_SENDER_H

#include "audit/formats.h"
#include "http/tls_stream.h"
#include "server/core/core.h"

struct audit_sender;

struct audit_sender_config {
	struct core *core;
	struct tls_stream_config to; /* texts are borrowed */
	enum audit_format format;
};

HF_MUST hf_status audit_sender_start(const struct audit_sender_config *config,
                                     struct audit_sender **ret, struct hf_err *err);
/* While the writer still works: the last position is kept. */
void audit_sender_stop(struct audit_sender *s);

#endif
