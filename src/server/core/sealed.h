/* SPDX-License-Identifier: Apache-2.0
 * Sealed text: something that we hand to a client, and take back later without having kept it. In
 * the shape of a compact JWS (RFC 7515, HS256): header.payload.mac, each base64url. The header
 * names the purpose, and each purpose has a key of its own, so that one kind never passes for
 * another. Thread-safe. */
#ifndef HF_SERVER_CORE_SEALED_H
#define HF_SERVER_CORE_SEALED_H

#include "base/buf.h"
#include "base/secret.h"

struct seal {
	const char *purpose;         /* short, plain letters: it stands in the header */
	const struct hf_secret *key; /* borrowed */
};

HF_MUST hf_status seal_put(const struct seal *s, struct hf_span payload, struct hf_buf *to);
/* Appends the payload of a text that seal_put() made with the same seal. HF_UNAUTHENTIC for any
 * other. */
HF_MUST hf_status seal_open(const struct seal *s, struct hf_span text, struct hf_buf *payload);

#endif
