/* SPDX-License-Identifier: Apache-2.0
 * Two gateways in this process, before one token of software keys: real TLS, real listeners, the
 * real protocol, and moods that real gateways do not have. And what is in front of them: groups in
 * a database, and the server's connections. */
#ifndef HF_TESTS_SLOT_FIXTURE_H
#define HF_TESTS_SLOT_FIXTURE_H

#include "../crypto/test_pki.h"
#include "../db/tempdb.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/server.h"
#include "json/read.h"
#include "server/core/groups/group_changes.h"
#include "server/slot_links.h"
#include "server/store/group_rows.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <semaphore.h>

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define PIN "correct horse"
#define GATEWAYS 2
#define HELD_MAX 64

enum gateway_mood {
	GATEWAY_WELL,
	GATEWAY_SILENT,       /* takes requests and does not answer */
	GATEWAY_DEAF,         /* does what it is asked, and does not say so */
	GATEWAY_GARBLES,      /* answers bytes that mean nothing */
	GATEWAY_MISCOUNTS,    /* one result too many */
	GATEWAY_LIES,         /* signatures that do not verify */
	GATEWAY_FORGETS,      /* its session, once */
	GATEWAY_ILL,          /* its HSM fails */
	GATEWAY_CHANGES_KIND, /* makes other keys than it says */
	GATEWAY_TOO_LONG,
	GATEWAY_OTHER_TOKEN,
	GATEWAY_BLIND,  /* sees no keys */
	GATEWAY_TEAPOT, /* no gateway at all */
};

struct gateway {
	struct tls_server *tls;
	struct http_server *http;
	uint16_t port;
	atomic_int mood;
	atomic_uint opens, requests, signatures, ops, looks; /* so far */
	pthread_mutex_t lock;
	struct http_request *held[HELD_MAX];
	size_t n_held;
};

static struct slot_fixture {
	struct tempdb temp;
	struct server_config config;
	struct core core;
	struct slot_links *links;
	struct gateway gateways[GATEWAYS];
	char cert[96], key[96], ca_base64[4096];
	struct identity root;
	/* the token */
	pthread_mutex_t lock;
	EVP_PKEY *pair;
	uint8_t spki[256];
	size_t spki_len;
	uint8_t made[64][16];
	size_t n_made;
	atomic_uint generated, destroyed, wrong_pins;
	char group_id[HF_UUID_MAX];
	struct group *group;
} fx;

/* ---- the token */

static bool token_has(struct hf_span id)
{
	for (size_t i = 0; i < fx.n_made; i++)
		if (hf_span_equal(id, HF_SPAN(fx.made[i], sizeof(fx.made[i]))))
			return true;
	return false;
}

static void token_make(struct hf_span id)
{
	pthread_mutex_lock(&fx.lock);
	if (!token_has(id)) {
		assert_int_equal(id.len, sizeof(fx.made[0]));
		memcpy(fx.made[fx.n_made++], id.ptr, id.len);
		atomic_fetch_add(&fx.generated, 1);
	}
	pthread_mutex_unlock(&fx.lock);
}

static bool token_destroy(struct hf_span id)
{
	bool there;

	pthread_mutex_lock(&fx.lock);
	there = token_has(id);
	for (size_t i = 0; i < fx.n_made; i++)
		if (hf_span_equal(id, HF_SPAN(fx.made[i], sizeof(fx.made[i]))))
			fx.made[i][0] ^= 0xff;
	pthread_mutex_unlock(&fx.lock);
	if (there)
		atomic_fetch_add(&fx.destroyed, 1);
	return there;
}

static size_t token_sign(struct hf_span digest, bool well, uint8_t to[96])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(fx.pair, NULL);
	uint8_t other[32] = { 1 };
	size_t len = 96;

	CHECK(ctx && EVP_PKEY_sign_init(ctx) == 1);
	CHECK(EVP_PKEY_sign(ctx, to, &len, well ? digest.ptr : other, 32) == 1);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

/* ---- a gateway */

struct scratch {
	uint8_t signature[96];
};

static void fail_op(struct crypto_result *r, enum hf_code code, bool unhealthy, const char *text)
{
	r->outcome = OP_FAILED;
	r->code = code;
	r->unhealthy = unhealthy;
	snprintf(r->text, sizeof(r->text), "%s", text);
}

