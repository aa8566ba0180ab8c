/* SPDX-License-Identifier: Apache-2.0
 * Before the first job: do this HSM and this database belong together? */
#ifndef HF_DRIVER_STARTUP_H
#define HF_DRIVER_STARTUP_H

#include "keydb/keydb.h"
#include "hsmhost/host.h"

/* Has the HSM check the database's canary; a database without one gets one, unless its records name
 * another master key. HF_STOP when they do not belong together: the words say which of the two
 * differs. */
HF_MUST hf_status startup_canary(struct db *k, const char *database,
                                 const struct hsmhost_config *hsm, struct hf_err *err);

#endif
