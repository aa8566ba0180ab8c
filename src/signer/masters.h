/* SPDX-License-Identifier: Apache-2.0
 * The master keys that this signer holds: the first wraps new keys, the others only unwrap what
 * they wrapped before. While a master key is exchanged, old and new are both valid. */
#ifndef HF_SIGNER_MASTERS_H
#define HF_SIGNER_MASTERS_H

#include "p11/master.h"

#define MASTERS_MAX 8

struct masters {
	struct p11_master list[MASTERS_MAX];
	char labels[MASTERS_MAX][MASTER_LABEL_MAX];
	unsigned n;
};

/* Finds the keys of these labels ("new,old"). The first has to be there, by p11_master_find(); of
 * the others those that the token has are taken, and one that must not be used is a failure.
 * HF_INVALID: a label is empty, too long or there twice, or there are too many. */
HF_MUST hf_status masters_find(struct p11_session *s, const char *labels, struct masters *ret,
                               struct hf_err *err);

/* The one that wraps. */
const struct p11_master *masters_first(const struct masters *m);
/* NULL: this HSM does not hold it. */
const struct p11_master *masters_by_id(const struct masters *m, const char *id);
/* "5f…, 07…": for words about what is not there. */
void masters_tell(const struct masters *m, char *to, size_t cap);

/* The first of the labels. HF_INVALID as above. */
HF_MUST hf_status masters_first_label(const char *labels, char ret[MASTER_LABEL_MAX],
                                      struct hf_err *err);

#endif
