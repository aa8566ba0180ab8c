/* SPDX-License-Identifier: Apache-2.0
 * One session on one token: one thread at a time. */
#ifndef HF_P11_SESSION_H
#define HF_P11_SESSION_H

#include "base/secret.h"
#include "p11/slot.h"

struct p11_session {
	struct p11_module *module;  /* borrowed; outlives the session */
	const CK_FUNCTION_LIST *fn; /* module->fn */
	struct p11_token token;
	CK_SESSION_HANDLE handle;
	bool rw;
	bool open;
	CK_RV rv;      /* of the last call that failed: p11_rv_info() tells more than the status */
	unsigned live; /* session objects made by us and not yet destroyed */
	/* What was found out by trying, once in a session: p11/crypt*.c. */
	struct {
		bool kwp_known;
		CK_MECHANISM_TYPE kwp; /* what is RFC 5649 here; 0: nothing */
		enum { LABEL_UNKNOWN, LABEL_HEEDED, LABEL_IGNORED } oaep_label;
		CK_OBJECT_HANDLE ec_key; /* the last that signed, or P11_NO_OBJECT */
		bool ec_key_is_k1;
	} learnt;
};

/* R/W is needed for token objects only (resident keys, p11_master_create); all else works in an R/O
 * session, and some tokens refuse R/W. By p11/rv.h. On success the caller owns *ret:
 * p11_session_close(). */
HF_MUST hf_status p11_session_open(struct p11_module *m, const struct p11_token *token, bool rw,
                                   struct p11_session *ret, struct hf_err *err);

/* Logs the process in as the user. The PIN goes to the token once. Being logged in already is fine.
 * HF_STOP before anything is tried when the token says that the PIN is locked or has one try left;
 * HF_STOP when it is wrong: never call again with that PIN. An empty PIN is for tokens with a PIN
 * pad (protected authentication path) only; HF_STOP elsewhere, unless the token wants no login. */
HF_MUST hf_status p11_session_login(struct p11_session *s, const struct hf_secret *pin,
                                    struct hf_err *err);

void p11_session_close(struct p11_session *s);

/* Records the code in the session and gives it its words, for the calls of this layer. */
HF_MUST hf_status p11_session_fail(struct p11_session *s, struct hf_err *err, CK_RV rv,
                                   const char *call);

/* C_DestroyObject, counted; P11_NO_OBJECT is fine. For clean-up paths: a failure is recorded in
 * s->rv only. */
void p11_object_destroy(struct p11_session *s, CK_OBJECT_HANDLE object);

#endif