static void shape_of(struct hf_span id, bool other, struct crypto_result *r)
{
	r->made = (struct key_shape){ .type = other ? OBJECT_DES3 : OBJECT_AES,
		                      .bits = other ? 168 : 256,
		                      .has_private = true,
		                      .persistent = true,
		                      .id = id };
}

static struct crypto_result do_op(struct gateway *g, const struct crypto_op *op, struct scratch *s)
{
	int mood = atomic_load(&g->mood);
	struct crypto_result r = { .outcome = OP_DONE };

	atomic_fetch_add(&g->ops, 1);
	if (mood == GATEWAY_ILL) {
		fail_op(&r, HF_IO, true, "CKR_DEVICE_ERROR");
	} else if (mood == GATEWAY_BLIND && crypto_op_uses_key(op->kind)) {
		fail_op(&r, HF_NOTFOUND, false, "no such key");
	} else if (op->kind == CRYPTO_SIGN) {
		r.data = HF_SPAN(s->signature,
		                 token_sign(op->data, mood != GATEWAY_LIES, s->signature));
		r.verified = true;
	} else if (op->kind == CRYPTO_GENERATE) {
		token_make(op->made.id);
		shape_of(op->made.id, mood == GATEWAY_CHANGES_KIND, &r);
	} else if (op->kind == CRYPTO_DESCRIBE) {
		atomic_fetch_add(&g->looks, 1);
		if (token_has(op->key.name.id))
			shape_of(op->key.name.id, false, &r);
		else
			fail_op(&r, HF_NOTFOUND, false, "no such key");
	} else if (op->kind == CRYPTO_DESTROY && !token_destroy(op->key.name.id)) {
		fail_op(&r, HF_NOTFOUND, false, "no such key");
	}
	return r;
}

static void hold(struct gateway *g, struct http_request *req)
{
	pthread_mutex_lock(&g->lock);
	CHECK(g->n_held < HELD_MAX);
	g->held[g->n_held++] = req;
	pthread_mutex_unlock(&g->lock);
}

static void say(struct http_request *req, int status, const char *text)
{
	http_reply(req, status, "text/plain", hf_span_text(text));
}

static void on_open(struct http_request *req, void *ctx)
{
	struct gateway *g = ctx;
	struct slot_opened opened = { .session = { 1, 2, 3 }, .slot = 7, .label = "token" };
	struct slot_open open = { 0 };
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4096);
	int mood = atomic_load(&g->mood);

	atomic_fetch_add(&g->opens, 1);
	snprintf(opened.serial, sizeof(opened.serial), "%s",
	         mood == GATEWAY_OTHER_TOKEN ? "9999" : "0001");
	CHECK_OK(slot_open_decode(http_body(req), &open));
	if (mood == GATEWAY_SILENT) {
		hold(g, req);
	} else if (mood == GATEWAY_TEAPOT) {
		say(req, 418, "short\nand stout\x01");
	} else if (!hf_secret_equal(&open.pin, PIN, strlen(PIN))) {
		atomic_fetch_add(&fx.wrong_pins, 1);
		say(req, 403, "CKR_PIN_INCORRECT");
	} else {
		slot_opened_encode(&body, &opened);
		http_reply(req, 200, SLOT_LINK_CONTENT_TYPE, hf_buf_span(&body));
	}
	hf_secret_done(&open.pin);
}

static void do_ops(struct gateway *g, const struct slot_ops *ops, struct hf_buf *body)
{
	struct slot_results *results = calloc(1, sizeof(*results));
	struct scratch *scratch = calloc(SLOT_OPS_MAX, sizeof(*scratch));
	struct hf_buf *each = calloc(SLOT_OPS_MAX, sizeof(*each));

	CHECK(results && scratch && each);
	for (size_t i = 0; i < ops->n; i++) {
		struct crypto_op op;
		struct crypto_result r;

		CHECK_OK(crypto_op_decode(ops->ops[i], &op, NULL));
		r = do_op(g, &op, &scratch[i]);
		each[i] = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
		crypto_result_encode(&each[i], &r);
		results->results[i] = hf_buf_span(&each[i]);
	}
	results->n = ops->n;
	if (atomic_load(&g->mood) == GATEWAY_MISCOUNTS)
		results->results[results->n++] = results->results[0];
	slot_results_encode(body, results);
	for (size_t i = 0; i < ops->n; i++)
		hf_buf_done(&each[i]);
	free(each);
	free(scratch);
	free(results);
}

