/* SPDX-License-Identifier: Apache-2.0
 * Certificates that a client has shown (crypto/tls.h: tls_peer_shown()), judged one by one: their
 * dates, whether they chain to given authorities, and whom they name. Thread-safe. */
#ifndef HF_CRYPTO_CLIENT_CERT_H
#define HF_CRYPTO_CLIENT_CERT_H

#include "base/buf.h"

#define CLIENT_CERT_MAX 8192 /* DER */
#define CLIENT_CA_MAX 16

/* Exactly one certificate, DER; *ret_until_s: notAfter, since 1970. HF_INVALID with words. */
HF_MUST hf_status client_cert_until(struct hf_span der, int64_t *ret_until_s, struct hf_err *err);
/* HF_UNAUTHENTIC with words. */
HF_MUST hf_status client_cert_within_dates(struct hf_span der, int64_t now_ms, struct hf_err *err);

/* Do the shown certificates (the client's own first, each an hf_buf_field()) chain to one of these
 * authorities, now, for clients (extended key usage), by algorithms of at least 112 bits?
 * HF_UNAUTHENTIC with words. Revocation is not looked at. */
HF_MUST hf_status client_cert_chain(const struct hf_span *authorities, size_t n,
                                    struct hf_span shown, int64_t now_ms, struct hf_err *err);

/* Among its subject alternative names: this DNS name, by letter and in any case (a wildcard is
 * never any name but itself); this address, 4 or 16 bytes. */
bool client_cert_has_dns(struct hf_span der, const char *name);
bool client_cert_has_ip(struct hf_span der, struct hf_span address);

struct name_part {
	const char *type;     /* an OID, "2.5.4.3", or its short name, "CN" */
	struct hf_span value; /* UTF-8 */
};
/* Is it the whole subject, or a directoryName among its alternative names, part by part in this
 * order? */
bool client_cert_has_name(struct hf_span der, const struct name_part *parts, size_t n);
/* Is it a type that we know? */
bool name_part_known(const char *type);

#endif
