/* SPDX-License-Identifier: Apache-2.0
 * The CSR template: what the operator of the API asks of an organisation's intermediate, as a small
 * text file. Lines `name = value`, in any order; `#` begins a comment; an unknown or repeated name
 * is refused, since it may have been meant to forbid something.
 *
 *   holdfast-csr-template = 1
 *   organisation = Example Bank
 *   common-name = Example Bank HSM drivers    exactly so; a * stands for any text
 *   key-type = p256                           or p384
 *   path-length = 0                           signs leaves only
 *   days = 1825                               validity of the intermediate
 *   dns-subtree = drivers.bank.example        optional, repeated: names that leaves may have
 *   uri-subtree = .bank.example               the same for the hosts of URIs */
#ifndef HF_PKI_CSR_TEMPLATE_H
#define HF_PKI_CSR_TEMPLATE_H

#include "base/buf.h"

#define TEMPLATE_TEXT_MAX 65536
#define TEMPLATE_NAME_MAX 65 /* RFC 5280, ub-organization-name and ub-common-name */
#define TEMPLATE_SUBTREES_MAX 8
#define TEMPLATE_DAYS_MAX 7300

enum pki_key_type { PKI_P256, PKI_P384 };

/* "p256", "p384". HF_INVALID. */
HF_MUST hf_status pki_key_type_parse(const char *text, enum pki_key_type *ret);
const char *pki_key_type_name(enum pki_key_type type);

struct template_subtrees {
	size_t n;
	char host[TEMPLATE_SUBTREES_MAX][254];
};

struct csr_template {
	char organisation[TEMPLATE_NAME_MAX];
	char common_name[TEMPLATE_NAME_MAX]; /* a pattern */
	enum pki_key_type key_type;
	int path_length;
	int days;
	struct template_subtrees dns, uri;
};

/* HF_INVALID, HF_TOOBIG, with the line and what is wrong with it. */
HF_MUST hf_status csr_template_decode(struct hf_span text, struct csr_template *ret,
                                      struct hf_err *err);
/* With comments that explain each line. */
void csr_template_encode(struct hf_buf *to, const struct csr_template *t);
/* Is every value one that a template may have? For those that come from options. */
HF_MUST hf_status csr_template_check(const struct csr_template *t, struct hf_err *err);

/* Is `name` one that the pattern allows? */
bool csr_template_name_fits(const char *pattern, const char *name);

#endif
