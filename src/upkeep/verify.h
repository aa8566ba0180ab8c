/* SPDX-License-Identifier: Apache-2.0
 * Can this HSM use the keys of this database, or of this backup? Each is used once
 * (upkeep/sweep.h); nothing is changed. */
#ifndef HF_UPKEEP_VERIFY_H
#define HF_UPKEEP_VERIFY_H

#include "db/dump.h"
#include "keydb/keydb.h"
#include "upkeep/sweep.h"

#define VERIFY_MASTERS_MAX 16

/* One line of the summary: keys of one master key and one type. */
struct verify_line {
	char master_id[MASTER_ID_MAX];
	enum key_type type;    /* of a wallet's key; otherwise 0, and */
	enum object_type kind; /* of a key of any kind */
	int64_t good, bad, elsewhere;
};

struct verify_sum {
	int64_t seen, good, bad, elsewhere;
	int64_t damaged; /* of the bad ones: in no line, for nobody knows what they are */
	size_t n;
	struct verify_line lines[VERIFY_MASTERS_MAX * (KEY_TYPE_MAX + OBJECT_SECRET)];
};

/* "P-256", or "AES". */
const char *verify_line_type(const struct verify_line *line);

struct verify_config {
	struct hsmhost_config hsm;
	int64_t sample; /* so many of all, evenly spread; 0: all */
	void (*bad)(void *ctx, const char *key_id, const char *why);
	void (*progress)(void *ctx, int64_t done, int64_t total); /* total 0: not known */
	void *ctx;
};

/* HF_OK also when there are bad keys: they are counted, and told by `bad`. */
HF_MUST hf_status verify_database(const struct verify_config *config, struct db *db,
                                  struct verify_sum *ret, struct hf_err *err);
HF_MUST hf_status verify_backup(const struct verify_config *config, const struct dump_config *file,
                                struct verify_sum *ret, struct hf_err *err);

/* Adds one key to the summary. */
void verify_count(struct verify_sum *sum, const struct sweep_item *item);

#endif
