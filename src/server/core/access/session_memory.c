/* SPDX-License-Identifier: Apache-2.0
 * The memory of who has proved what: a table of fixed size, in which the one that was used least
 * lately makes room. */
#include "server/core/access/sessions_inside.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "server/core/access/ip_ranges.h"
#include "server/core/access/passwords.h"
#include "server/core/people/attempts.h"
#include "server/server.h"
#include "server/store/session_rows.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 4096 /* a power of two */
#define ENTRIES_MAX 16384

/* One proof. */
struct entry {
	struct entry *next; /* in its bucket */
	TAILQ_ENTRY(entry) by_use;
	uint8_t key[SHA256_LEN];
	int64_t loaded_ms; /* monotonic */
	struct remembered what;
};

TAILQ_HEAD(entry_list, entry);

struct crypto_sessions {
	const struct core *core;
	struct passwords *passwords;
	struct attempts *attempts;
	int64_t app_idle_ms, user_ms;
	pthread_mutex_t lock; /* all below */
	unsigned generation;
	size_t n;
	struct entry *buckets[BUCKETS];
	struct entry_list by_use; /* the last used first */
};

hf_status crypto_sessions_new(const struct core *core, struct crypto_sessions **ret,
                              struct hf_err *err)
{
	struct crypto_sessions *s = calloc(1, sizeof(*s));
	const struct server_config *config = core->config;
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	s->core = core;
	pthread_mutex_init(&s->lock, NULL);
	TAILQ_INIT(&s->by_use);
	s->app_idle_ms = config->app_session_ms ? config->app_session_ms : SESSION_APP_IDLE_MS;
	s->user_ms = config->user_session_ms ? config->user_session_ms : SESSION_USER_MS;
	status = attempts_new(&s->attempts);
	if (hf_ok(status))
		status = passwords_new(&s->passwords, err);
	if (!hf_ok(status)) {
		crypto_sessions_free(s);
		return status;
	}
	*ret = s;
	return HF_SUCCESS;
}

static void drop(struct crypto_sessions *s, struct entry *e)
{
	struct entry **at = &s->buckets[e->key[0] | (e->key[1] & 0x0f) << 8];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&s->by_use, e, by_use);
	s->n--;
	principal_unref(e->what.who);
	hf_wipe(e, sizeof(*e));
	free(e);
}

static void drop_all(struct crypto_sessions *s, const char *identity_id)
{
	struct entry *e, *next;

	for (e = TAILQ_FIRST(&s->by_use); e; e = next) {
		next = TAILQ_NEXT(e, by_use);
		if (!identity_id || strcmp(e->what.who->identity_id, identity_id) == 0)
			drop(s, e);
	}
}

void crypto_sessions_stop(struct crypto_sessions *s)
{
	passwords_stop(s->passwords);
}

