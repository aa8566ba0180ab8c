/* SPDX-License-Identifier: Apache-2.0
 * The database of wrapped keys for a thread that must never wait for it, such as one that also
 * renews leases.
 *
 * What is asked is gathered and handed to a thread beside, all lookups that are waiting in one
 * round trip, all new records and spent actions in one durable commit; answers come out of
 * keydb_front_step(), which keydb_front_fd() calls for. While one batch is away the next one
 * gathers, so that the busier it is, the less each costs.
 *
 * When the database cannot be used, what was asked waits for `patience_ms` and is then answered
 * with HF_BUSY; meanwhile the front looks every 200 ms whether it is back. A commit with an unknown
 * outcome is repeated until the outcome is known: a put that is answered with HF_OK or HF_EXISTS is
 * on disk, for certain. One thread, but for the one beside. */
#ifndef HF_KEYDB_FRONT_H
#define HF_KEYDB_FRONT_H

#include "keydb/keydb.h"

struct keydb_front;

enum keydb_ask { KEYDB_GET, KEYDB_PUT, KEYDB_SPEND, KEYDB_DROP };

struct keydb_answer {
	void *tag;
	enum keydb_ask to;
	/* Lookup: HF_OK, HF_NOTFOUND, HF_CORRUPT: of this record; HF_BUSY: the database's.
	 * Put: HF_OK: stored; HF_EXISTS: another was there before; HF_BUSY: it is not certain that
	 * it is stored.
	 * Drop: HF_OK, HF_NOTFOUND; HF_BUSY: not known, and it may be asked again.
	 * Spend: HF_OK: this job may hand its signature on; HF_EXISTS, HF_TIMEOUT: it may not (see
	 * keydb_spend); HF_BUSY: not known, and the same job may ask again. */
	hf_status status;
	const char *why;       /* of a failure, for people */
	struct hf_buf *record; /* what was found, or put; the callee may take it and leave an empty
	                          buffer */
	struct hf_span stored; /* HF_EXISTS: what is there */
};

struct keydb_front_config {
	struct db_config db;  /* with its schema up to date; its texts live as long as the front */
	int patience_ms;      /* 0: 2 s */
	int64_t spent_age_ms; /* spent actions older than this are forgotten; 0: never */
	/* Out of keydb_front_step() and keydb_front_stop(); may ask anew. */
	void (*answered)(void *ctx, const struct keydb_answer *answer);
	void *ctx;
};

HF_MUST hf_status keydb_front_start(const struct keydb_front_config *config,
                                    struct keydb_front **ret, struct hf_err *err);
/* Records that were put are still stored if that can be done in `patience_ms`; everything is
 * answered. */
void keydb_front_stop(struct keydb_front *f);

/* `key_id` is copied. HF_NOMEM: there will be no answer. */
HF_MUST hf_status keydb_front_get(struct keydb_front *f, const char *key_id, void *tag);
/* Takes the record over, also when it fails: HF_NOMEM, no answer. */
HF_MUST hf_status keydb_front_put(struct keydb_front *f, struct hf_buf *record, void *tag);

/* The record of a key of any kind goes. `key_id` is copied. HF_NOMEM: there will be no answer. */
HF_MUST hf_status keydb_front_drop(struct keydb_front *f, const char *key_id, void *tag);

/* Copied. HF_NOMEM: there will be no answer. */
HF_MUST hf_status keydb_front_spend(struct keydb_front *f, const struct keydb_spend *spend,
                                    void *tag);

/* Readable when there are answers. */
int keydb_front_fd(const struct keydb_front *f);
/* Hands over what was asked, answers what came back; *timeout_ms is lowered to the moment when this
 * has to be called again. */
void keydb_front_step(struct keydb_front *f, int *timeout_ms);

struct keydb_front_stats {
	size_t asked;  /* not answered yet */
	bool readable; /* the last word on that: lookups are answered, and without much delay */
	bool writable;
	char problem[256];              /* "" or what is wrong, for people */
	uint64_t lookups, puts, spends; /* answered */
	uint64_t lookup_batches, put_batches;
};
void keydb_front_stats(const struct keydb_front *f, struct keydb_front_stats *ret);

#endif