static unsigned signatures_asked(const struct slot_ops *ops)
{
	struct crypto_op op;
	unsigned n = 0;

	for (size_t i = 0; i < ops->n; i++) {
		CHECK_OK(crypto_op_decode(ops->ops[i], &op, NULL));
		n += op.kind == CRYPTO_SIGN;
	}
	return n;
}

static void on_ops(struct http_request *req, void *ctx)
{
	struct gateway *g = ctx;
	struct slot_ops *ops = calloc(1, sizeof(*ops));
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(SLOT_LINK_BODY_MAX + 4096);
	int mood = atomic_load(&g->mood);

	atomic_fetch_add(&g->requests, 1);
	CHECK(ops);
	CHECK_OK(slot_ops_decode(http_body(req), ops));
	atomic_fetch_add(&g->signatures, signatures_asked(ops));
	if (mood == GATEWAY_SILENT) {
		hold(g, req);
	} else if (mood == GATEWAY_FORGETS) {
		atomic_store(&g->mood, GATEWAY_WELL);
		say(req, 401, "no such session");
	} else if (mood == GATEWAY_GARBLES) {
		say(req, 200, "\x01\xff\xff\xff\xff\xff nonsense");
	} else if (mood == GATEWAY_TOO_LONG) {
		CHECK(hf_buf_grow(&body, SLOT_LINK_BODY_MAX + 1));
		memset(body.ptr, 1, body.len);
		http_reply(req, 200, SLOT_LINK_CONTENT_TYPE, hf_buf_span(&body));
	} else {
		do_ops(g, ops, &body);
		if (mood == GATEWAY_DEAF)
			hold(g, req);
		else
			http_reply(req, 200, SLOT_LINK_CONTENT_TYPE, hf_buf_span(&body));
	}
	free(ops);
}

static void on_close(struct http_request *req, void *ctx)
{
	http_reply(req, 204, NULL, HF_SPAN(NULL, 0));
}

static void no_words(struct hf_buf *to, int status, const char *message)
{
	hf_buf_text(to, message);
}

static void gateway_start(struct gateway *g)
{
	static const struct http_route routes[] = {
		{ "POST", SLOT_LINK_OPEN, on_open, 4096 },
		{ "POST", SLOT_LINK_OPS, on_ops, SLOT_LINK_BODY_MAX },
		{ "POST", SLOT_LINK_CLOSE, on_close, 4096 },
	};
	const struct tls_server_config tls = { .cert_file = fx.cert, .key_file = fx.key };
	struct http_server_config config = { .routes = routes,
		                             .n_routes = HF_COUNT(routes),
		                             .ctx = g,
		                             .error_body = no_words,
		                             .error_content_type = "text/plain" };
	char listen[32];

	snprintf(listen, sizeof(listen), "127.0.0.1:%u", g->port);
	config.listen = listen;
	CHECK_OK(tls_server_new(&tls, &g->tls, NULL));
	config.tls = g->tls;
	CHECK_OK(http_server_start(&config, &g->http, NULL));
	g->port = http_server_port(g->http);
}

static void gateway_release(struct gateway *g)
{
	pthread_mutex_lock(&g->lock);
	while (g->n_held)
		say(g->held[--g->n_held], 503, "stopping");
	pthread_mutex_unlock(&g->lock);
}

/* It has only been slow. */
static void gateway_catch_up(struct gateway *g)
{
	atomic_store(&g->mood, GATEWAY_WELL);
	pthread_mutex_lock(&g->lock);
	while (g->n_held)
		on_ops(g->held[--g->n_held], g);
	pthread_mutex_unlock(&g->lock);
}

static void gateway_stop(struct gateway *g)
{
	if (!g->http)
		return;
	http_server_quiesce(g->http);
	gateway_release(g);
	http_server_stop(g->http);
	tls_server_free(g->tls);
	g->http = NULL;
}

/* ---- the server's side */

static void read_pki(void)
{
	struct identity server;
	uint8_t *der = NULL;
	int len;
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(4096);

	fx.root = identity_new(&(struct identity_wish){ .name = "root", .authority = true }, NULL);
	server = identity_new(&(struct identity_wish){ .name = "127.0.0.1", .usage = "serverAuth" },
	                      &fx.root);
	snprintf(fx.cert, sizeof(fx.cert), "/tmp/hf-slot-%d.pem", (int)getpid());
	snprintf(fx.key, sizeof(fx.key), "/tmp/hf-slot-%d.key", (int)getpid());
	identity_write_certs(fx.cert, (const struct identity *[]){ &server, NULL });
	identity_write_key(fx.key, &server, 0600, NULL);
	identity_done(&server);
	len = i2d_X509(fx.root.cert, &der);
	CHECK(len > 0);
	hf_buf_base64(&text, HF_SPAN(der, len));
	OPENSSL_free(der);
	CHECK_OK(hf_span_to_text(hf_buf_span(&text), fx.ca_base64, sizeof(fx.ca_base64)));
}

