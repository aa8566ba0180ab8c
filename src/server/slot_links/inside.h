/* SPDX-License-Identifier: Apache-2.0
 * Connections to slots, from within.
 *
 * Locks: that of a call (struct backend_state) is taken before that of a link, never after; done()
 * is called under none. An operation may be under way at two links at once: whichever has the
 * first answer settles it, and an operation that is settled is not looked at any more, since its
 * caller may be gone. So whatever reads a caller's operation holds the lock of its call, and has
 * seen that it is not settled. */
#ifndef HF_SERVER_SLOT_LINKS_INSIDE_H
#define HF_SERVER_SLOT_LINKS_INSIDE_H

#include "base/metrics.h"
#include "http/client.h"
#include "server/slot_links.h"
#include "server/store/link_rows.h"

#include <pthread.h>
#include <sys/queue.h>

#define LINKS_MAX 512               /* threads */
#define LINK_QUEUE_MAX 20000        /* operations that wait at one link */
#define LINK_PATIENCE_MS 2000       /* an operation waits so long for a link that was just lost */
#define LINK_ROUND_MS 100           /* pause before all links are tried once more */
#define LINK_BATCH_BYTES (1u << 20) /* of operations, where there are more than one */
#define LINK_REPLY_BYTES (3u << 20) /* as far as can be foreseen */
#define LINK_LOOK_MS 5000           /* what was seen to work since then is not asked again */
#define LINK_OVERDUE_MS 700         /* of a gateway that usually answers within half of that */
#define LINK_OPEN_OVERDUE_MS 1500   /* of one that may have to start signers first */
#define LINK_MAKE_MS 3000           /* an answer about a new key is not overdue before */
#define LINK_SLOW_MS 30000          /* about a slow one */
#define LINK_SURE_MS 10000          /* so long an RSA key may be under way behind a dead gateway */
#define LINK_SURE_QUICK_MS 500      /* and any other */

/* What makes keys takes its time, RSA keys and lists a long one: none waits for another kind. */
enum lane { LANE_QUICK, LANE_MAKE, LANE_SLOW, LANES };

enum link_health {
	HEALTH_NEW, /* not tried yet */
	HEALTH_UP,
	HEALTH_SUSPECT,
	HEALTH_DOWN,
	HEALTH_REFUSED,
	HEALTH_GONE, /* removed from the group, or the server stops */
};

struct link;

/* One operation of a call. */
struct slot_op {
	TAILQ_ENTRY(slot_op) entry; /* of a link's queue */
	struct backend_state *of;
	unsigned index;
	bool queued, settled;
	enum lane lane;     /* of the queue that it is in */
	bool unsure;        /* an attempt may have done it */
	bool unheard;       /* and may be at it still: its connection is gone */
	bool looking;       /* next, or now: whether the new key is there */
	unsigned in_flight; /* attempts */
	unsigned reopened;  /* times that a session which was thought to live was not known */
	uint32_t tried;     /* places in the call's route, in this round */
	int64_t sent_ms;    /* hf_mono_ms() of the last attempt that was not looking */
	int64_t not_before_ms;
	enum hf_code code; /* of the last attempt that failed, with its words */
	char text[256];
	char absent[256];   /* the words of one whose slot does not have the key; "": of none */
	struct hf_buf kept; /* the bytes of its result */
};
TAILQ_HEAD(op_queue, slot_op);

/* A call on its way. Held by itself until done(), by each place in a queue, and by each attempt. */
struct backend_state {
	atomic_uint references;
	pthread_mutex_t lock;
	struct slot_links *links;
	struct backend_call *call; /* until every operation is settled */
	int64_t began_ms, deadline_ms;
	size_t n, left;
	struct link *route[GROUP_LINKS_MAX]; /* held, in the order in which they are asked */
	size_t n_route;
	struct crypto_result *results;
	struct slot_op ops[];
};

/* way.c. */
void way_begin(struct slot_links *s, struct backend_call *call);
void way_hold(struct backend_state *c);
void way_release(struct backend_state *c);
/* What follows is under the call's lock, and for an operation that is not settled. It is settled
 * with this result: way_unlock() then tells the caller when it was the last. */
void op_settle(struct slot_op *op, const struct crypto_result *r);
void op_fail(struct slot_op *op, enum hf_code code, const char *text);
/* The same where it may have been done: of what makes a key, the words say so. */
void op_fail_unheard(struct slot_op *op, enum hf_code code, const char *text);
/* An attempt, or waiting for one, ended without an answer. Goes to the next link, unless another
 * attempt is still under way. */
