/* SPDX-License-Identifier: Apache-2.0
 * One page of a slot's keys on its way into the database: read from what the slot said, sorted into
 * new ones, known ones and doubtful ones, stored in one transaction. */
#ifndef HF_SERVER_CORE_OBJECTS_SCAN_PAGE_H
#define HF_SERVER_CORE_OBJECTS_SCAN_PAGE_H

#include "op/crypto_op.h"
#include "server/core/groups/group.h"
#include "server/core/objects/scan_known.h"

/* What people should know about a scan, as the API has it: [{"virtual_key_id"?, "message"}]. */
struct scan_warnings {
	struct hf_buf json; /* the elements, without the brackets */
	unsigned n;
};
void scan_warnings_begin(struct scan_warnings *w);
void scan_warnings_done(struct scan_warnings *w);
/* `virtual_key_id` may be NULL. */
HF_PRINTF(3, 4)
void scan_warn(struct scan_warnings *w, const char *virtual_key_id, const char *fmt, ...);
/* The array, NUL-terminated; NULL when there are none. */
const char *scan_warnings_text(struct scan_warnings *w);

/* Known, and something to write down. */
struct page_update {
	char id[HF_UUID_MAX];
	size_t label_len;
	uint8_t label[CKA_LABEL_MAX];
	bool public_only;
	bool disable; /* and nothing else */
};

struct scan_page {
	struct scan_page *next;
	struct object_row rows[CRYPTO_LIST_MAX]; /* as the slot has them; after sorting: new ones */
	bool inserted[CRYPTO_LIST_MAX];
	size_t n;
	struct page_update updates[CRYPTO_LIST_MAX];
	size_t n_updates;
	size_t n_keys; /* that it had */
	struct hf_buf public_keys;
};

/* What sorting needs to know. */
struct page_sort {
	struct known_keys *known;
	struct scan_warnings *warnings;
	bool segregation;
	bool last;                  /* there is no more to come: what was put off is decided */
	struct scan_page *doubtful; /* unless last: where to put off, with room for all */
};

/* A page of what LIST gave, each key as a row of this group, made by `creator` ("": nobody).
 * HF_CORRUPT: that is no list. The caller frees *ret. */
HF_MUST hf_status scan_page_read(struct hf_span list, const struct group *group,
                                 const char *creator, int64_t now_ms, struct scan_page **ret);
HF_MUST hf_status scan_page_new(struct scan_page **ret); /* an empty one */
void scan_page_free(struct scan_page *p);

/* Leaves new ones in rows[], fills updates[]. */
HF_MUST hf_status scan_page_sort(struct scan_page *p, const struct page_sort *how);
/* Inside a transaction; may run again. Fills inserted[]. */
HF_MUST hf_status scan_page_store(struct scan_page *p, struct db *db);

#endif
