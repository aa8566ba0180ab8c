/* SPDX-License-Identifier: Apache-2.0
 * Issuing X.509 certificates (RFC 5280): P-256 or P-384 keys, random serial numbers, and the
 * extensions that each kind has. Which of them are there follows from the kind alone: nothing is
 * ever taken over from what somebody has sent. */
#ifndef HF_PKI_ISSUE_H
#define HF_PKI_ISSUE_H

#include "pki/csr_template.h"

struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct X509_name_st;

enum issue_kind {
	ISSUE_ROOT,         /* signs intermediates and servers */
	ISSUE_INTERMEDIATE, /* signs drivers' leaves: path length, name constraints, clientAuth */
	ISSUE_CA,           /* signs leaves of both kinds, without constraints: for one machine */
	ISSUE_SERVER,       /* serverAuth, for `names` */
	ISSUE_CLIENT,       /* clientAuth */
};

struct issue_what {
	enum issue_kind kind;
	const char *organisation; /* NULL: none in the subject */
	const char *common_name;
	const char *names;                     /* "IP:127.0.0.1,DNS:localhost", or NULL */
	const struct x509_st *names_of;        /* names as in this certificate of ours, or NULL */
	const struct csr_template *constraint; /* ISSUE_INTERMEDIATE */
	const char *crl_url;                   /* where the issuer's CRL is published, or NULL */
	int64_t until_s;                       /* since 1970; not after the issuer's own end */
};

/* A key pair; the caller owns *ret. */
HF_MUST hf_status issue_key(enum pki_key_type type, struct evp_pkey_st **ret);

/* A certificate for the public key in `key`, signed by the issuer, or by itself (`key` with its
 * private part) when that is NULL. The caller owns *ret. */
HF_MUST hf_status issue_certificate(const struct issue_what *what, struct evp_pkey_st *key,
                                    struct x509_st *issuer, struct evp_pkey_st *issuer_key,
                                    struct x509_st **ret, struct hf_err *err);

/* O and CN into an empty name: how every subject of ours looks, in this order, since name
 * constraints compare from the front. */
HF_MUST hf_status issue_name(struct X509_name_st *to, const char *organisation,
                             const char *common_name);

/* A key and its certificate as files, for machines that are their own authority: benchmarks. */
struct issue_request {
	enum issue_kind kind;
	const char *common_name;
	const char *names; /* ISSUE_SERVER */
	int days;
	const char *issuer_cert, *issuer_key; /* PEM files; both NULL: signed by itself */
	const char *cert, *key; /* to write; the key with mode 0600. Refused when they exist */
};
/* HF_EXISTS, HF_IO, HF_INVALID, with words that name the file. Nothing is left behind on failure.
 */
HF_MUST hf_status certificate_issue(const struct issue_request *request, struct hf_err *err);

#endif