void op_missed(struct slot_op *op, enum hf_code code, const char *text);
/* An answer is overdue: to another link as well, if one is there that works. */
void op_hedge(struct slot_op *op);
/* Again to this link, which is not at fault; after a pause. */
void op_again(struct slot_op *op, struct link *l);
void op_again_later(struct slot_op *op, struct link *l);
void op_mark_tried(struct slot_op *op, const struct link *l);
void op_unmark_tried(struct slot_op *op, const struct link *l);
/* Is an attempt under way at another link than this, which is not down, nor silent? */
bool op_is_awaited(const struct slot_op *op, const struct link *l);
/* Or may an HSM still be at it? */
bool op_is_worked_on(const struct slot_op *op, const struct link *l);
/* A gateway that died has left its HSM at work: is it too early to be sure that a key which is not
 * there will not come? */
bool op_may_still_come(const struct slot_op *op);
/* It may be slow, but nothing says that it does not work. */
bool link_may_answer(const struct link *l);
/* Is there another link that answers and has not been asked, or is still to answer? */
bool op_has_witness(const struct slot_op *op, const struct link *l);
bool op_has_other(const struct slot_op *op, const struct link *l);
void way_lock(struct backend_state *c);
void way_unlock(struct backend_state *c);

/* One request under way. */
struct attempt {
	struct slot_op *op;
	bool looking;
};
struct batch {
	LIST_ENTRY(batch) entry;
	struct link *link;
	enum lane lane;
	uint8_t session[SLOT_SESSION_LEN];
	int64_t sent_ms, sent_us, overdue_ms, deadline_ms; /* the earliest of its operations' */
	size_t n;
	struct attempt attempts[SLOT_OPS_MAX];
};
LIST_HEAD(batches, batch);

struct link_counts {
	hf_counter ops, failures, failovers, nonsense;
	struct hf_histogram latency;
};

struct link {
	atomic_uint references;
	SLIST_ENTRY(link) next; /* of the table, or of those that ended */
	struct slot_links *of;
	char id[UUID_MAX], group_id[UUID_MAX], org_id[HF_ID_MAX];
	pthread_t thread;
	_Atomic enum link_health health;
	_Atomic int64_t seen_up_ms; /* hf_mono_ms() of the last good answer; 0: none */
	_Atomic int64_t down_ms;    /* and since when it is down */
	_Atomic int64_t updated_ms; /* of the row that it was made from; 0: not yet */
	_Atomic uint64_t waiting;   /* operations in its queues */
	atomic_bool woken, stop;
	atomic_bool recheck; /* its row may have changed */
	atomic_bool probe;   /* somebody wants to know now */
	atomic_bool silent;  /* its gateway does not answer at all: link_alive.c */
	int wake_fd;
	struct link_counts counts;
	pthread_mutex_t lock; /* queues, view, url */
	struct op_queue queues[LANES], later;
	struct link_view view;
	char url[LINK_URL_MAX];
	/* ---- the thread's own */
	struct http_client *client; /* NULL: not made, or not possible */
	bool opening, open, probing, asking;
	int64_t heard_ms, asked_ms;     /* hf_mono_ms(): any answer; link_ask_alive() */
	int64_t opening_ms;             /* hf_mono_ms(): since when `opening` */
	char expected[SLOT_SERIAL_MAX]; /* of the token that is being opened */
	uint8_t session[SLOT_SESSION_LEN];
	struct batches batches;
	unsigned in_flight[LANES];
	unsigned strikes; /* failures since it was last well for a while */
	int64_t up_since_ms, probe_ms;
	int64_t slowest_us; /* of recent answers, fading */
	int64_t per_op_us;  /* how long an operation took lately, the batch shared out */
	struct hf_buf ops, body;
	struct slot_ops sending;
	struct slot_results *answer;
};

/* link.c: the thread. */
HF_MUST hf_status link_new(struct slot_links *s, const char *org_id, const char *group_id,
                           const char *id, struct link **ret);
