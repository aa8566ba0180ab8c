/* SPDX-License-Identifier: Apache-2.0
 * Records whose MAC this process has had the HSM check: their SHA-256, a bounded number of them, of
 * those that fall together the ones used last.
 *
 * Why that is as good as asking again: the MAC says that these very bytes were sealed by the master
 * MAC key. Bytes with the same SHA-256 are, for all anybody can do, the same bytes, and what was
 * sealed stays sealed. Whoever can write into this process to forge an entry could as well skip the
 * check. So a record costs one HSM call more when it is used for the first time, or again after
 * many others. One thread. */
#ifndef HF_SIGNER_CHECKED_H
#define HF_SIGNER_CHECKED_H

#include "base/buf.h"

#define CHECKED_MAX 65536 /* records; 32 bytes each, taken as they are used */

struct checked;

HF_MUST hf_status checked_new(size_t max, struct checked **ret);
void checked_free(struct checked *c);

bool checked_has(struct checked *c, struct hf_span record);
void checked_add(struct checked *c, struct hf_span record);

#endif
