/* SPDX-License-Identifier: Apache-2.0
 * Certificate signing requests (PKCS#10) for intermediates. For src/crypto only. */
#ifndef HF_PKI_CSR_H
#define HF_PKI_CSR_H

#include "pki/csr_template.h"
#include "crypto/pem_file.h"

/* By the template, signed by the key itself. The caller owns *ret. */
HF_MUST hf_status csr_make(const struct csr_template *t, const char *common_name, EVP_PKEY *key,
                           X509_REQ **ret, struct hf_err *err);

/* Appends one line for each field in which the request is not what the template asks for; nothing
 * when all are well. `common_name` is then the subject's. HF_NOMEM. */
HF_MUST hf_status csr_differences(X509_REQ *request, const struct csr_template *t,
                                  struct hf_buf *to, char common_name[TEMPLATE_NAME_MAX]);

/* The same for a certificate that was signed: subject, key type, and its path length. */
HF_MUST hf_status csr_certificate_differences(X509 *cert, const struct csr_template *t,
                                              struct hf_buf *to);

/* The key of this type, on its named curve? */
bool csr_key_is(const EVP_PKEY *key, enum pki_key_type type);

#endif
