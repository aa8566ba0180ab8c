/* SPDX-License-Identifier: Apache-2.0
 * Walks over all keys of the slot (p11/object.h) between the pages of a list. A cursor is the
 * number of a walk and how far it has come, so that each page is given once; a walk that nobody
 * goes on with for WALK_IDLE_MS is dropped, as is the oldest when there are more than WIRE_WALKS.
 * The host gives all pages of one walk to the same signer. Thread-safe, but a walk
 * that was taken is its taker's alone. */
#ifndef HF_SIGNER_WALKS_H
#define HF_SIGNER_WALKS_H

#include "p11/object.h"
#include "signer/wire.h"

#define WALK_IDLE_MS 60000

struct walks;

HF_MUST hf_status walks_new(struct walks **ret);
void walks_free(struct walks *ws);

/* The walk of a cursor. HF_STATE, with words: it is not here any more, or has gone further. */
HF_MUST hf_status walks_take(struct walks *ws, uint64_t cursor, struct object_walk **ret,
                             struct hf_err *err);
/* Keeps a walk for its next page, `given` keys after `cursor` (0: its first page), and says which
 * cursor that page has. */
uint64_t walks_keep(struct walks *ws, struct object_walk *walk, uint64_t cursor, uint32_t given);
/* Drops those that nobody goes on with. */
void walks_cool(struct walks *ws);

#endif
