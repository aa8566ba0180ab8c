/* SPDX-License-Identifier: Apache-2.0
 * The token that this process serves: library loaded, slot found, logged in, master key checked. */
#ifndef HF_SIGNER_TOKEN_H
#define HF_SIGNER_TOKEN_H

#include "p11/object_readers.h"
#include "signer/masters.h"
#include "signer/walks.h"
#include "signer/wire.h"

struct token {
	struct signer_setup setup; /* its PIN is wiped once it was used */
	struct p11_module module;
	struct p11_token id;
	bool have_master;
	bool resident_only; /* a token without AES keys: no master key, no MAC, resident keys alone
	                     */
	char master_id[MASTER_ID_MAX]; /* of the one that wraps */
	struct p11_profile profile;    /* of setup, or after token_profile() */
	bool have_profile;
	struct walks *walks;             /* lists under way: signer/walks.h */
	struct object_readers *readers;  /* of those lists; NULL: none */
	struct authorizers *authorizers; /* only what these allow is signed; NULL: the driver's word
	                                  * is enough. Set before the first job */
};

/* Signers of one module start one after another under a lock between processes, since SoftHSM2
 * loses tokens from sight when several start at once; and while logging in the process outlives its
 * parent (os/process.h). The PIN is tried once. *ret_session is the one that is logged in: keep one
 * open always, for the login ends with the last. `t` must not move afterwards. */
HF_MUST hf_status token_open(struct token *t, struct signer_setup *setup, pid_t parent,
                             struct p11_session *ret_session, struct masters *ret_masters,
                             struct hf_err *err);

/* No more than a list of the module's tokens, as a REPORT tells it, appended: nobody logs in. Under
 * the same lock. */
HF_MUST hf_status token_list(struct token *t, struct signer_setup *setup, pid_t parent,
                             struct hf_buf *report, struct hf_err *err);

/* The master keys in another session of this process; of a token that is resident_only, a master of
 * no key; of one that needs none and has none, nothing. */
HF_MUST hf_status token_masters(const struct token *t, struct p11_session *session,
                                struct masters *ret, struct hf_err *err);

/* Jobs can be done: there is a profile, and a master key where the token can have one. */
bool token_is_ready(const struct token *t);

/* Makes sure of a profile for these key types (bits, 0: all), by a quick preflight where it is not
 * given. */
HF_MUST hf_status token_profile(struct token *t, struct p11_session *session,
                                const struct p11_master *master, uint32_t types,
                                struct hf_err *err);

/* No other thread may be inside the module. */
void token_close(struct token *t);

#endif
