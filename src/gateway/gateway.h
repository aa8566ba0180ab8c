/* SPDX-License-Identifier: Apache-2.0
 * The gateway: stands beside an HSM and serves its slots to servers over mutual TLS
 * (op/slot_link.h). It keeps nothing: the server brings slot and PIN, and brings them again when it
 * was started anew. */
#ifndef HF_GATEWAY_GATEWAY_H
#define HF_GATEWAY_GATEWAY_H

#include "hsmhost/host.h"

struct gateway_config {
	struct hsmhost_config hsm; /* module, signers, deadlines; slot and PIN come from servers */
	const char *listen;        /* "0.0.0.0:4442" */
	const char *health_listen; /* plain HTTP: /health and /metrics; NULL or "": none */
	const char *health_tls_listen; /* HTTPS: /health; likewise */

	const char *cert;                      /* PKCS#12, or PEM where there is a key */
	const char *key;                       /* PEM; NULL: cert is PKCS#12 */
	const struct hf_secret *cert_password; /* of the PKCS#12; NULL or empty: none. Borrowed */
	const char *client_ca;  /* PEM: authorities of servers; NULL: whoever has a PIN may come */
	const char *client_crl; /* PEM; or NULL */

	unsigned pin_attempts; /* different wrong PINs before a token is asked no more */
	size_t queue_max;      /* operations that may wait for one slot */
	size_t sessions_max;
	int64_t linger_ms; /* a slot that no session has open is closed after so long */
	int grace_ms;      /* SIGTERM: so long for what is under way; 0: 10 s */
};

/* Runs until SIGTERM or SIGINT, then answers what is under way. A second signal ends it at once.
 * When `ready_fd` >= 0, one line "link=PORT health=PORT health_tls=PORT\n" (0: no such listener) is
 * written to it once it listens, and it is closed. */
HF_MUST hf_status gateway_run(const struct gateway_config *config, int ready_fd,
                              struct hf_err *err);

#endif