void crypto_sessions_free(struct crypto_sessions *s)
{
	if (!s)
		return;
	passwords_free(s->passwords);
	drop_all(s, NULL);
	attempts_free(s->attempts);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct passwords *crypto_sessions_passwords(struct crypto_sessions *s)
{
	return s->passwords;
}

struct attempts *crypto_sessions_attempts(struct crypto_sessions *s)
{
	return s->attempts;
}

const struct core *crypto_sessions_core(struct crypto_sessions *s)
{
	return s->core;
}

int64_t sessions_app_idle_ms(const struct crypto_sessions *s)
{
	return s->app_idle_ms;
}

int64_t sessions_user_ms(const struct crypto_sessions *s)
{
	return s->user_ms;
}

bool shown_nothing(const struct shown *shown)
{
	return !shown->authorization && !shown->certificates.len;
}

/* The certificates go with the rest: a session that is bound to one is another without it. */
static void shown_key(const struct shown *shown, uint8_t ret[SHA256_LEN])
{
	struct hf_span words = hf_span_text(shown->authorization);
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(1u << 20);
	hf_status s;

	if (!shown->certificates.len) {
		s = sha256(words, ret);
	} else {
		hf_buf_field(&all, words);
		hf_buf_put(&all, shown->certificates.ptr, shown->certificates.len);
		s = hf_buf_status(&all);
		if (hf_ok(s))
			s = sha256(hf_buf_span(&all), ret);
		hf_wipe(all.ptr, all.len);
	}
	if (!hf_ok(s)) /* out of memory: remembered under a name that nobody looks for */
		hf_random(ret, SHA256_LEN);
}

static struct entry *look(struct crypto_sessions *s, const uint8_t key[SHA256_LEN])
{
	struct entry *e = s->buckets[key[0] | (key[1] & 0x0f) << 8];

	while (e && !hf_equal_ct(e->key, key, SHA256_LEN))
		e = e->next;
	return e;
}

/* A use of a session is written down now and then: at the latest when a tenth of its time is gone.
 */
struct extension {
	struct db_task task; /* first */
	uint8_t session[SHA256_LEN];
	int64_t expires_ms;
};

static hf_status run_extension(struct db_task *task, struct db *db)
{
	struct extension *x = (struct extension *)task;

	return session_row_extend(db, HF_SPAN(x->session, sizeof(x->session)), x->expires_ms);
}

static void extension_done(struct db_task *task, hf_status s)
{
	free(task);
}

static void extend(struct crypto_sessions *s, const struct remembered *what)
{
	struct extension *x = calloc(1, sizeof(*x));

	if (!x)
		return;
	x->task = (struct db_task){
		.run = run_extension,
		.done = extension_done,
		.durability = DB_RELAXED,
	};
	memcpy(x->session, what->session, sizeof(x->session));
	x->expires_ms = what->expires_ms;
	if (!hf_ok(db_work_submit(s->core->writer, &x->task)))
		free(x);
}

static bool is_over(const struct entry *e, int64_t now_ms)
{
	return e->what.expires_ms && now_ms >= e->what.expires_ms;
}

static bool is_fresh(const struct entry *e, int64_t now_ms)
{
	return hf_mono_ms() - e->loaded_ms < PRINCIPAL_FRESH_MS && !is_over(e, now_ms);
}

/* Whether that is to be written down. */
static bool use(struct entry *e, int64_t now_ms)
{
	int64_t until = session_no_later(now_ms + e->what.idle_ms, e->what.ends_ms);

	if (!e->what.idle_ms || until <= e->what.expires_ms ||
	    until - e->what.expires_ms < e->what.idle_ms / 10)
		return false;
	e->what.expires_ms = until;
	return true;
}

hf_status crypto_sessions_find(struct crypto_sessions *s, const struct shown *shown,
                               struct principal **ret, struct hf_err *err)
{
	PRINCIPAL_SCOPED struct principal *who = NULL;
	struct remembered what = { 0 };
	uint8_t key[SHA256_LEN];
	bool extends = false;
	struct entry *e;

	shown_key(shown, key);
	pthread_mutex_lock(&s->lock);
	e = look(s, key);
	if (e && is_fresh(e, shown->now_ms)) {
		TAILQ_REMOVE(&s->by_use, e, by_use);
		TAILQ_INSERT_HEAD(&s->by_use, e, by_use);
		extends = use(e, shown->now_ms);
		what = e->what;
		who = principal_ref(e->what.who);
	}
	pthread_mutex_unlock(&s->lock);
	HF_ENSURE(who, HF_NOTFOUND);
	if (extends)
		extend(s, &what);
	if (!ip_ranges_have(who->from, shown->address))
		return hf_fail(err, HF_DENIED,
		               "this app may not call from this address (its ip_address_policy)");
	*ret = hf_take(who);
	return HF_SUCCESS;
}

bool crypto_sessions_known(struct crypto_sessions *s, const struct shown *shown)
{
	int64_t stamp, expires;

	return crypto_sessions_recall(s, shown, &stamp, &expires);
}

bool crypto_sessions_recall(struct crypto_sessions *s, const struct shown *shown,
                            int64_t *ret_stamp, int64_t *ret_expires_ms)
{
	uint8_t key[SHA256_LEN];
	struct entry *e;

	shown_key(shown, key);
	pthread_mutex_lock(&s->lock);
	e = look(s, key);
	if (e && is_over(e, shown->now_ms))
		e = NULL;
	if (e) {
		*ret_stamp = e->what.stamp;
		*ret_expires_ms = e->what.expires_ms;
	}
	pthread_mutex_unlock(&s->lock);
	return e;
}

void crypto_sessions_forget(struct crypto_sessions *s, const char *identity_id)
{
	pthread_mutex_lock(&s->lock);
	s->generation++;
	drop_all(s, identity_id);
	pthread_mutex_unlock(&s->lock);
}

unsigned crypto_sessions_generation(struct crypto_sessions *s)
{
	unsigned generation;

	pthread_mutex_lock(&s->lock);
	generation = s->generation;
	pthread_mutex_unlock(&s->lock);
	return generation;
}

static void insert(struct crypto_sessions *s, struct entry *e, const struct remembered *what)
{
	struct entry **bucket = &s->buckets[e->key[0] | (e->key[1] & 0x0f) << 8];
	struct entry *before = look(s, e->key);

	if (before)
		drop(s, before);
	if (s->n == ENTRIES_MAX)
		drop(s, TAILQ_LAST(&s->by_use, entry_list));
	e->what = *what;
	e->what.who = principal_ref(what->who);
	e->loaded_ms = hf_mono_ms();
	e->next = *bucket;
	*bucket = e;
	TAILQ_INSERT_HEAD(&s->by_use, e, by_use);
	s->n++;
}

void crypto_sessions_remember(struct crypto_sessions *s, unsigned generation,
                              const struct shown *shown, const struct remembered *what)
{
	struct entry *e = calloc(1, sizeof(*e));
	struct remembered used = { 0 };
	bool extends = false;

	if (!e)
		return;
	shown_key(shown, e->key);
	pthread_mutex_lock(&s->lock);
	if (s->generation == generation) {
		insert(s, e, what);
		extends = use(e, shown->now_ms); /* whoever is looked up uses it, too */
		used = e->what;
	} else {
		free(e);
	}
	pthread_mutex_unlock(&s->lock);
	if (extends)
		extend(s, &used);
}
