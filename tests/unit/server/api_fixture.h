/* SPDX-License-Identifier: Apache-2.0
 * The whole Signing API in this process: real storage, queue and listener, a caller with an Ed25519
 * credential, and a driver whose HSM is a table of software keys. */
#ifndef HF_TESTS_API_FIXTURE_H
#define HF_TESTS_API_FIXTURE_H

#include "../db/tempdb.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "json/read.h"
#include "server/core/audit/audit.h"
#include "server/core/keys/keys.h"
#include "server/core/keys/signatures.h"
#include "server/errors.h"
#include "server/core/people/user_action.h"
#include "server/signing_api/api.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <secp256k1_recovery.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum hsm_mood {
	HSM_WELL,
	HSM_SILENT,  /* takes jobs and never answers */
	HSM_LYING,   /* signs something else, once, then is well */
	HSM_REFUSES, /* fails for good */
	HSM_GARBLES, /* the same, in words that are not UTF-8 */
	HSM_LEAVES,  /* signs once more, and its driver is gone */
};

struct soft_key {
	char id[HF_ID_MAX];
	enum key_type type;
	uint8_t secret[32];
	struct public_key public_key;
};

/* Who calls. */
struct actor {
	char token[JWS_TOKEN_MAX + 1], credential_id[CREDENTIAL_ID_MAX], id[HF_ID_MAX];
	EVP_PKEY *key;
};

static struct fixture {
	struct tempdb temp;
	struct db_config db;
	char dir[64], secret[96], pem[96];
	EVP_PKEY *credential;
	struct actor first;     /* the first service account */
	const struct actor *as; /* who calls, from now on */
	struct server_init_result account;
	struct server_config config;
	struct core core;
	struct signing_api *api;
	struct http_server *http;
	pthread_t driver, ticker;
	atomic_bool stopping;
	atomic_int mood;
	atomic_int signed_count;
	bool resident;
	struct soft_key keys[512];
	size_t n_keys;
	secp256k1_context *k1;
} fx;
/* Of the next server; 0: any number. */
static unsigned fx_rate_limit __attribute__((unused)), fx_login_rate __attribute__((unused));

/* The driver. */
struct soft_poll {
	struct jobs_poll poll; /* first */
	struct poll_result results[POLL_BATCH_MAX];
	uint8_t encoded[POLL_BATCH_MAX][1024];
	struct {
		uint64_t job;
		uint8_t op[OP_ENCODED_MAX];
		size_t len;
	} jobs[16];
	size_t n_jobs;
	sem_t answered;
};

static void soft_answered(struct jobs_poll *p, const struct poll_reply *reply, hf_status s)
{
	struct soft_poll *d = (struct soft_poll *)p;

	d->n_jobs = reply ? reply->n_jobs : 0;
	for (size_t i = 0; i < d->n_jobs; i++) {
		d->jobs[i].job = reply->jobs[i].job;
		d->jobs[i].len = reply->jobs[i].op.len;
		memcpy(d->jobs[i].op, reply->jobs[i].op.ptr, reply->jobs[i].op.len);
	}
	sem_post(&d->answered);
}

static struct soft_key *soft_key(const char *id)
{
	for (size_t i = 0; i < fx.n_keys; i++)
		if (strcmp(fx.keys[i].id, id) == 0)
			return &fx.keys[i];
	return NULL;
}

static struct soft_key *soft_generate(const struct op *op)
{
	struct soft_key *k = soft_key(op->key_id);

	if (k)
		return k;
	k = &fx.keys[fx.n_keys++];
	strcpy(k->id, op->key_id);
	k->type = op->key_type;
	hf_random(k->secret, sizeof(k->secret));
	if (k->type == KEY_SECP256K1) {
		secp256k1_pubkey pub;

		k->public_key.len = 33;
		CHECK(secp256k1_ec_pubkey_create(fx.k1, &pub, k->secret));
		secp256k1_ec_pubkey_serialize(fx.k1, k->public_key.bytes, &k->public_key.len, &pub,
		                              SECP256K1_EC_COMPRESSED);
	} else {
		EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->secret, 32);

