/* SPDX-License-Identifier: Apache-2.0
 * What an authority has issued and revoked: a text file beside its key, replaced as a whole on each
 * change. One line for the number of the last CRL, then one for each certificate:
 *
 *   holdfast-pki-index 1
 *   crl 3
 *   4F2A… 2026-11-20T23:28:04Z 2027-02-18T23:28:04Z valid - - CN=driver-1,O=Example Bank
 *   7B01… 2026-11-20T23:29:10Z 2027-02-18T23:29:10Z revoked 2026-12-01T10:00:00Z keyCompromise
 *   CN=driver-2,O=Example Bank
 *
 * (the last in one line). Serial number, issued, valid until, state, when and why it was revoked,
 * subject. An empty file is an empty index. What decodes encodes to the same bytes. */
#ifndef HF_PKI_CA_INDEX_H
#define HF_PKI_CA_INDEX_H

#include "base/buf.h"

#define CA_INDEX_MAX (64u << 20)
#define CA_SERIAL_MAX 41 /* 20 bytes in hex */
#define CA_SUBJECT_MAX 384

/* RFC 5280, 5.3.1; the numbers are those of CRLReason. */
enum ca_reason {
	CA_UNSPECIFIED = 0,
	CA_KEY_COMPROMISE = 1,
	CA_CA_COMPROMISE = 2,
	CA_AFFILIATION_CHANGED = 3,
	CA_SUPERSEDED = 4,
	CA_CESSATION = 5,
};
/* "keyCompromise"; NULL for a number that is none. */
const char *ca_reason_name(enum ca_reason reason);
HF_MUST hf_status ca_reason_parse(const char *text, enum ca_reason *ret);

struct ca_entry {
	char serial[CA_SERIAL_MAX]; /* upper-case hex without leading zeros */
	int64_t issued_s, until_s;  /* since 1970 */
	bool revoked;
	int64_t revoked_s;
	enum ca_reason reason;
	char subject[CA_SUBJECT_MAX]; /* RFC 2253 */
};

struct ca_index {
	int64_t crl_number; /* of the last CRL; 0: none yet */
	size_t n, cap;
	struct ca_entry *entries;
};

void ca_index_done(struct ca_index *x);

/* HF_INVALID with the line that is wrong; HF_TOOBIG, HF_NOMEM. The caller owns *ret. */
HF_MUST hf_status ca_index_decode(struct hf_span text, struct ca_index *ret, struct hf_err *err);
void ca_index_encode(struct hf_buf *to, const struct ca_index *x);

HF_MUST hf_status ca_index_add(struct ca_index *x, const struct ca_entry *entry);
/* NULL when there is none of that serial number. Valid until the next add. */
struct ca_entry *ca_index_find(struct ca_index *x, const char *serial);

/* "2026-11-20T23:28:04Z", years 1970 to 9999. */
#define CA_TIME_MAX 21
void ca_time_text(int64_t s, char to[CA_TIME_MAX]);
HF_MUST hf_status ca_time_parse(const char *text, int64_t *ret);

#endif
