/* SPDX-License-Identifier: Apache-2.0
 * The server's connections to HSM slots, through gateways (op/slot_link.h): what
 * core/backends/backend.h says of slots, done.
 *
 * Each connection of a group has a thread, made when the group is first used. Operations that come
 * while others are under way gather and go together; an idle connection makes nobody wait. Quick
 * ones and slow ones (making RSA keys, listing) go separate ways, so that none waits behind the
 * other kind.
 *
 * A connection is taken for
 *
 * - down: it cannot be made, breaks, answers nonsense, or its slot is ill. Others are used; it is
 *   tried again by itself, after a quarter of a second first, then ever more seldom, at least every
 *   fifteen seconds.
 * - suspect: an answer is overdue, or the gateway is silent. Others are used; what is safe to
 *   repeat is asked elsewhere too, and the first answer counts. It is asked whether it still works.
 * - refused: its PIN is wrong. Never given to a token again before somebody gives another, or asks
 *   for a test.
 *
 * The gateway is not trusted: what it sends is bounded, decoded strictly, has to be an answer to
 * what was asked, and each signature is verified here against the key that the caller expects. */
#ifndef HF_SERVER_SLOT_LINKS_H
#define HF_SERVER_SLOT_LINKS_H

#include "op/slot_link.h"
#include "server/core/backends/backend.h"

#include <sys/queue.h>

HF_MUST hf_status slot_links_new(const struct core *core, struct slot_links **ret);
/* For struct core; lives as long as `s`. */
const struct slot_backend *slot_links_backend(struct slot_links *s);
/* Every call is done, with HF_CLOSED where nothing else came of it, and no thread is left. Before
 * the database stops. */
void slot_links_stop(struct slot_links *s);
void slot_links_free(struct slot_links *s); /* after slot_links_stop() */

/* How a connection is, as this server sees it. */
struct link_view {
	enum link_state state;
	char message[256]; /* "" or why it is not connected */
	bool known;        /* the token was seen since this server started: */
	char label[33], manufacturer[33], model[17], serial[SLOT_SERIAL_MAX], library[128];
	uint64_t slot; /* where it is */
};
/* LINK_UNKNOWN where there is no such connection. Any thread. */
void slot_links_view(struct slot_links *s, const char *link_id, struct link_view *ret);
/* Whoever looks at a group wants to know how its connections are: those that have not been used
 * for some seconds are asked. Does not wait. Any thread. */
void slot_links_look(struct slot_links *s, const struct group *group);

/* A test of a connection that need not be stored: opens it, asks the slot for a sign of life, and
 * closes it. */
#define LINK_CHECK_MS 10000
struct link_check {
	char url[256];
	char *tls; /* owned, as the rest */
	uint64_t slot;
	char serial[SLOT_SERIAL_MAX]; /* of the token that is expected; "": any */
	struct hf_secret pin, client_key;
	char caller[HF_ID_MAX]; /* who asks: one test of his at a time */
	/* Once, on a thread of the test's own. */
	void (*done)(struct link_check *c);
	void *ctx;
	/* what came of it */
	hf_status status; /* HF_DENIED: the PIN */
	struct hf_err err;
	struct slot_opened token; /* of success */
	/* ---- its own */
	struct slot_links *of;
	LIST_ENTRY(link_check) entry;
};
/* HF_BUSY: too many at once, or one of this caller is under way; HF_CLOSED; done() is then not
 * called. */
HF_MUST hf_status slot_links_check(struct slot_links *s, struct link_check *c, struct hf_err *err);
void link_check_done(struct link_check *c); /* wipes and releases what it owns */

/* Appends the samples of all connections. Any thread. */
void slot_links_metrics(struct slot_links *s, struct hf_buf *to);

#endif
