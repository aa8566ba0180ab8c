/* SPDX-License-Identifier: Apache-2.0
 * Four real tokens, each with its daemons, in a temporary directory and out of sight of the
 * machine's own: made before a test and gone after it. One at a time in a process. */
#ifndef HF_TESTS_PLACES_H
#define HF_TESTS_PLACES_H

#include "crypto/key_type.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PLACE_PIN "1234"
#define PLACE_DAEMONS 3
#define PLACE_TYPES (1u << KEY_P256 | 1u << KEY_RSA_2048 | 1u << KEY_ED25519)

struct place {
	const struct place_kind *kind;
	char dir[64];
	char module[256]; /* absolute path */
	char args[192];   /* for C_Initialize, or "" */
	char slot[64];    /* as --slot has it */
	pid_t daemons[PLACE_DAEMONS];
	unsigned n_daemons;
};

/* What is claimed of a token, key types as bits. */
struct place_kind {
	const char *name;
	const char *module; /* relative to the machine's library folder */
	bool masters;       /* it can have a master key, and makes MACs */
	uint32_t wrapped;
	uint32_t resident;  /* with --allow-resident */
	uint32_t quirks;    /* of the wrapped types together */
	const char *matrix; /* preflight_matrix() of PLACE_TYPES, resident keys allowed */
	/* Settings and daemons; a reason when it is impossible here. */
	const char *(*begin)(struct place *p);
	void (*initialise)(struct place *p); /* in a process of its own: PIN and label */
};

/* By name; ends the program when there is none. */
const struct place_kind *place_kind(const char *name);

/* Daemons run, the token is labelled "test" and has PLACE_PIN, and the environment leads there.
 * Ends the program as skipped (77), with the reason, where that cannot be. */
void place_make(const struct place_kind *kind, struct place *ret);
void place_remove(struct place *p);

#endif