		k->public_key.len = 32;
		CHECK(EVP_PKEY_get_raw_public_key(key, k->public_key.bytes, &k->public_key.len));
		EVP_PKEY_free(key);
	}
	return k;
}

static void soft_sign(const struct op *op, struct signature *to)
{
	const struct soft_key *k = soft_key(op->key_id);

	CHECK(k != NULL);
	to->len = 64;
	if (k->type == KEY_SECP256K1) {
		secp256k1_ecdsa_recoverable_signature sig;

		CHECK(secp256k1_ecdsa_sign_recoverable(fx.k1, &sig, op->input.ptr, k->secret, NULL,
		                                       NULL));
		secp256k1_ecdsa_recoverable_signature_serialize_compact(fx.k1, to->bytes,
		                                                        &to->recid, &sig);
	} else {
		EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->secret, 32);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		to->recid = -1;
		CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
		CHECK(EVP_DigestSign(ctx, to->bytes, &to->len, op->input.ptr, op->input.len) == 1);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
	fx.signed_count++;
}

static void soft_work(struct hf_span encoded, struct op_result *r)
{
	struct op op;
	int mood = fx.mood;

	CHECK_OK(op_decode(encoded, &op, NULL));
	*r = (struct op_result){ .outcome = OP_DONE, .signature.recid = -1 };
	if (mood == HSM_REFUSES || mood == HSM_GARBLES) {
		*r = (struct op_result){ .outcome = OP_FAILED,
			                 .code = HF_UNSUPPORTED,
			                 .signature.recid = -1 };
		strcpy(r->text, mood == HSM_GARBLES ? "Schl\xfcssel"
		                                    : "CKR_KEY_NOT_WRAPPABLE: allow resident keys");
	} else if (op.kind == OP_GENERATE) {
		const struct soft_key *k = soft_generate(&op);

		r->public_key = HF_SPAN(k->public_key.bytes, k->public_key.len);
		r->resident = fx.resident;
	} else {
		soft_sign(&op, &r->signature);
		if (mood == HSM_LYING) {
			r->signature.bytes[40] ^= 1;
			fx.mood = HSM_WELL;
		}
	}
}

static void soft_hand_in(struct soft_poll *d)
{
	for (size_t i = 0; i < d->n_jobs && fx.mood != HSM_SILENT; i++) {
		HF_BUF_SCOPED struct hf_buf b = HF_BUF(sizeof(d->encoded[i]));
		struct op_result r;

		soft_work(HF_SPAN(d->jobs[i].op, d->jobs[i].len), &r);
		op_result_encode(&b, &r);
		CHECK_OK(hf_buf_status(&b));
		memcpy(d->encoded[i], b.ptr, b.len);
		d->results[i] =
		        (struct poll_result){ d->jobs[i].job, HF_SPAN(d->encoded[i], b.len) };
		d->poll.request.n_results = i + 1;
	}
}

static void *soft_driver(void *arg)
{
	static struct soft_poll d;

	memset(&d, 0, sizeof(d));
	sem_init(&d.answered, 0, 0);
	while (!fx.stopping) {
		bool leaving = fx.mood == HSM_LEAVES && d.n_jobs > 0;

		memset(&d.poll, 0, sizeof(d.poll));
		d.poll.store_id = fx.account.store_id;
		d.poll.driver = "soft driver";
		strcpy(d.poll.request.instance, "0123456789abcdef0123456789abcdef");
		d.poll.request.capacity = leaving ? 0 : HF_COUNT(d.jobs);
		d.poll.request.wait_ms = 1000;
		d.poll.request.results = d.results;
		d.poll.answered = soft_answered;
		soft_hand_in(&d);
		if (!hf_ok(jobs_poll(fx.core.jobs, fx.core.writer, &d.poll)))
			break;
		sem_wait(&d.answered);
		if (leaving)
			break;
	}
	sem_destroy(&d.answered);
	return NULL;
}

