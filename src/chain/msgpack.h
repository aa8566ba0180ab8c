/* SPDX-License-Identifier: Apache-2.0
 * Reading MessagePack in Algorand's canonical form: maps whose keys are texts in strictly ascending
 * order, numbers in their shortest form. No recursion, nothing is allocated; any thread.
 * https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef HF_CHAIN_MSGPACK_H
#define HF_CHAIN_MSGPACK_H

#include "base/buf.h"

#define MSGPACK_DEPTH_MAX 16
#define MSGPACK_KEY_MAX 32

struct msgpack_map {
	uint32_t left;
	char key[MSGPACK_KEY_MAX]; /* of the value that comes next */
};

/* All: HF_INVALID when something else comes, it is cut off, or not in the shortest form. */
HF_MUST hf_status msgpack_open(struct hf_reader *r, struct msgpack_map *ret);
/* Whether another pair follows; its key is then in map->key, and the caller reads exactly one
 * value. HF_INVALID: not after the key before. */
HF_MUST hf_status msgpack_next(struct hf_reader *r, struct msgpack_map *map, bool *ret);
HF_MUST hf_status msgpack_uint(struct hf_reader *r, uint64_t *ret);
/* Binary and text point into the input. */
HF_MUST hf_status msgpack_bytes(struct hf_reader *r, struct hf_span *ret);
HF_MUST hf_status msgpack_text(struct hf_reader *r, struct hf_span *ret);
/* The next value, whole, of whatever kind but extensions. HF_TOOBIG beyond MSGPACK_DEPTH_MAX. */
HF_MUST hf_status msgpack_item(struct hf_reader *r, struct hf_span *ret);

#endif
