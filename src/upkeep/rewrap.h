/* SPDX-License-Identifier: Apache-2.0
 * All keys of a database from their master keys to another one, while drivers go on using them.
 *
 * Each key is wrapped anew inside the HSM, the new record is used once and its signature verified
 * (upkeep/sweep.h), and only then it takes the place of the old one, if that is still what is
 * there, durably. Nothing else is remembered: rows say by themselves which master key they are of,
 * so that a run that was killed is gone on with by the next. */
#ifndef HF_UPKEEP_REWRAP_H
#define HF_UPKEEP_REWRAP_H

#include "upkeep/canaries.h"
#include "upkeep/verify.h"

struct rewrap_config {
	struct verify_config
	        verify; /* setup.master_label: the new label first, then the old ones */
	bool dry_run;   /* uses every key that would be wrapped anew, and changes nothing */
};

struct rewrap_sum {
	struct canaries masters; /* [0] is the new one */
	int64_t done;            /* rows replaced (dry run: keys that could be) */
	int64_t overtaken;       /* somebody else has replaced the row meanwhile */
	int64_t resident;        /* of the done ones: the key stayed in the HSM, its record was
	                            sealed anew */
	struct verify_sum sum;   /* bad, elsewhere */
};

HF_MUST hf_status rewrap_run(const struct rewrap_config *config, struct db *db,
                             const char *database, struct rewrap_sum *ret, struct hf_err *err);

/* Drops the canaries of master keys but `keep` that wrap nothing any more; *ret_left: how many keys
 * are still wrapped by others. */
HF_MUST hf_status rewrap_finish(struct db *db, const char *keep, int64_t *ret_left,
                                struct hf_err *err);

#endif
