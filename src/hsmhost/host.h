/* SPDX-License-Identifier: Apache-2.0
 * The signers of one token: starting, feeding and watching `holdfast-signer` processes.
 *
 * The host never loads a vendor library. It spreads jobs over its signers, a few ahead of each so
 * that none waits for us; kills a signer whose current call exceeds its deadline or that died;
 * starts another; recycles signers on a budget of operations or memory. Jobs that were in a signer
 * when it ended are answered with OP_RETRY, except that jobs it had not begun yet go silently to
 * another signer. Every signature is checked here, outside the vendor's process (signature_accept,
 * verify_any), before it is handed on. Non-blocking; the caller polls. One thread, from start to
 * stop: signers end with the thread that spawned them. SIGPIPE is ignored from the first start on.
 */
#ifndef HF_HSMHOST_HOST_H
#define HF_HSMHOST_HOST_H

#include "base/secret.h"
#include "op/crypto_op.h"
#include "op/op.h"
#include "op/record.h"
#include "signer/wire.h"

#include <poll.h>

struct hsmhost;

struct hsmhost_config {
	const char *signer_path;   /* holdfast-signer; NULL: beside our own executable */
	struct signer_setup setup; /* module, slot, PIN, profile …: what each signer is told; copied
	                              (the PIN too, but not the authorizers: they live on) */
	unsigned processes;        /* signer processes */
	unsigned ahead;       /* jobs in a signer beyond those it works on; 0: at least 2, and as
	                       * many as take it 2 ms, so that quick modules never wait for us */
	int op_deadline_ms;   /* sign; 0: 5 s */
	int slow_deadline_ms; /* generation of RSA keys, a page of a list, starting and logging
	                       * in; 0: 120 s */
	uint64_t recycle_ops; /* 0: never */
	uint64_t recycle_rss; /* bytes; 0: never */
	void (*pin_refused)(void *ctx); /* NULL, or called, with hsmhost_start()'s ctx, when the
	                                 * token has said that the PIN is wrong: of what else ends
	                                 * in HF_STOP, such as a PIN that is locked, it need not be
	                                 * the cause */
	unsigned spot_checks; /* of a host whose caller's caller verifies every signature of a
	                       * `crypto` itself: here only the first of so many is, so that a
	                       * faulty HSM is noticed where it stands. 0, 1: every one is */
};

struct hsmhost_job {
	struct op op;            /* its spans live until the answer */
	struct hf_span record;   /* record_encode(), for OP_SIGN; as op */
	struct hf_span evidence; /* for OP_SIGN, where setup.authorizers are; as op */
	const char *rewrap_to;   /* the id of a master key: the record's key is to be wrapped by it
	                          * instead; of op only key_id, key_type and public_key count. Lives
	                          * as op. NULL: do op */
	struct hf_span crypto;   /* crypto_op_encode(): do this, and op counts for nothing; as op */
	void *tag;               /* the caller's */
};

struct hsmhost_answer {
	void *tag;
	struct op_result result;
	struct hf_span record; /* OP_GENERATE or rewrap done: the sealed record, valid during the
	                        * call */
	const struct crypto_result *crypto; /* of a job with `crypto`, valid during the call;
	                                     * otherwise NULL. Its outcome and code are those of
	                                     * `result`, too */
	int64_t hsm_us;                     /* time inside the signer */
};

typedef void (*hsmhost_answered)(void *ctx, const struct hsmhost_answer *answer);

/* Starts the signers one after another and waits until the first is ready (it has logged in once,
 * so that a wrong PIN is tried once and once only). Words on failure say what the operator has to
 * do. HF_STOP: nothing to retry. */
HF_MUST hf_status hsmhost_start(const struct hsmhost_config *config, hsmhost_answered answered,
                                void *ctx, struct hsmhost **ret, struct hf_err *err);
/* Lets running jobs end within `grace_ms`, then ends the signers. */
void hsmhost_stop(struct hsmhost *h, int grace_ms);

/* How many more jobs it will take now. 0 while no signer is healthy. */
size_t hsmhost_capacity(const struct hsmhost *h);

/* HF_BUSY beyond the capacity. HF_INVALID: `crypto` is malformed, or a signature that could not be
 * verified here, for it names no public key, or none that goes with its mechanism. The answer comes
 * out of a later hsmhost_step() or hsmhost_stop(), never out of this call. */
HF_MUST hf_status hsmhost_submit(struct hsmhost *h, const struct hsmhost_job *job);

/* Entries that hsmhost_pollfds() may want. */
#define HSMHOST_POLLFDS(processes) (3 * ((processes) + 2))
/* For the caller's poll: at most `max` entries are filled, their number is returned; *timeout_ms is
 * lowered to the next deadline. */
size_t hsmhost_pollfds(struct hsmhost *h, struct pollfd *fds, size_t max, int *timeout_ms);
/* Does what there is to do; calls answered(), which may submit. */
void hsmhost_step(struct hsmhost *h);

enum hsmhost_health {
	HSMHOST_HEALTHY,
	HSMHOST_RECOVERING, /* no signer works at the moment; it is trying */
	HSMHOST_STOPPED,    /* PIN refused or the like: an operator has to act */
};
struct hsmhost_stats {
	enum hsmhost_health health;
	char reason[256]; /* when not healthy */
	bool refused; /* recovering, and the last signer that started heard "no" from the HSM: that
	                 is more than a signer which has yet to start */
	unsigned signers_ready;
	uint64_t done, failed, retried, crashes, hangs, recycled;
	char token[112];               /* "label, manufacturer model serial": which HSM */
	char master_id[MASTER_ID_MAX]; /* "" when started without needs_master */
	struct p11_profile profile;    /* in use; known once the first signer was ready */
};
void hsmhost_stats(const struct hsmhost *h, struct hsmhost_stats *ret);

#endif
