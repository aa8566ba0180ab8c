/* SPDX-License-Identifier: Apache-2.0
 * Issuing X.509 certificates (RFC 5280): P-256 keys, SHA-256 signatures, random serial numbers. */
#ifndef HF_CRYPTO_ISSUE_H
#define HF_CRYPTO_ISSUE_H

#include "base/status.h"

enum issue_kind {
	ISSUE_CA,     /* may sign leaves only: path length 0 */
	ISSUE_SERVER, /* serverAuth, for `names` */
	ISSUE_CLIENT, /* clientAuth */
};

struct issue_request {
	enum issue_kind kind;
	const char *common_name;
	const char *names; /* ISSUE_SERVER: "IP:127.0.0.1,DNS:localhost" */
	int days;
	const char *issuer_cert, *issuer_key; /* PEM files; both NULL: signed by itself */
	const char *cert,
	        *key; /* PEM files to write; the key with mode 0600. Refused when they exist */
};

/* HF_EXISTS, HF_IO, HF_INVALID, with words that name the file. Nothing is left behind on failure.
 */
HF_MUST hf_status certificate_issue(const struct issue_request *request, struct hf_err *err);

#endif
