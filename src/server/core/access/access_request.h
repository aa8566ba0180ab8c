/* SPDX-License-Identifier: Apache-2.0
 * Who is it? What a request shows is looked up, checked, and remembered (sessions.h):
 *
 *   Bearer TOKEN              a session; or a signed JWT, whose `sub` is the app's id
 *   Basic UUID:SECRET         an app's API key
 *   Basic UUID:JWT            the same app's signed JWT
 *   Basic UUID: , or nothing  an app, by the certificate of the connection
 *   Basic E-MAIL:PASSWORD     a user
 *
 * Reading is done by the database's threads, passwords are checked on a thread of their own,
 * signing keys are fetched by another: nobody blocks. Every failure of a proof has the same words,
 * and takes the same steps whether there is such a user or not. */
#ifndef HF_SERVER_CORE_ACCESS_ACCESS_REQUEST_H
#define HF_SERVER_CORE_ACCESS_ACCESS_REQUEST_H

#include "server/core/access/jwks.h"
#include "server/core/access/passwords.h"
#include "server/core/access/sessions.h"

#define ACCESS_REFUSED_TEXT "no session, API key, certificate or password that this server knows"

enum proof_kind { PROOF_SESSION, PROOF_APP, PROOF_USER };

struct access_request {
	struct db_task task; /* first */
	struct crypto_sessions *sessions;
	struct shown shown; /* stays the caller's, until done() */
	/* Instead of it: an app by its name and secret (auth-by-app-name). NULL: not so. */
	const char *org_id, *app_name, *app_secret;
	/* HF_OK with `who`; HF_UNAUTHENTIC; HF_DENIED: not from this address; HF_STATE: too many
	 * attempts failed; HF_BUSY …, with words. From any thread. */
	void (*done)(struct access_request *r, hf_status s);
	void *ctx;
	struct principal *who; /* the callee's; of a failure: whom it was about, or NULL */
	enum proof_kind kind;
	bool by_certificate; /* that is what proved him */
	bool by_previous;    /* an app's secret before the present one */
	int64_t ends_ms;     /* of the proof: a JWT's, a certificate's, an old secret's; 0: not by
	                        itself */
	int64_t stamp;       /* when the credential was last changed */
	struct hf_err err;
	/* ---- its own */
	unsigned generation;
	struct remembered found;
	struct hf_buf user, secret; /* of Basic; wiped */
	bool anew; /* the same proof was good before, and the credential is the same */
	struct password_job password;
	char password_hash[PASSWORD_HASHED_MAX];
	struct jwks_wait keys;
	struct app_jwt *jwt;
};

/* `r` is zeroed but for what stands above `done`, with it; it lives until then. */
void access_request_begin(struct access_request *r);
/* After done(). */
void access_request_end(struct access_request *r);

#endif