static void make_token(void)
{
	uint8_t *der = NULL;
	int len;

	fx.pair = EVP_EC_gen("P-256");
	len = i2d_PUBKEY(fx.pair, &der);
	CHECK(len > 0 && (size_t)len <= sizeof(fx.spki));
	memcpy(fx.spki, der, (size_t)len);
	fx.spki_len = (size_t)len;
	OPENSSL_free(der);
}

static int slot_setup(void **state)
{
	struct db *db;

	memset(&fx, 0, sizeof(fx));
	hf_log_setup("test", HF_LOG_ERROR + 1, HF_LOG_TEXT);
	pthread_mutex_init(&fx.lock, NULL);
	tempdb_make(&fx.temp);
	db = tempdb_open(&fx.temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, ORG, "Bank", 1));
	db_close(db);
	read_pki();
	make_token();
	fx.config.db = (struct db_config){ .sqlite_path = *fx.temp.url ? NULL : fx.temp.path,
		                           .postgres_url = *fx.temp.url ? fx.temp.url : NULL };
	fx.core.config = &fx.config;
	CHECK_OK(hf_secret_new(CORE_KEY_LEN, &fx.core.secrets.storage_key));
	CHECK_OK(groups_new(&fx.core.groups));
	CHECK_OK(db_work_start(
	        &(struct db_work_config){ .db = fx.config.db, .write = true, .threads = 1 },
	        &fx.core.writer, NULL));
	CHECK_OK(db_work_start(&(struct db_work_config){ .db = fx.config.db, .threads = 2 },
	                       &fx.core.reader, NULL));
	CHECK_OK(slot_links_new(&fx.core, &fx.links));
	fx.core.slots = slot_links_backend(fx.links);
	for (size_t i = 0; i < GATEWAYS; i++) {
		pthread_mutex_init(&fx.gateways[i].lock, NULL);
		gateway_start(&fx.gateways[i]);
	}
	return 0;
}

static int slot_teardown(void **state)
{
	slot_links_stop(fx.links);
	for (size_t i = 0; i < GATEWAYS; i++)
		gateway_stop(&fx.gateways[i]);
	group_unref(fx.group);
	db_work_stop(fx.core.reader);
	db_work_stop(fx.core.writer);
	slot_links_free(fx.links);
	groups_free(fx.core.groups);
	hf_secret_done(&fx.core.secrets.storage_key);
	EVP_PKEY_free(fx.pair);
	identity_done(&fx.root);
	unlink(fx.cert);
	unlink(fx.key);
	tempdb_remove(&fx.temp);
	return 0;
}

/* One more hand on the database. */
static struct db *hand(void)
{
	return tempdb_open(&fx.temp);
}

static void link_json(char *to, size_t cap, unsigned gateway, const char *pin)
{
	char with_pin[128] = "";

	if (pin)
		snprintf(with_pin, sizeof(with_pin), ",\"pin\":\"%s\"", pin);
	snprintf(to, cap,
	         "{\"kind\":\"softhsm\",\"url\":\"127.0.0.1:%u\",\"slot\":7%s,\"tls\":{\"mode\":"
	         "\"required\",\"validate_hostname\":false,\"ca\":{\"pinned\":[\"%s\"]}}}",
	         fx.gateways[gateway].port, with_pin, fx.ca_base64);
}

static void reload(void)
{
	struct db *db = hand();

	group_unref(fx.group);
	CHECK_OK(group_read(db, ORG, fx.group_id, &fx.group, NULL));
	db_close(db);
}

static struct group_maker maker(void)
{
	return (struct group_maker){ &fx.core, ORG, "us-1", hf_wall_ms() };
}

