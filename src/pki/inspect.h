/* SPDX-License-Identifier: Apache-2.0
 * Certificates, requests, CRLs and keys in plain words, and why a chain does not hold. */
#ifndef HF_PKI_INSPECT_H
#define HF_PKI_INSPECT_H

#include "base/buf.h"

/* Appends a description of everything in a PEM file. A key is named by its public part only.
 * HF_IO, HF_INVALID (nothing in it that is known), with words. */
HF_MUST hf_status inspect_file(const char *file, struct hf_buf *to, struct hf_err *err);

enum inspect_purpose {
	INSPECT_ANY,
	INSPECT_DRIVER,       /* leaf of a driver: clientAuth */
	INSPECT_SERVER,       /* certificate of a server: serverAuth */
	INSPECT_INTERMEDIATE, /* an organisation's authority */
};

struct inspect_chain {
	const char *file;  /* the first certificate in it is looked at; what follows helps */
	const char *chain; /* intermediates, and the root that is trusted */
	const char *crl;   /* NULL: none */
	const char *name;  /* INSPECT_SERVER: the host or address that it has to bear, or NULL */
	enum inspect_purpose purpose;
};
/* Appends whether it holds, by which way, or where it fails and what to do. *ret: it holds. */
HF_MUST hf_status inspect_chain(const struct inspect_chain *i, struct hf_buf *to, bool *ret,
                                struct hf_err *err);

#endif
