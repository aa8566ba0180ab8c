/* SPDX-License-Identifier: Apache-2.0
 * The certificate ceremony, both sides, over PEM files: what `holdfast pki` does. Private keys are
 * written with mode 0600; nothing is overwritten, but for what pki_renew() and pki_crl() replace in
 * one step. Every failure has words that name the file and what to do. */
#ifndef HF_PKI_PKI_H
#define HF_PKI_PKI_H

#include "base/secret.h"
#include "pki/ca_index.h"
#include "pki/csr_template.h"

/* Is there a passphrase on this key? HF_IO. */
HF_MUST hf_status pki_key_has_passphrase(const char *key_file, bool *ret, struct hf_err *err);

/* An authority's files. Beside the key lies its index, KEY.index (pki/ca_index.h). */
struct pki_ca {
	const char *cert, *key;
	const struct hf_secret *passphrase; /* NULL or empty: the key has none */
};

struct pki_root {
	const char *organisation, *common_name;
	enum pki_key_type key_type;
	int64_t until_s;     /* since 1970 */
	struct pki_ca files; /* to write, with their index */
};
HF_MUST hf_status pki_init_root(const struct pki_root *r, struct hf_err *err);

/* Operator: the template as a file; customer: read again. */
HF_MUST hf_status pki_template_write(const char *file, const struct csr_template *t,
                                     struct hf_err *err);
HF_MUST hf_status pki_template_read(const char *file, struct csr_template *ret, struct hf_err *err);

/* Customer: an intermediate's key, its index, and the request for it. */
struct pki_request {
	const struct csr_template *template;
	const char *common_name; /* NULL: the template's, if that is no pattern */
	const char *key, *csr;   /* to write */
	const struct hf_secret *passphrase;
};
HF_MUST hf_status pki_request(const struct pki_request *r, struct hf_err *err);

/* Operator: checks the request against the template and signs it. HF_DENIED when they differ, with
 * every difference, one a line. */
struct pki_sign {
	const struct csr_template *template;
	const char *csr;
	const char *crl_url; /* or NULL */
	struct pki_ca ca;
	const char *cert; /* to write */
};
HF_MUST hf_status pki_sign(const struct pki_sign *s, struct hf_err *err);

/* A leaf with a key of its own: of a server, or of a driver, which has its authority's O. */
struct pki_leaf {
	bool server;
	const char *organisation; /* server; NULL: the authority's */
	const char *common_name;
	const char *names; /* "DNS:api.example.com,IP:10.0.0.1"; NULL: none */
	enum pki_key_type key_type;
	int64_t until_s;
	struct pki_ca ca;
	const char *cert, *key; /* to write */
};
HF_MUST hf_status pki_leaf(const struct pki_leaf *l, struct hf_err *err);

/* A new certificate in place of one that the authority has issued: same subject, names and use; a
 * fresh key, unless keep_key. What follows the leaf in its file (the chain) stays. */
struct pki_renew {
	struct pki_ca ca;
	const char *cert, *key;
	bool keep_key;
	int64_t until_s;
};
HF_MUST hf_status pki_renew(const struct pki_renew *r, struct hf_err *err);

/* Enters the revocation into the index; the next CRL has it. `cert` is a file, or NULL: then
 * `serial` is looked up. HF_EXISTS when it is revoked already. */
struct pki_revoke {
	struct pki_ca ca;
	const char *cert, *serial;
	enum ca_reason reason;
	bool all; /* with every other of the same subject: what it was renewed from has a key too */
};
struct pki_revoked {
	struct ca_entry entry;
	size_t others;      /* of the same subject, revoked with it */
	size_t still_valid; /* of the same subject, neither revoked nor expired */
};
HF_MUST hf_status pki_revoke(const struct pki_revoke *r, struct pki_revoked *ret,
                             struct hf_err *err);

/* The authority's next CRL, replaced in one step. */
struct pki_crl {
	struct pki_ca ca;
	int64_t days; /* until the next one is due */
	const char *out;
};
struct pki_crl_made {
	int64_t number, until_s;
	size_t revoked;
};
HF_MUST hf_status pki_crl(const struct pki_crl *c, struct pki_crl_made *ret, struct hf_err *err);

/* One file out of certificates in any order: leaf first, each followed by its issuer.
 * HF_INVALID when they are no such chain. */
HF_MUST hf_status pki_bundle(const char *const *files, size_t n, const char *out,
                             struct hf_err *err);

/* Does what came back fit what was asked for: the key, the root, the template (may be NULL)?
 * HF_DENIED with what does not. */
struct pki_accept {
	const char *cert, *key, *root;
	const struct hf_secret *passphrase;
	const struct csr_template *template;
};
HF_MUST hf_status pki_accept(const struct pki_accept *a, struct hf_err *err);

#endif