struct link *link_hold(struct link *l);
void link_release(struct link *l);
void link_wake(struct link *l);
/* Any thread. False: it takes none; the caller still holds what the queue would have. */
bool link_push(struct link *l, struct slot_op *op, enum lane lane);
const char *link_where(struct link *l, char to[LINK_URL_MAX]); /* for words */
void *link_run(void *link);
/* The thread's own. */
/* Nobody knows yet whether it works. */
void link_is_new(struct link *l);
void link_is_up(struct link *l);
void link_is_down(struct link *l, const char *words);
void link_is_suspect(struct link *l);
void link_is_refused(struct link *l, const char *words);

/* link_open.c: reading the row, making the client, opening a session, looking whether it lives. */
void link_reread(struct link *l);
void link_open(struct link *l);
void link_ping(struct link *l);

/* link_alive.c. */
void link_ask_alive(struct link *l, int64_t now); /* when it is due */
int64_t link_alive_due(const struct link *l);     /* hf_mono_ms(); 0: not */
void link_heard(struct link *l);

/* link_send.c. */
void link_send(struct link *l);

/* link_replies.c. */
void batch_answered(void *batch, const struct http_reply *reply); /* an http_done; ends it */
/* None of its attempts has an answer; `unsure`: they may have been done all the same. */
void batch_missed(struct batch *b, bool unsure, enum hf_code code, const char *words);
void batch_end(struct batch *b);
/* Asks elsewhere too, where an answer is overdue; ends what is beyond its deadline. */
void link_look_at_batches(struct link *l, int64_t now_ms);
int64_t link_next_due(const struct link *l); /* hf_mono_ms(); 0: nothing is */
void link_drop_batches(struct link *l, const char *words);

/* peer.c: what links and tests of connections have in common. */
HF_MUST hf_status peer_client(const char *url, const char *tls, const struct hf_secret *client_key,
                              struct http_client **ret, struct hf_err *err);
HF_MUST hf_status peer_open(struct http_client *client, const struct slot_open *open,
                            int timeout_ms, http_done done, void *ctx);
/* HF_DENIED: the PIN; HF_NOTFOUND: no such slot; HF_EXISTS: another token; HF_BUSY: the slot does
 * not work; HF_IO: no answer; HF_INVALID: nonsense; with words. */
HF_MUST hf_status peer_opened(const struct http_reply *reply, const char *url, const char *serial,
                              struct slot_opened *ret, struct hf_err *err);
HF_MUST hf_status peer_ops(struct http_client *client, const struct slot_ops *ops,
                           struct hf_buf *body, int timeout_ms, http_done done, void *ctx);
HF_MUST hf_status peer_ping(struct http_client *client, const uint8_t session[SLOT_SESSION_LEN],
                            int timeout_ms, http_done done, void *ctx);
/* HF_STATE: the session is not known; otherwise with words. */
HF_MUST hf_status peer_alive(const struct http_reply *reply, struct hf_err *err);
/* Any answer says that somebody is there. */
HF_MUST hf_status peer_alive_ask(struct http_client *client, int timeout_ms, http_done done,
                                 void *ctx);
HF_MUST hf_status peer_close(struct http_client *client, const uint8_t session[SLOT_SESSION_LEN],
                             http_done done, void *ctx);
/* What a peer said, fit for people: one line of printable UTF-8. */
void peer_words(struct hf_span said, char *to, size_t cap);

/* answer.c: is this an answer to that? HF_INVALID, HF_UNAUTHENTIC (of a signature), with words. */
HF_MUST hf_status answer_check(const struct crypto_op *op, const struct crypto_result *r,
                               struct hf_err *err);
/* The key that was looked for is there: is it the one that was to be made? HF_EXISTS with words. */
HF_MUST hf_status answer_is_made(const struct crypto_op *op, const struct crypto_result *r,
                                 struct hf_err *err);

struct slot_links {
	const struct core *core;
	struct slot_backend backend;
	pthread_mutex_t lock;
	pthread_cond_t checked;
	SLIST_HEAD(link_list, link) table, ended;
	size_t n_links;
	unsigned checks; /* threads that are at one */
	LIST_HEAD(check_list, link_check) checking;
	bool stopped;
	atomic_bool none_ended;
	atomic_uint turn; /* where groups in any order begin */
};

/* links.c. */
/* Held for the caller. HF_BUSY: too many; HF_CLOSED. */
HF_MUST hf_status links_find(struct slot_links *s, const struct group *group,
                             const struct group_link *link, struct link **ret);
void links_remove(struct slot_links *s, struct link *l);

#endif