/* A request, as the face makes it of a body. */
static hf_status apply(const char *text, struct hf_err *err)
{
	JSON_SCOPED struct json_t *body = NULL;
	struct group_request *r = calloc(1, sizeof(*r));
	const struct group_maker by = maker();
	struct db *db = hand();
	hf_status s;

	CHECK(r);
	CHECK_OK(json_parse(hf_span_text(text), 1u << 20, &body, NULL));
	s = group_request_read(body, r, err);
	CHECK_OK(db_begin(db));
	if (hf_ok(s) && fx.group)
		s = group_update(&by, db, fx.group, r, err);
	else if (hf_ok(s))
		s = group_create(&by, db, r, fx.group_id, err);
	if (hf_ok(s))
		CHECK_OK(db_commit(db, DB_RELAXED));
	db_close(db);
	group_request_done(r);
	free(r);
	if (hf_ok(s)) {
		reload();
		group_was_changed(&fx.core, fx.group_id);
	}
	return s;
}

/* A group on both gateways, the first before the second. */
static void make_group(const char *pin, bool by_priority)
{
	static char text[16384], a[6144], b[6144];

	link_json(a, sizeof(a), 0, pin);
	link_json(b, sizeof(b), 1, pin);
	snprintf(text, sizeof(text), "{\"name\":\"cards\",\"add_hmg\":[%s,%s]%s}", a, b,
	         by_priority ? ",\"hmg_redundancy\":\"PriorityFailover\"" : "");
	CHECK_OK(apply(text, NULL));
}

/* ---- calls */

struct wait {
	struct backend_call call;
	sem_t over;
	enum op_outcome outcome;
	enum hf_code code;
	char text[256];
	size_t n_done;
	int64_t took_ms;
};

static void over(struct backend_call *call, const struct crypto_result *results)
{
	struct wait *w = call->ctx;

	for (size_t i = 0; i < call->n_ops; i++)
		w->n_done += results[i].outcome == OP_DONE;
	w->outcome = results[0].outcome;
	w->code = results[0].code;
	memcpy(w->text, results[0].text, sizeof(w->text));
	sem_post(&w->over);
}

static void begin(struct wait *w, const struct crypto_op *ops, size_t n, int deadline_ms)
{
	*w = (struct wait){ .call = { .group = fx.group,
		                      .org_id = ORG,
		                      .ops = ops,
		                      .n_ops = n,
		                      .deadline_ms = deadline_ms,
		                      .done = over,
		                      .ctx = w } };
	sem_init(&w->over, 0, 0);
	w->took_ms = -hf_mono_ms();
	backend_submit(&fx.core, &w->call);
}

static void finish(struct wait *w)
{
	while (sem_wait(&w->over) != 0)
		;
	w->took_ms += hf_mono_ms();
	sem_destroy(&w->over);
}

static struct wait ask(const struct crypto_op *ops, size_t n)
{
	struct wait w;

	begin(&w, ops, n, 0);
	finish(&w);
	return w;
}

static struct crypto_op sign_op(void)
{
	static const uint8_t digest[32] = { 4, 2 };
	struct crypto_op op = { .kind = CRYPTO_SIGN,
		                .mech = { .mode = MODE_ECDSA, .hash = DIGEST_SHA256 },
		                .data = HF_SPAN(digest, sizeof(digest)) };

	op.key.name.id = HF_SPAN("key", 3);
	op.key.name.type = OBJECT_EC;
	op.key.name.public_key = HF_SPAN(fx.spki, fx.spki_len);
	return op;
}

static struct crypto_op make_op(const char *id)
{
	struct crypto_op op = { .kind = CRYPTO_GENERATE,
		                .made = { .type = OBJECT_AES,
		                          .bits = 256,
		                          .uses = USE_ENCRYPT,
		                          .uses_given = true,
		                          .persistent = true,
		                          .sensitive = true,
		                          .id = HF_SPAN(id, 16) } };

	return op;
}

static struct crypto_op destroy_op(const char *id)
{
	struct crypto_op op = { .kind = CRYPTO_DESTROY };

	op.key.name.id = HF_SPAN(id, 16);
	op.key.name.type = OBJECT_AES;
	return op;
}

static struct wait sign(void)
{
	const struct crypto_op op = sign_op();

	return ask(&op, 1);
}

static struct link_view view(unsigned i)
{
	struct link_view v;

	slot_links_view(fx.links, fx.group->links[i].id, &v);
	return v;
}

/* Waits for a connection to be so. */
static void expect_state(unsigned i, enum link_state state)
{
	int64_t end = hf_mono_ms() + 20000;

	while (view(i).state != state && hf_mono_ms() < end)
		usleep(2000);
	assert_int_equal(view(i).state, state);
}

#define SLOTS(claim) cmocka_unit_test_setup_teardown(claim, slot_setup, slot_teardown)

#endif