static void *tick(void *arg)
{
	while (!fx.stopping) {
		usleep(10 * 1000);
		waiters_tick(fx.core.waiters);
		jobs_tick(fx.core.jobs, fx.core.writer);
	}
	return NULL;
}

static hf_status before_commit(void *ctx, struct db *db)
{
	return jobs_before_commit(fx.core.jobs, db);
}

static void after_commit(void *ctx, hf_status s)
{
	jobs_after_commit(fx.core.jobs, s);
}

static void make_account(void)
{
	struct server_init init = {
		.db = fx.db,
		.secret_file = fx.secret,
		.org_name = "Test",
		.store_name = "HSM",
		.account_name = "tester",
		.public_key_file = fx.pem,
		.token_days = 1,
	};
	struct hf_err err = { 0 };
	FILE *f = fopen(fx.pem, "w");

	fx.credential = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CHECK(f && PEM_write_PUBKEY(f, fx.credential) == 1);
	fclose(f);
	if (!hf_ok(server_init(&init, &fx.account, &err)))
		fail_msg("server_init: %s", err.text);
	snprintf(fx.first.token, sizeof(fx.first.token), "%s", fx.account.token);
	snprintf(fx.first.credential_id, sizeof(fx.first.credential_id), "%s",
	         fx.account.credential_id);
	snprintf(fx.first.id, sizeof(fx.first.id), "%s", fx.account.identity_id);
	fx.first.key = fx.credential;
	fx.as = &fx.first;
}

static void start_core(void)
{
	const struct jobs_config jobs = {
		.settle = core_settle,
		.announce = core_announce,
		.ctx = &fx.core,
	};
	struct db_work_config writer = {
		.db = fx.db,
		.write = true,
		.threads = fx.db.postgres_url ? 2 : 1,
		.before_commit = before_commit,
		.after_commit = after_commit,
	};
	struct db_work_config reader = { .db = fx.db, .threads = 2 };

	fx.config.relaxed = true;
	fx.config.rate_limit = fx_rate_limit;
	fx.config.login_rate = fx_login_rate;
	fx.core.config = &fx.config;
	CHECK_OK(core_secrets_load(fx.secret, &fx.core.secrets, NULL));
	CHECK_OK(jobs_new(&jobs, &fx.core.jobs));
	CHECK_OK(waiters_new(&fx.core.waiters));
	CHECK_OK(audit_new(&fx.core.audit));
	CHECK_OK(db_work_start(&writer, &fx.core.writer, NULL));
	CHECK_OK(db_work_start(&reader, &fx.core.reader, NULL));
	CHECK_OK(signing_api_new(&fx.core, &fx.api, NULL));
}

/* All but the database and the secret, which outlive a restart. */
static void api_start(void)
{
	struct http_server_config http = {
		.listen = "127.0.0.1:0",
		.error_body = api_error_body,
		.error_content_type = API_CONTENT_TYPE,
	};

	fx.stopping = false;
	start_core();
	http.routes = fx.api->routes;
	http.n_routes = fx.api->n_routes;
	http.ctx = fx.api;
	CHECK_OK(http_server_start(&http, &fx.http, NULL));
	pthread_create(&fx.driver, NULL, soft_driver, NULL);
	pthread_create(&fx.ticker, NULL, tick, NULL);
}

static int api_setup(void **state)
{
	memset(&fx, 0, sizeof(fx));
	hf_log_setup("test", HF_LOG_ERROR + 1, HF_LOG_TEXT);
	strcpy(fx.dir, "/tmp/holdfast-api-XXXXXX");
	if (!mkdtemp(fx.dir))
		return -1;
	tempdb_make(&fx.temp);
	fx.db = tempdb_config(&fx.temp);
	snprintf(fx.secret, sizeof(fx.secret), "%s/secret", fx.dir);
	snprintf(fx.pem, sizeof(fx.pem), "%s/pem", fx.dir);
	fx.k1 = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	make_account();
	api_start();
	return 0;
}

