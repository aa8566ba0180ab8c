/* SPDX-License-Identifier: Apache-2.0
 * The Signing API with users who decide, and policies. Users decide through the core, as the route
 * does once it knows who calls. */
#ifndef HF_TESTS_POLICY_FIXTURE_H
#define HF_TESTS_POLICY_FIXTURE_H

#include "accounts_fixture.h"

#include "server/core/policies/approvals.h"

#define K1 "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}"

static void replied(int status, const char *words)
{
	if (got.status != status)
		fail_msg("%d instead of %d: %s", got.status, status, got.body);
	if (words && !strstr(got.body, words))
		fail_msg("no \"%s\" in %s", words, got.body);
}

/* A task on the writer, waited for. */
struct work {
	struct db_task task; /* first */
	hf_status (*fn)(struct db *db, void *arg);
	void *arg;
	hf_status status;
	sem_t done;
};

static hf_status work_run(struct db_task *task, struct db *db)
{
	struct work *w = (struct work *)task;

	return w->fn(db, w->arg);
}

static void work_done(struct db_task *task, hf_status s)
{
	struct work *w = (struct work *)task;

	w->status = s;
	sem_post(&w->done);
}

static void work_begin(struct work *w, hf_status (*fn)(struct db *, void *), void *arg)
{
	*w = (struct work){ .fn = fn, .arg = arg };
	w->task = (struct db_task){ .run = work_run, .done = work_done, .durability = DB_RELAXED };
	sem_init(&w->done, 0, 0);
	CHECK_OK(db_work_submit(fx.core.writer, &w->task));
}

static hf_status work_end(struct work *w)
{
	sem_wait(&w->done);
	sem_destroy(&w->done);
	return w->status;
}

static hf_status in_writer(hf_status (*fn)(struct db *, void *), void *arg)
{
	struct work w;

	work_begin(&w, fn, arg);
	return work_end(&w);
}

struct user {
	char id[HF_ID_MAX];
};

struct sql {
	const char *text, *a, *b, *c;
};

static hf_status run_sql(struct db *db, void *arg)
{
	const struct sql *s = arg;
	DB_STMT st = NULL;

	HF_TRY(db_query(db, s->text, &st));
	if (s->a)
		db_bind_text(st, 1, s->a);
	if (s->b)
		db_bind_text(st, 2, s->b);
	if (s->c)
		db_bind_text(st, 3, s->c);
	return db_run(st, NULL);
}

static void change_row(const char *text, const char *a)
{
	struct sql s = { .text = text, .a = a };

	CHECK_OK(in_writer(run_sql, &s));
}

static struct user new_user(const char *name)
{
	struct user u;
	struct sql s = {
		"INSERT INTO identities (id, org_id, kind, name, is_active, is_registered,"
		" is_archived, created_at) VALUES ($1, $2, 'CustomerEmployee', $3, 1, 1, 0, 1)",
		u.id, fx.account.org_id, name
	};

	hf_id_new("us", u.id);
	CHECK_OK(in_writer(run_sql, &s));
	change_row("INSERT INTO assignments (id, org_id, permission_id, identity_id, is_immutable,"
	           " created_at, updated_at) SELECT 'as' || substr($1, 3), org_id, id, $1, 0, 1, 1"
	           " FROM permissions WHERE operations = '*'",
	           u.id);
	return u;
}

struct id {
	char text[HF_ID_MAX];
};

static struct id id_of(const char *path)
{
	struct id id;

	snprintf(id.text, sizeof(id.text), "%s", member(path));
	CHECK(*id.text);
	return id;
}

#define TEXT(...)                                                                                  \
	({                                                                                         \
		static char text_[8192];                                                           \
		snprintf(text_, sizeof(text_), __VA_ARGS__);                                       \
		(const char *)text_;                                                               \
	})

static struct id new_policy(const char *body)
{
	signed_request("POST", "/v2/policies", body);
	replied(200, "\"Active\"");
	return id_of("id");
}

#define POLICY(activity, rule, action)                                                             \
	"{\"name\":\"p\",\"activityKind\":\"" activity "\",\"rule\":" rule ",\"action\":" action "}"
#define ALWAYS "{\"kind\":\"AlwaysTrigger\"}"
#define BLOCK "{\"kind\":\"Block\"}"
#define NO_ACTION "{\"kind\":\"NoAction\"}"
/* With two %s in it: so many of two users. */
#define TWO(quorum, more)                                                                          \
	"{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":" quorum                    \
	",\"approvers\":{\"userId\":{\"in\":[\"%s\",\"%s\"]}}}]" more "}"

static inline struct id new_key(void)
{
	signed_request("POST", "/keys", K1);
	replied(200, NULL);
	return id_of("id");
}

/* Asks for a signature; the reply is in `got`. */
static void sign(struct id key, int n)
{
	signed_request("POST", TEXT("/keys/%s/signatures", key.text),
	               TEXT("{\"kind\":\"Hash\",\"hash\":\"%064x\"}", n));
}

struct held {
	struct id signature, approval, key;
};

static inline struct held hold(struct id key, int n)
{
	struct held h = { .key = key };

	sign(key, n);
	replied(200, "\"Pending\"");
	h.signature = id_of("id");
	h.approval = id_of("approvalId");
	return h;
}

static const char *status_of(const struct held *h)
{
	get(TEXT("/keys/%s/signatures/%s", h->key.text, h->signature.text));
	replied(200, NULL);
	return member("status");
}

/* Until it is what is wanted. */
static inline void wait_for(const struct held *h, const char *status)
{
	for (int i = 0; i < 4000 && strcmp(status_of(h), status) != 0; i++)
		usleep(5000);
	assert_string_equal(status_of(h), status);
}

static inline const char *approval_status(const struct held *h)
{
	get(TEXT("/v2/policy-approvals/%s", h->approval.text));
	replied(200, NULL);
	return member("status");
}

struct deciding {
	struct approval_decision d;
	struct hf_err err;
	struct work work;
};

static hf_status run_decide(struct db *db, void *arg)
{
	struct deciding *k = arg;

	k->err = (struct hf_err){ 0 };
	return approval_decide(fx.core.jobs, db, &k->d, &k->err);
}

static void decision(struct deciding *k, const struct user *u, const char *approval, bool approve)
{
	*k = (struct deciding){ .d = { .org_id = fx.account.org_id,
		                       .approval_id = approval,
		                       .identity_id = u->id,
		                       .approve = approve,
		                       .proof = hf_span_text("proof"),
		                       .body = hf_span_text("{}"),
		                       .now_ms = hf_wall_ms() } };
}

static void decide_begin(struct deciding *k, const struct user *u, const char *approval,
                         bool approve)
{
	decision(k, u, approval, approve);
	work_begin(&k->work, run_decide, k);
}

static inline hf_status decide(const struct user *u, const char *approval, bool approve,
                               const char **ret_words)
{
	static struct deciding k;
	hf_status s;

	decide_begin(&k, u, approval, approve);
	s = work_end(&k.work);
	if (ret_words)
		*ret_words = k.err.text;
	return s;
}

static inline hf_status run_expire(struct db *db, void *arg)
{
	return approvals_expire(db, hf_wall_ms());
}

static inline void let_time_pass(const struct held *h)
{
	change_row("UPDATE approvals SET expires_at = 1 WHERE id = $1", h->approval.text);
}

#endif
