/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/core.h"

#include "server/core/keys.h"
#include "server/core/signatures.h"

enum db_durability core_durability(const struct core *core)
{
	return core->config->relaxed ? DB_RELAXED : DB_DURABLE;
}

static hf_status settle_signature(struct core *core, struct db *db,
                                  const struct job_settled *settled)
{
	struct signature_outcome outcome;

	HF_TRY(signature_settle(db, settled, &outcome));
	waiters_tell(core->waiters, settled->subject_id, &outcome, sizeof(outcome));
	return HF_SUCCESS;
}

hf_status core_settle(void *core, struct db *db, const struct job_settled *settled)
{
	switch (settled->subject) {
	case JOB_FOR_KEY:
		return key_settle(db, settled);
	case JOB_FOR_SIGNATURE:
		return settle_signature(core, db, settled);
	}
	return HF_FAILURE(HF_NOTFOUND);
}

void core_announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	struct core *core = ctx;

	waiters_wake(core->waiters, subject_id);
}
