/* SPDX-License-Identifier: Apache-2.0
 * Who has opened which slot. A session is 16 random bytes, good for its owner only; beyond the
 * limit the one that was used longest ago ends. Any thread. */
#ifndef HF_GATEWAY_SESSIONS_H
#define HF_GATEWAY_SESSIONS_H

#include "op/slot_link.h"

struct sessions;

/* Who may use a session: the client's certificate, or else its address. */
struct session_owner {
	char text[80];
};

/* What it opens: a place in the table of slots, and whose turn there. */
struct session_slot {
	size_t index;
	uint64_t generation;
};

HF_MUST hf_status sessions_new(size_t max, struct sessions **ret);
void sessions_free(struct sessions *s);

/* HF_NOMEM. */
HF_MUST hf_status sessions_open(struct sessions *s, const struct session_owner *owner,
                                struct session_slot slot, uint8_t ret[SLOT_SESSION_LEN]);
/* HF_NOTFOUND, also when it is another's. */
HF_MUST hf_status sessions_find(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN],
                                const struct session_owner *owner, struct session_slot *ret);
/* One that is not there, or another's, stays as it is. */
void sessions_close(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN],
                    const struct session_owner *owner);
size_t sessions_count(struct sessions *s);
/* Ends those that nobody has used for so long: of servers that are gone. */
void sessions_expire(struct sessions *s, int64_t unused_ms);
/* Is there one that opens this slot? */
bool sessions_have(struct sessions *s, struct session_slot slot);

#endif
