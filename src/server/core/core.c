/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/core.h"

#include "base/clock.h"
#include "server/core/audit/audit.h"
#include "server/core/backends/pool.h"
#include "server/core/backends/backend.h"
#include "server/core/keys/keys.h"
#include "server/core/keys/signatures.h"
#include "server/metrics.h"

#include <string.h>

enum db_durability core_durability(const struct core *core)
{
	return core->config->relaxed ? DB_RELAXED : DB_DURABLE;
}

enum db_durability core_use_durability(const struct core *core)
{
	return core->config->durable_uses ? DB_DURABLE : DB_RELAXED;
}

static hf_status settle_signature(struct core *core, struct db *db, const char *org_id,
                                  const struct job_settled *settled)
{
	struct signature_outcome outcome;

	HF_TRY(signature_settle(core->jobs, db, org_id, settled, &outcome));
	if (settled->subject == JOB_FOR_SIGNATURE)
		waiters_tell(core->waiters, settled->subject_id, &outcome, sizeof(outcome));
	return HF_SUCCESS;
}

static hf_status settle_subject(struct core *core, struct db *db, const struct job_settled *settled)
{
	char org_id[HF_ID_MAX] = "";
	hf_status s = audit_org_of_store(core->audit, db, settled->store_id, org_id);

	HF_ENSURE(hf_ok(s) || s.code == HF_NOTFOUND, s.code); /* a store removed by hand */
	switch (settled->subject) {
	case JOB_FOR_KEY:
		return key_settle(db, org_id, settled);
	case JOB_FOR_SIGNATURE:
	case JOB_FOR_FORMED_SIGNATURE:
		return settle_signature(core, db, org_id, settled);
	case JOB_FOR_AUDIT_KEY:
		return audit_key_settle(db, settled);
	case JOB_FOR_CHECKPOINT:
		return audit_checkpoint_settle(db, settled);
	case JOB_FOR_CRYPTO:
		return pool_settle(core, db, org_id, settled);
	}
	return HF_FAILURE(HF_NOTFOUND);
}

hf_status core_settle(void *ctx, struct db *db, const struct job_settled *settled)
{
	struct core *core = ctx;

	HF_TRY(settle_subject(core, db, settled));
	return audit_settled(core->audit, db, settled, hf_wall_ms());
}

void core_announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	struct core *core = ctx;

	waiters_wake(core->waiters, subject_id);
}

void core_say(void *ctx, const char *word)
{
	struct core *core = ctx;

	if (core->notices)
		hf_count(&core->metrics->notices_said, 1);
	db_notices_say(core->notices, word);
}

/* "settled ORIGIN SUBJECT_ID": of all servers it is for the one whose job it was. */
static void heard_settled(struct core *core, const char *rest)
{
	size_t len = strlen(core->id);

	if (strncmp(rest, core->id, len) == 0 && rest[len] == ' ')
		waiters_look(core->waiters, rest + len + 1);
}

/* "groups ID"; NULL: any may have changed. */
static void heard_group(struct core *core, const char *id)
{
	if (id)
		groups_forget(core->groups, id);
	if (core->slots)
		core->slots->changed(core->slots->links, id);
}

void core_heard(void *ctx, const char *word)
{
	struct core *core = ctx;

	hf_count(&core->metrics->notices_heard, 1);
	if (!word) {
		waiters_look(core->waiters, NULL);
		jobs_heard(core->jobs, NULL);
		heard_group(core, NULL);
	} else if (strncmp(word, "jobs ", 5) == 0) {
		jobs_heard(core->jobs, word + 5);
	} else if (strncmp(word, "settled ", 8) == 0) {
		heard_settled(core, word + 8);
	} else if (strncmp(word, "groups ", 7) == 0) {
		heard_group(core, word + 7);
	}
}
