/* SPDX-License-Identifier: Apache-2.0
 * What the files of the single tokens share. */
#ifndef HF_TESTS_PLACES_IMPL_H
#define HF_TESTS_PLACES_IMPL_H

#include "places.h"

extern const struct place_kind place_softhsm, place_nss, place_opencryptoki, place_tpm2;

#define PLACE_SO_PIN "87654321"
#define PLACE_NOT_YET 3 /* exit status of initialise(): its daemons do not answer yet */

/* All of these end the program with words when they fail. */
void place_fail(const char *what);
void place_write(const char *path, const char *text);
/* Runs until place_remove(), or until this process ends, in whatever way. */
void place_daemon(struct place *p, char *const argv[]);
/* Until somebody listens at this socket. False: nobody came. */
bool place_wait_for(const char *path);

#endif
