/* SPDX-License-Identifier: Apache-2.0
 * Passwords are hashed and checked on a thread of their own, one at a time, since each takes a
 * tenth of a second and 64 MiB: nothing else waits for it, and no crowd of logins fills the memory.
 * Any thread. */
#ifndef HF_SERVER_CORE_ACCESS_PASSWORDS_H
#define HF_SERVER_CORE_ACCESS_PASSWORDS_H

#include "crypto/password.h"

#define PASSWORD_MIN 12 /* characters */
#define PASSWORD_MAX 512
#define PASSWORDS_WAITING_MAX 64

struct passwords;
HF_MUST hf_status passwords_new(struct passwords **ret, struct hf_err *err);
/* What waits, and what comes from now on, ends with HF_CLOSED. */
void passwords_stop(struct passwords *p);
void passwords_free(struct passwords *p);

/* Embedded by the caller, who keeps it and the password until done(). */
struct password_job {
	struct hf_span password;
	const char *hash; /* to check against; NULL: none is right (and done() comes as late) */
	bool make;        /* or: `made` is wanted */
	char made[PASSWORD_HASHED_MAX];
	void (*done)(struct password_job *job, hf_status s); /* HF_UNAUTHENTIC; on its thread */
	struct password_job *next;
};
/* HF_BUSY: too many wait; done() is then not called. */
HF_MUST hf_status passwords_submit(struct passwords *p, struct password_job *job);

/* May it be somebody's password? HF_INVALID with words: its length, or that it is his name. */
HF_MUST hf_status password_check_new(const char *password, const char *email, struct hf_err *err);

#endif