static void api_stop(void)
{
	fx.stopping = true;
	waiters_release_all(fx.core.waiters);
	jobs_release_all(fx.core.jobs);
	pthread_join(fx.driver, NULL);
	pthread_join(fx.ticker, NULL);
	db_work_stop(fx.core.writer);
	db_work_stop(fx.core.reader);
	http_server_stop(fx.http);
	signing_api_free(fx.api);
	jobs_free(fx.core.jobs);
	waiters_free(fx.core.waiters);
	audit_free(fx.core.audit);
	core_secrets_done(&fx.core.secrets);
	memset(&fx.core, 0, sizeof(fx.core));
}

static int api_teardown(void **state)
{
	api_stop();
	EVP_PKEY_free(fx.credential);
	secp256k1_context_destroy(fx.k1);
	for (const char *const *name = (const char *const[]){ "secret", "pem", NULL }; *name;
	     name++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", fx.dir, *name);
		unlink(path);
	}
	tempdb_remove(&fx.temp);
	return rmdir(fx.dir);
}

/* The caller. */
#define REPLY_MAX (24 << 20)
struct reply {
	int status;
	struct json_t *json; /* freed by the next request */
	char body[REPLY_MAX];
};
static struct reply got;

static void read_reply(int fd)
{
	static char raw[REPLY_MAX];
	size_t len = 0;
	ssize_t n;
	char *body;

	while ((n = recv(fd, raw + len, sizeof(raw) - 1 - len, 0)) > 0)
		len += (size_t)n;
	raw[len] = 0;
	body = strstr(raw, "\r\n\r\n");
	CHECK(body != NULL);
	CHECK(sscanf(raw, "HTTP/1.1 %d", &got.status) == 1);
	strcpy(got.body, body + 4);
	json_done(hf_take(got.json));
	if (got.status != 204)
		CHECK_OK(json_parse(hf_span_text(got.body), sizeof(got.body), &got.json, NULL));
}

static void send_with(const char *token, const char *method, const char *target, const char *body,
                      const char *action)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(http_server_port(fx.http)),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	HF_FD int fd = socket(AF_INET, SOCK_STREAM, 0);
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(1u << 20);

	CHECK(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	hf_buf_printf(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method,
	              target);
	if (token)
		hf_buf_printf(&out, "Authorization: Bearer %s\r\n", token);
	if (action) {
		hf_buf_text(&out, "X-DFNS-USERACTION: ");
		hf_buf_text(&out, action);
		hf_buf_text(&out, "\r\n");
	}
	if (body)
		hf_buf_printf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		              strlen(body));
	hf_buf_text(&out, "\r\n");
	hf_buf_text(&out, body ? body : "");
	CHECK_OK(hf_buf_status(&out));
	CHECK(send(fd, out.ptr, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
	read_reply(fd);
}

static int get(const char *target)
{
	send_with(fx.as->token, "GET", target, NULL, NULL);
	return got.status;
}

/* A member of the reply by path: "error.message", "items.0.id". "" when absent. */
static const char *member(const char *path)
{
	static char found[4][16384];
	static int turn;
	char *to = found[turn++ % 4], step[64];
	const struct json_t *at = got.json;
	const char *text = NULL;

	while (*path) {
		size_t n = strcspn(path, ".");
		struct json_t *next = NULL;
		const struct json_field f = { step, JSON_READ_ANY, 0 };

		snprintf(step, sizeof(step), "%.*s", (int)n, path);
		path += n + (path[n] == '.');
		text = json_member_text(at, step);
		if (json_count(at))
			next = json_element(at, (size_t)atoi(step));
		else if (!hf_ok(json_read_some(at, &f, 1, &next, NULL)))
			return "";
		if (!next)
			return "";
		if (!text)
			text = json_value_text(next);
		at = next;
	}
	snprintf(to, sizeof(found[0]), "%s", text ? text : "");
	return to;
}

static size_t items(void)
{
	struct json_t *list = NULL;
	const struct json_field f = { "items", JSON_READ_ARRAY, 0, true };

	CHECK_OK(json_read_some(got.json, &f, 1, &list, NULL));
	return json_count(list);
}

static void sign_client_data(const char *challenge, struct hf_buf *client_data,
                             struct hf_buf *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[64];
	size_t len = sizeof(sig);

	hf_buf_printf(client_data, "{\"type\":\"key.get\",\"challenge\":\"%s\"}", challenge);
	CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, fx.as->key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &len, client_data->ptr, client_data->len) == 1);
	EVP_MD_CTX_free(ctx);
	hf_buf_put(signature, sig, len);
}

