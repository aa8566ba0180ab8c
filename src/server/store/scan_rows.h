/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `scans`, and what a scan asks of table `objects`: one query, one function.
 * Times are the database's own (store/clock.h), so that all servers see the same scans as dead. */
#ifndef HF_SERVER_STORE_SCAN_ROWS_H
#define HF_SERVER_STORE_SCAN_ROWS_H

#include "server/store/object_rows.h"

#define SCANS_KEPT 5 /* that have ended, of each group */

struct scan_row {
	char id[HF_UUID_MAX];
	char group_id[HF_UUID_MAX];
	char org_id[HF_ID_MAX];
	char server[HF_ID_MAX];
	bool is_async;
	int64_t started_ms, finished_ms; /* 0: it runs */
	bool failed;
	const char *message;  /* of one that failed; otherwise NULL */
	const char *warnings; /* JSON array, or NULL */
	int64_t total, done, created;
};

/* A scan that has begun; its times are filled in. HF_EXISTS: one of this group runs, *ret_other is
 * its id. The group is to be locked (group_row_lock()). */
HF_MUST hf_status scan_row_begin(struct db *db, struct scan_row *row, char ret_other[HF_UUID_MAX]);
/* It lives, and has come so far. HF_NOTFOUND: it was taken for dead. */
HF_MUST hf_status scan_row_beat(struct db *db, const char *id, int64_t total, int64_t done,
                                int64_t created);
/* failed, message, warnings and counts. HF_NOTFOUND as above. Older ones of the group go. */
HF_MUST hf_status scan_row_end(struct db *db, const struct scan_row *row);
/* Those that nobody has beaten for since `silent_ms` have failed, with these words. */
HF_MUST hf_status scan_rows_bury(struct db *db, int64_t silent_ms, const char *message);

typedef hf_status (*scan_row_fn)(void *ctx, const struct scan_row *row);
/* HF_NOTFOUND. */
HF_MUST hf_status scan_row_get(struct db *db, const char *group_id, const char *id, scan_row_fn fn,
                               void *ctx);
/* Newest first. */
HF_MUST hf_status scan_rows_list(struct db *db, const char *group_id, scan_row_fn fn, void *ctx);

/* ---- what a group has of the slot's keys already: all but deleted ones */

struct known_row {
	char id[HF_UUID_MAX];
	struct hf_span cka_id, cka_label, public_key;
	enum object_type type;
	enum object_state state;
	bool missing, public_only, making;
};
/* In the order of their ids, from `after` (NULL: the start) on; what a row points to is valid
 * during the call only. */
HF_MUST hf_status known_rows(struct db *db, const char *group_id, const char *after, int limit,
                             hf_status (*fn)(void *ctx, const struct known_row *row), void *ctx);
/* Posted: the slot has it, under this label. */
HF_MUST hf_status known_row_seen(struct db *db, const char *id, struct hf_span cka_label,
                                 bool public_only);
/* Posted: nobody can tell which key of the slot it is. */
HF_MUST hf_status known_row_disable(struct db *db, const char *id);

#endif
