/* SPDX-License-Identifier: Apache-2.0
 * Do this HSM and this database belong together? The canaries tell: key records that nobody signs
 * with, one for each master key that wraps keys of the database. */
#ifndef HF_UPKEEP_CANARIES_H
#define HF_UPKEEP_CANARIES_H

#include "hsmhost/host.h"
#include "keydb/keydb.h"

#define CANARIES_MAX 8

/* What an HSM says of canaries. */
struct canaries {
	size_t n_masters; /* that the HSM holds; the first wraps */
	struct {
		char label[64];
		char id[MASTER_ID_MAX];
	} masters[CANARIES_MAX];
	size_t n; /* canaries, in the order in which they were asked about */
	struct {
		char master_id[MASTER_ID_MAX];
		bool ok, absent; /* absent: the HSM does not hold that master key */
		bool mac;        /* not ok: it is the MAC key that differs */
		char message[512];
	} list[CANARIES_MAX];
};

/* Asks a signer of its own about these records; n may be 0. */
HF_MUST hf_status canaries_ask(const struct hsmhost_config *hsm, const struct hf_span *records,
                               size_t n, struct canaries *ret, struct hf_err *err);
/* The same about those of the database. */
HF_MUST hf_status canaries_of(struct db *db, const struct hsmhost_config *hsm, struct canaries *ret,
                              struct hf_err *err);
/* A new canary of the master key that wraps. */
HF_MUST hf_status canary_make(const struct hsmhost_config *hsm, struct hf_buf *ret,
                              char ret_master[MASTER_ID_MAX], struct hf_err *err);

/* Whether this HSM may serve this database, which `database` names to people. HF_STOP with words
 * that say which of the two differs, and what to do.
 *
 * Every canary has to be proven by the HSM. One whose master key is not in the HSM is let pass,
 * with a warning, only when no key is wrapped by that any more. The HSM's wrapping key gets a
 * canary when it has none: in a database without any, unless its records name another master key;
 * beside others only because the HSM has just proven one of them, so that a new master key comes
 * from those who hold the old one and from nobody else. */
HF_MUST hf_status canaries_admit(struct db *db, const char *database,
                                 const struct hsmhost_config *hsm, struct canaries *ret,
                                 struct hf_err *err);

#endif
