/* SPDX-License-Identifier: Apache-2.0
 * Records (op/record.h) in the hands of a signer: sealed by a master MAC key, and checked against
 * it. */
#ifndef HF_SIGNER_SEALED_H
#define HF_SIGNER_SEALED_H

#include "signer/job.h"

/* Seals what is in *r but its MAC, by the master key that wraps it, and appends the whole. */
HF_MUST hf_status sealed_make(struct desk *d, const struct p11_master *master, struct key_record *r,
                              struct hf_buf *ret, struct hf_err *err);
/* An HSM that computes wrongly may do so for the MAC, too: what was sealed a moment ago, of which
 * nobody has been told yet, is checked like any other. */
HF_MUST hf_status sealed_check(struct desk *d, struct hf_span sealed, struct hf_err *err);
/* The MAC of a record, by the HSM. HF_UNAUTHENTIC; HF_STATE: its master key is not here. */
HF_MUST hf_status sealed_check_mac(struct desk *d, const struct key_record *r, struct hf_err *err);
/* The same, once for each record (signer/checked.h). `bytes`: the record that was decoded. */
HF_MUST hf_status sealed_check_once(struct desk *d, const struct key_record *r,
                                    struct hf_span bytes, struct hf_err *err);
/* The master key that wrapped it. HF_STATE, with words: it is not here. */
HF_MUST hf_status sealed_master(struct desk *d, const struct key_record *r,
                                const struct p11_master **ret, struct hf_err *err);

#endif
