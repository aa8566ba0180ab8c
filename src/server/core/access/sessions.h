/* SPDX-License-Identifier: Apache-2.0
 * Sessions of the Crypto API, and the memory of who has proved what.
 *
 * A session's token is 256 random bits; only its SHA-256 is stored. One of an app ends when it has
 * not been used for a while, one of a user after a fixed time; each ends at once when it is
 * terminated, or when what proved its owner changes, and none outlives that proof (a JWT, a
 * certificate, a secret that another one has followed).
 *
 * Whatever came with a request (a token, an API key, a certificate …) is remembered by its SHA-256
 * with the principal that it stands for, and believed for PRINCIPAL_FRESH_MS; then the database is
 * asked again. So other servers' changes count after that time, and this one's at once. Any thread.
 */
#ifndef HF_SERVER_CORE_ACCESS_SESSIONS_H
#define HF_SERVER_CORE_ACCESS_SESSIONS_H

#include "crypto/digest.h"
#include "server/core/access/principal.h"
#include "server/core/core.h"

#define SESSION_APP_IDLE_MS (10 * 60 * 1000)
#define SESSION_USER_MS (24 * 3600 * 1000)
#define SESSION_TOKEN_MAX 64

struct crypto_sessions;
HF_MUST hf_status crypto_sessions_new(const struct core *core, struct crypto_sessions **ret,
                                      struct hf_err *err);
/* No more passwords: what waits for one, or comes yet, ends with HF_CLOSED. Before the
 * database's threads are stopped. */
void crypto_sessions_stop(struct crypto_sessions *s);
/* After the last request was answered and the database's threads have ended. */
void crypto_sessions_free(struct crypto_sessions *s);

/* What came with a request; borrowed. */
struct shown {
	const char *authorization;   /* the header; NULL: none */
	struct hf_span certificates; /* crypto/tls.h: tls_peer_shown(); empty: none */
	const char *address;         /* of the connection */
	int64_t now_ms;
};
bool shown_nothing(const struct shown *shown);

/* From memory alone. HF_NOTFOUND: it has to be looked up (access_request.h). HF_DENIED with words:
 * not from this address. *ret is a reference of the caller's. */
HF_MUST hf_status crypto_sessions_find(struct crypto_sessions *s, const struct shown *shown,
                                       struct principal **ret, struct hf_err *err);
/* It was good when it was last looked up, and is remembered. */
bool crypto_sessions_known(struct crypto_sessions *s, const struct shown *shown);
/* After the commit of what changes somebody's rights or proofs. NULL: everybody. */
void crypto_sessions_forget(struct crypto_sessions *s, const char *identity_id);

struct session_new {
	const struct principal *who;
	struct hf_span certificates; /* its owner proved himself by them, so that every request has
	                                to show them; or empty */
	int64_t ends_ms;   /* of what proved him, which it does not outlive; 0: not by itself */
	int64_t factor_ms; /* since when his second factor is shown; 0: it is not */
	bool by_previous;  /* an app's secret before the present one proved it */
	int64_t stamp;     /* when that credential was last changed, as it was checked; 0: a session
	                      that goes on */
	int64_t now_ms;
};
struct session_opened {
	char token[SESSION_TOKEN_MAX];
	char id[HF_ID_MAX];
	int64_t lasts_ms;
};
/* In a transaction of the writer. HF_UNAUTHENTIC: the credential was changed since it was checked,
 * which has ended the sessions that there were. */
HF_MUST hf_status crypto_session_open(struct crypto_sessions *s, struct db *db,
                                      const struct session_new *from, struct session_opened *ret);
/* The one whose token the request shows. HF_STATE with words: it shows none. */
HF_MUST hf_status crypto_session_close(struct db *db, const struct shown *shown,
                                       struct hf_err *err);
/* Its row. HF_STATE as above. */
struct session_row;
HF_MUST hf_status crypto_session_row(struct db *db, const struct shown *shown,
                                     struct session_row *ret, struct hf_err *err);
/* Another one beside it, for the same time at most, and asking for the same certificate.
 * HF_STATE as above. */
HF_MUST hf_status crypto_session_another(struct crypto_sessions *s, struct db *db,
                                         const struct shown *shown, const struct principal *who,
                                         struct session_opened *ret, struct hf_err *err);
HF_MUST hf_status crypto_session_refresh(struct crypto_sessions *s, struct db *db,
                                         const struct shown *shown, int64_t *ret_lasts_ms,
                                         struct hf_err *err);

/* ---- for access_request.c: what is remembered of a proof */
struct remembered {
	struct principal *who; /* a reference */
	int64_t expires_ms;    /* of the proof, wall clock; 0: not by itself */
	int64_t idle_ms;       /* a use moves expires_ms so far; 0: not */
	int64_t ends_ms;       /* but never beyond; 0: no such time */
	int64_t stamp;         /* when the credential behind it was last changed */
	uint8_t session[SHA256_LEN];
};
unsigned crypto_sessions_generation(struct crypto_sessions *s);
/* Not when somebody was forgotten since that generation. */
void crypto_sessions_remember(struct crypto_sessions *s, unsigned generation,
                              const struct shown *shown, const struct remembered *what);
/* An old one too. False: there is none. */
bool crypto_sessions_recall(struct crypto_sessions *s, const struct shown *shown,
                            int64_t *ret_stamp, int64_t *ret_expires_ms);

struct passwords;
struct attempts;
struct passwords *crypto_sessions_passwords(struct crypto_sessions *s);
struct attempts *crypto_sessions_attempts(struct crypto_sessions *s);
const struct core *crypto_sessions_core(struct crypto_sessions *s);

#endif
