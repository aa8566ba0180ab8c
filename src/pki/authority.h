/* SPDX-License-Identifier: Apache-2.0
 * An authority: its certificate, its key, and the index of what it has issued, under a lock so that
 * two commands cannot issue over each other. What is not in the index was not issued: it is written
 * before a certificate leaves. For src/crypto only. */
#ifndef HF_PKI_AUTHORITY_H
#define HF_PKI_AUTHORITY_H

#include "pki/ca_index.h"
#include "pki/issue.h"
#include "crypto/pem_file.h"
#include "pki/pki.h"

struct authority {
	X509 *cert;
	EVP_PKEY *key;
	char index_file[4096];
	struct ca_index index;
	int lock;
};

/* HF_IO, HF_INVALID, HF_DENIED, with words; HF_STATE when the index is missing, HF_BUSY when
 * another command works with this authority. The caller owns *ret: authority_close(). */
HF_MUST hf_status authority_open(const struct pki_ca *ca, struct authority *ret,
                                 struct hf_err *err);
void authority_close(struct authority *a);

/* Signs, and enters it into the index. The caller owns *ret. */
HF_MUST hf_status authority_issue(struct authority *a, const struct issue_what *what,
                                  EVP_PKEY *subject_key, X509 **ret, struct hf_err *err);
/* Writes the index. */
HF_MUST hf_status authority_save(struct authority *a, struct hf_err *err);

/* KEYFILE.index, for a key that is new; refused when it is there. */
HF_MUST hf_status authority_start_index(const char *key_file, struct hf_err *err);

/* What the index says of a certificate. HF_INVALID when a name or number does not fit. */
HF_MUST hf_status authority_entry(const X509 *cert, struct ca_entry *ret);

#endif
