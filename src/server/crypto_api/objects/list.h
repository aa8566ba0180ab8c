/* SPDX-License-Identifier: Apache-2.0
 * Lists of security objects: who may see which, in order, from an index. For list.c (the call) and
 * list_walk.c (the database). */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_LIST_H
#define HF_SERVER_CRYPTO_API_OBJECTS_LIST_H

#include "server/crypto_api/call.h"

#define LIST_LIMIT_DEFAULT 1000
#define LIST_LIMIT_MAX 1000
#define LIST_SOURCES_MAX 16     /* groups that are walked side by side; beyond: the account */
#define LIST_EXAMINED_MAX 50000 /* rows for one answer */

struct list_query {
	const char *org_id;
	const struct principal *who;
	const char *group_id, *name, *start; /* NULL: not given */
	const char *creator;                 /* as a UUID; NULL */
	bool have_cka_id, have_label;
	struct hf_span cka_id, label;
	enum object_type type; /* 0: any */
	bool by_name, descending;
	bool destroyed, deleted; /* those too */
	int64_t limit, offset;
	const struct json_t *filter; /* NULL: none */
	int64_t now_ms;
};

/* Those that match, in order, from `offset` on, `limit` at most. *ret_matched: all that match, if
 * `count`. HF_TOOBIG with words: more rows would have to be looked at than LIST_EXAMINED_MAX. */
HF_MUST hf_status list_walk(const struct list_query *q, struct groups *groups, struct db *db,
                            bool count, object_row_fn fn, void *ctx, int64_t *ret_matched,
                            struct hf_err *err);
/* Those that the caller may see at all. */
HF_MUST hf_status list_count(const struct list_query *q, struct db *db, int64_t *ret);
/* In every group of the account. */
bool list_sees_all(const struct principal *who);

#endif