static int begin_action(const char *method, const char *path, const char *payload)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(1u << 20);

	hf_buf_printf(&body,
	              "{\"userActionHttpMethod\":\"%s\",\"userActionHttpPath\":\"%s\","
	              "\"userActionPayload\":",
	              method, path);
	hf_buf_json_string(&body, hf_span_text(payload));
	hf_buf_text(&body, ",\"userActionServerKind\":\"Api\"}");
	hf_buf_u8(&body, 0);
	send_with(fx.as->token, "POST", "/auth/action/init", (const char *)body.ptr, NULL);
	return got.status;
}

/* Signs the challenge that was just given. */
static int finish_action(void)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(1u << 20), data = HF_BUF(1024), sig = HF_BUF(64);

	sign_client_data(member("challenge"), &data, &sig);
	hf_buf_printf(&body, "{\"challengeIdentifier\":\"");
	hf_buf_text(&body, member("challengeIdentifier"));
	hf_buf_text(&body,
	            "\",\"firstFactor\":{\"kind\":\"Key\",\"credentialAssertion\":{\"credId\":\"");
	hf_buf_text(&body, fx.as->credential_id);
	hf_buf_text(&body, "\",\"clientData\":\"");
	hf_buf_base64url(&body, hf_buf_span(&data));
	hf_buf_text(&body, "\",\"signature\":\"");
	hf_buf_base64url(&body, hf_buf_span(&sig));
	hf_buf_text(&body, "\"}}}");
	hf_buf_u8(&body, 0);
	send_with(fx.as->token, "POST", "/auth/action", (const char *)body.ptr, NULL);
	return got.status;
}

/* A user action token for the request. Lives until the call after the next. */
static const char *user_action(const char *method, const char *path, const char *payload)
{
	static char tokens[2][USER_ACTION_TOKEN_MAX];
	static int turn;
	char *token = tokens[turn++ % 2];

	if (begin_action(method, path, payload) != 200)
		fail_msg("init: %s", got.body);
	if (finish_action() != 200)
		fail_msg("action: %s", got.body);
	snprintf(token, USER_ACTION_TOKEN_MAX, "%s", member("userAction"));
	return token;
}

/* As the official client does it: user action, then the request. */
static int signed_request(const char *method, const char *path, const char *body)
{
	const char *action = user_action(method, path, body);

	send_with(fx.as->token, method, path, body, action);
	return got.status;
}

/* Behind the server's back. */
static inline int64_t sql(const char *text)
{
	DB_SCOPED struct db *db = NULL;
	DB_STMT st = NULL;
	int64_t value = 0;
	bool row;

	CHECK_OK(db_open(&fx.db, &db, NULL));
	CHECK_OK(db_query(db, text, &st));
	CHECK_OK(db_step(st, &row));
	if (row)
		value = db_col_int(st, 0);
	return value;
}

#endif
