/* SPDX-License-Identifier: Apache-2.0
 * Synchronising a group with its slot: every key of the slot becomes a virtual key, page by page;
 * while one page is stored the next is on its way.
 *
 * A key that is here already stays as it is here: its permissions, name and state are the virtual
 * key's, whatever the HSM says; only that the HSM has it, its label there, and that its private
 * half is gone are written down. One that the HSM no longer has is marked as missing, with a
 * warning, and stays; it counts again as soon as the HSM has it again. With the group's segregation
 * nothing new comes in. Keys that are known are told by CKA_ID, CKA_LABEL and type; where only the
 * label differs, and only one has that CKA_ID, it was renamed. Two that are alike in all three
 * cannot be told apart: they come in as one, disabled, with a warning.
 *
 * One scan of a group runs at a time, at one of all servers. A scan whose server died has failed
 * once SCAN_SILENT_MS have passed without a sign of life; what it stored stays. */
#ifndef HF_SERVER_CORE_OBJECTS_SCAN_H
#define HF_SERVER_CORE_OBJECTS_SCAN_H

#include "server/core/core.h"
#include "server/core/groups/group.h"
#include "server/store/scan_rows.h"

#define SCAN_SILENT_MS 180000
/* Nobody's list is longer, nor takes longer, whatever a gateway says. */
#define SCAN_KEYS_MAX 1000000
#define SCAN_LONGEST_MS 3600000
#define SCAN_WARNINGS_MAX 100 /* of one scan; the rest is counted */

/* From any thread, one after the other, none after `ended`. Each may be NULL but `ended`. */
struct scan_ask {
	struct group *group; /* a reference is taken */
	const char *creator; /* the identity that made what comes in; copied. NULL: nobody */
	bool is_async;
	int64_t keys_max; /* 0: SCAN_KEYS_MAX */
	void (*begun)(void *ctx, const struct scan_row *row);
	/* A new virtual key, stored. */
	void (*created)(void *ctx, const struct object_row *row);
	/* HF_EXISTS: one of this group runs already. err has words on failure. */
	void (*ended)(void *ctx, hf_status s, const struct hf_err *err);
	void *ctx;
};
/* Begins, and ends in ask->ended(), perhaps before it returns. */
void scan_start(const struct core *core, const struct scan_ask *ask);

/* Scans of servers that died. Inside a transaction; for a tick. */
HF_MUST hf_status scans_bury(struct db *db);

#endif
