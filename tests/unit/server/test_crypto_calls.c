/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys on their way through the Crypto API, with a backend that does as the test
 * says: what real HSMs answer is tests/integration/crypto-calls.test.mjs's. */
#include "../check.h"

#include "objects_fixture.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/read.h"
#include "server/core/audit/audit.h"
#include "server/crypto_api/crypto/work.h"
#include "server/store/audit_rows.h"

#include <pthread.h>
#include <semaphore.h>

#define APP "us-01k9h-x3v7q-8m2c4d6e8f0g1h2j"

static struct server_config config;
static struct core core;
static struct crypto_api *api;
static struct principal *app;
static struct hf_secret storage_key;

/* ---- The HSM: what it encrypts it turns round, what it signs it names */

static atomic_int asked; /* calls */
static bool in_a_thread;

static void turn_round(struct hf_span from, uint8_t *to)
{
	for (size_t i = 0; i < from.len; i++)
		to[i] = from.ptr[i] ^ 0x5a;
}

static void answer_op(const struct crypto_op *op, struct crypto_result *r, uint8_t *room)
{
	static const uint8_t iv[16] = "made by the HSM", tag[16] = "and so is this";

	r->outcome = OP_DONE;
	if (hf_span_is(op->key.name.label, "refuses")) {
		r->outcome = OP_FAILED;
		r->code = HF_UNAUTHENTIC;
		snprintf(r->text, sizeof(r->text), "it does not decrypt");
	} else if (hf_span_is(op->key.name.label, "is away")) {
		r->outcome = OP_RETRY;
		r->code = HF_INVALID;
	} else if (op->kind == CRYPTO_RANDOM) {
		memset(room, 0x77, op->count);
		r->data = HF_SPAN(room, op->count);
	} else {
		turn_round(op->data, room);
		r->data = HF_SPAN(room, op->data.len);
		r->verified = true;
		if (op->kind == CRYPTO_ENCRYPT && op->mech.mode == MODE_GCM) {
			r->iv = HF_SPAN(iv, 12);
			r->tag = HF_SPAN(tag, op->mech.tag_len);
		}
	}
}

static void *answer(void *arg)
{
	struct backend_call *call = arg;
	struct crypto_result *results = calloc(call->n_ops, sizeof(*results));
	uint8_t *rooms = calloc(call->n_ops, 4096);

	assert_non_null(results);
	assert_non_null(rooms);
	for (size_t i = 0; i < call->n_ops; i++)
		answer_op(&call->ops[i], &results[i], rooms + i * 4096);
	atomic_fetch_add(&asked, 1);
	call->done(call, results);
	free(results);
	free(rooms);
	return NULL;
}

static void submit(struct slot_links *links, struct backend_call *call)
{
	pthread_t thread;

	if (!in_a_thread) {
		answer(call);
		return;
	}
	assert_int_equal(pthread_create(&thread, NULL, answer, call), 0);
	pthread_detach(thread);
}

static const struct slot_backend slots = { .submit = submit };

/* ---- The server */

static void insert(int n, const char *group, const char *name, enum object_type type, unsigned uses)
{
	struct object_row o = an_object(n, group, name);

	o.type = type;
	o.curve = type == OBJECT_EC ? CURVE_P256 : CURVE_NONE;
	o.uses = uses;
	o.enabled = strcmp(name, "old") != 0;
	CHECK_OK(object_row_insert(db, &o, 0));
}

static struct principal *an_app(const char *org, unsigned n_groups)
{
	struct principal *p = calloc(1, sizeof(*p) + 2 * sizeof(p->groups[0]));

	assert_non_null(p);
	atomic_store(&p->references, 1);
	p->kind = PRINCIPAL_APP;
	snprintf(p->org_id, sizeof(p->org_id), "%s", org);
	snprintf(p->identity_id, sizeof(p->identity_id), "%s", APP);
	snprintf(p->name, sizeof(p->name), "app");
	p->n_groups = n_groups;
	for (unsigned i = 0; i < n_groups; i++) {
		snprintf(p->groups[i].id, sizeof(p->groups[i].id), "%s", i ? GROUP_2 : GROUP);
		p->groups[i].permissions = ~UINT64_C(0);
	}
	return p;
}

static void insert_objects(void)
{
	const unsigned cipher = USE_ENCRYPT | USE_DECRYPT | USE_MACGENERATE | USE_MACVERIFY;

	insert(1, GROUP, "aes", OBJECT_AES, cipher | USE_WRAPKEY);
	insert(2, GROUP_2, "aes 2", OBJECT_AES, cipher);
	insert(3, GROUP, "refuses", OBJECT_AES, cipher);
	insert(4, GROUP, "is away", OBJECT_AES, cipher);
	insert(5, GROUP, "p256", OBJECT_EC, USE_SIGN | USE_VERIFY);
	insert(6, GROUP, "only signs", OBJECT_EC, USE_SIGN);
	insert(7, GROUP, "busy", OBJECT_AES, cipher | USE_HIGHVOLUME);
	insert(8, GROUP_2, "leaves", OBJECT_AES, cipher | USE_EXPORT);
	insert(9, GROUP, "leaves too", OBJECT_AES, cipher | USE_EXPORT);
	insert(10, GROUP, "old", OBJECT_AES, cipher);
}

static int start(void **state)
{
	struct db_work_config writer = { .write = true, .threads = 1 }, reader = { .threads = 2 };

	make_database(state);
	insert_objects();
	writer.db = reader.db = tempdb_config(&temp);
	core.config = &config;
	core.slots = &slots;
	CHECK_OK(hf_secret_new(32, &storage_key));
	core.secrets.storage_key = storage_key;
	CHECK_OK(audit_new(&core.audit));
	CHECK_OK(groups_new(&core.groups));
	CHECK_OK(objects_new(&core.objects));
	CHECK_OK(db_work_start(&writer, &core.writer, NULL));
	CHECK_OK(db_work_start(&reader, &core.reader, NULL));
	CHECK_OK(crypto_api_new(&core, &api, NULL));
	app = an_app(ORG, 2);
	return 0;
}

static int stop(void **state)
{
	principal_unref(app);
	db_work_stop(core.writer);
	db_work_stop(core.reader);
	crypto_api_free(api);
	objects_free(core.objects);
	groups_free(core.groups);
	audit_free(core.audit);
	hf_secret_done(&storage_key);
	return remove_database(state);
}

/* ---- Calls */

struct reply {
	sem_t ended;
	int status;
	char body[1u << 20];
};
static struct reply reply;

static void ended(void *ctx, int status, struct hf_span body)
{
	reply.status = status;
	assert_true(body.len < sizeof(reply.body));
	if (body.len)
		memcpy(reply.body, body.ptr, body.len);
	reply.body[body.len] = '\0';
	sem_post(&reply.ended);
}

static int post_as(struct principal *who, const char *path, const char *body)
{
	const struct crypto_inner inner = {
		.who = who,
		.method = "POST",
		.path = path,
		.body = hf_span_text(body),
		.ended = ended,
	};

	sem_init(&reply.ended, 0, 0);
	crypto_call_inner(api, &inner);
	sem_wait(&reply.ended);
	return reply.status;
}

static int post(const char *path, const char *body)
{
	return post_as(app, path, body);
}

static void check(int status, int want, const char *words)
{
	if (status != want || !strstr(reply.body, words))
		fail_msg("%d %s; expected %d with %s", status, reply.body, want, words);
}

#define ENCRYPT(name)                                                                              \
	"{\"key\":{\"name\":\"" name "\"},\"alg\":\"AES\",\"mode\":\"GCM\",\"plain\":\"AAAA\"}"

static void a_call_reaches_the_hsm_and_comes_back(void **state)
{
	for (int i = 0; i < 2; i++) {
		in_a_thread = i;
		check(post("/crypto/v1/encrypt", ENCRYPT("aes")), 200,
		      "\"cipher\":\"Wlpa\",\"iv\":\"bWFkZSBieSB0aGUg\",\"tag\":\"");
		check(post("/crypto/v1/encrypt", ENCRYPT("aes")), 200, object_id(1));
	}
}

static void what_the_hsm_says_of_data_is_a_400_and_of_itself_a_503(void **state)
{
	check(post("/crypto/v1/encrypt", ENCRYPT("refuses")), 400, "it does not decrypt");
	check(post("/crypto/v1/encrypt", ENCRYPT("is away")), 503, "try again");
}

static void the_guard_is_asked(void **state)
{
	struct principal *stranger = an_app(ORG, 0), *foreign = an_app(OTHER_ORG, 2);

	check(post("/crypto/v1/encrypt", ENCRYPT("old")), 400, "disabled");
	check(post("/crypto/v1/verify",
	           "{\"key\":{\"name\":\"only signs\"},\"hash_alg\":\"SHA256\","
	           "\"data\":\"AAAA\",\"signature\":\"AAAA\"}"),
	      403, "VERIFY");
	check(post_as(stranger, "/crypto/v1/encrypt", ENCRYPT("aes")), 404, OBJECT_NOT_HERE_TEXT);
	check(post_as(foreign, "/crypto/v1/encrypt", ENCRYPT("aes")), 404, OBJECT_NOT_HERE_TEXT);
	/* Not even what kind of key it is: */
	check(post_as(stranger, "/crypto/v1/sign",
	              "{\"key\":{\"name\":\"aes\"},\"hash_alg\":\"SHA256\",\"data\":\"AAAA\"}"),
	      404, OBJECT_NOT_HERE_TEXT);
	principal_unref(stranger);
	principal_unref(foreign);
}

static void a_key_is_named_once(void **state)
{
	char path[128];

	check(post("/crypto/v1/encrypt", "{\"alg\":\"AES\",\"mode\":\"GCM\",\"plain\":\"AAAA\"}"),
	      400, "\"key\" is missing");
	snprintf(path, sizeof(path), "/crypto/v1/keys/%s/encrypt", object_id(1));
	check(post(path, "{\"alg\":\"AES\",\"mode\":\"GCM\",\"plain\":\"AAAA\"}"), 200, "Wlpa");
	check(post(path, ENCRYPT("aes")), 400, "names the key already");
	check(post("/crypto/v1/encrypt", ENCRYPT("nobody")), 404, OBJECT_NOT_HERE_TEXT);
}

/* ---- Batches */

static const struct json_t *items(struct json_t **doc)
{
	json_done(*doc);
	*doc = NULL;
	CHECK_OK(json_parse(hf_span_text(reply.body), sizeof(reply.body), doc, NULL));
	return *doc;
}

static void each_item_of_a_batch_has_its_own_answer(void **state)
{
	static const int want[] = { 200, 400, 404, 200, 503, 400, 400, 400, 404, 200 };
	char body[4096];
	JSON_SCOPED struct json_t *doc = NULL;
	int before;

#define ITEM "{\"kid\":\"%s\",\"request\":{\"alg\":\"AES\",\"mode\":\"GCM\",\"plain\":\"AAAA\"}}"
	snprintf(body, sizeof(body),
	         "[" ITEM "," ITEM "," ITEM "," ITEM "," ITEM "," ITEM ",{},"
	         "{\"kid\":\"%s\",\"request\":{\"alg\":\"AES\",\"mode\":\"FF1\","
	         "\"plain\":\"AAAA\"}}," ITEM "," ITEM "]",
	         object_id(1), object_id(3), object_id(99), object_id(2), object_id(4),
	         object_id(5), object_id(1), "no kid", object_id(1));
	in_a_thread = true;
	objects_forget(core.objects, object_id(2));
	before = atomic_load(&asked);
	check(post("/crypto/v1/keys/batch/encrypt", body), 200, "");
	assert_int_equal(json_count(items(&doc)), HF_COUNT(want));
	for (size_t i = 0; i < HF_COUNT(want); i++) {
		const struct json_t *item = json_element(doc, i);

		if (json_value_int(json_member(item, "status")) != want[i])
			fail_msg("%zu: %s", i, reply.body);
		CHECK(!json_member(item, "error") == (want[i] == 200));
		CHECK(!json_member(item, "body") == (want[i] != 200));
	}
	assert_int_equal(atomic_load(&asked) - before, 2); /* groups */
}

static void a_batch_is_an_array_of_some_items(void **state)
{
	check(post("/crypto/v1/keys/batch/sign", "[]"), 400, "1 to 256");
	check(post("/crypto/v1/keys/batch/sign", "{}"), 400, "1 to 256");
}

struct seen {
	int accepted, denied, failed, count;
	char subject[HF_UUID_MAX];
};

static hf_status look(void *ctx, const char *id, struct hf_span entry)
{
	struct seen *s = ctx;
	JSON_SCOPED struct json_t *doc = NULL;
	const char *outcome, *subject;

	CHECK_OK(json_parse(entry, AUDIT_ENTRY_MAX, &doc, NULL));
	outcome = json_member_text(doc, "outcome");
	subject = json_member_text(doc, "subjectId");
	if (!subject || strcmp(subject, s->subject) != 0)
		return HF_SUCCESS;
	s->accepted += strcmp(outcome, "Accepted") == 0;
	s->denied += strcmp(outcome, "Denied") == 0;
	s->failed += strcmp(outcome, "Failed") == 0;
	if (strcmp(outcome, "Accepted") == 0)
		s->count += (int)json_value_int(json_member(doc, "count"));
	return HF_SUCCESS;
}

static void a_batch_is_entered_once_for_each_key_and_outcome(void **state)
{
	struct seen aes = { 0 }, leaves = { 0 }, busy = { 0 };
	char body[4096];
	int64_t since;

	strcpy(aes.subject, object_id(1));
	strcpy(leaves.subject, object_id(9));
	strcpy(busy.subject, object_id(7));
	usleep(3000);
	since = hf_wall_ms();
	snprintf(body, sizeof(body), "[" ITEM "," ITEM "," ITEM "," ITEM "," ITEM "," ITEM "]",
	         object_id(1), object_id(9), object_id(1), object_id(7), object_id(10),
	         object_id(1));
	check(post("/crypto/v1/keys/batch/encrypt", body), 200, "disabled");
	CHECK_OK(audit_rows_between(db, ORG, NULL, since, since + 60000, 100, look, &aes));
	CHECK_OK(audit_rows_between(db, ORG, NULL, since, since + 60000, 100, look, &leaves));
	CHECK_OK(audit_rows_between(db, ORG, NULL, since, since + 60000, 100, look, &busy));
	if (aes.accepted != 1 || aes.count != 3 || aes.denied + aes.failed)
		fail_msg("%d entries for %d", aes.accepted, aes.count);
	CHECK(leaves.accepted == 1 && leaves.count == 1);
	CHECK(busy.accepted == 0);
}

/* ---- The others */

#define WRAP(key, subject)                                                                         \
	"{\"key\":{\"name\":\"" key "\"},\"subject\":{\"name\":\"" subject                         \
	"\"},\"alg\":\"AES\",\"mode\":\"KWP\"}"

static void only_what_may_leave_is_wrapped_by_what_may_wrap(void **state)
{
	check(post("/crypto/v1/wrapkey", WRAP("aes", "leaves too")), 200, "wrapped_key");
	check(post("/crypto/v1/wrapkey", WRAP("aes", "leaves")), 400, "different groups");
	check(post("/crypto/v1/wrapkey", WRAP("aes", "busy")), 403, "EXPORT");
	check(post("/crypto/v1/wrapkey", WRAP("busy", "leaves too")), 403, "WRAPKEY");
	check(post("/crypto/v1/wrapkey", WRAP("aes", "nobody")), 404, OBJECT_NOT_HERE_TEXT);
}

static void random_bytes_are_of_a_group(void **state)
{
	struct principal *stranger = an_app(ORG, 0);

	check(post("/crypto/v1/random", "{\"size\":3}"), 400, "\"group_id\" is missing");
	check(post("/crypto/v1/random", "{\"size\":3,\"group_id\":\"" GROUP "\"}"), 200,
	      "{\"data\":\"d3d3\"}");
	check(post_as(stranger, "/crypto/v1/random", "{\"size\":3,\"group_id\":\"" GROUP "\"}"),
	      404, "");
	check(post("/crypto/v1/random", "{\"size\":65537,\"group_id\":\"" GROUP "\"}"), 400,
	      "\"size\"");
	principal_unref(stranger);
}

static void a_data_key_is_drawn_and_wrapped(void **state)
{
	check(post("/crypto/v1/keys/generate_data_key",
	           "{\"key\":{\"name\":\"aes\"},\"size\":128}"),
	      200,
	      "\"plain\":\"d3d3d3d3d3d3d3d3d3d3dw==\",\"wrapped\":\"LS0tLS0tLS0tLS0tLS0tLQ==\"");
	check(post("/crypto/v1/keys/generate_data_key", "{\"key\":{\"name\":\"refuses\"}}"), 400,
	      "does not decrypt");
	check(post("/crypto/v1/keys/generate_data_key", "{\"key\":{\"name\":\"p256\"}}"), 400,
	      "type AES");
}

static void next_piece(const char *path, const char *data, const char *end)
{
	JSON_SCOPED struct json_t *doc = NULL;
	char body[4096];

	snprintf(body, sizeof(body), "{%s\"state\":\"%s\"}", data,
	         json_member_text(items(&doc), "state"));
	check(post(path, body), 200, end);
}

static void pieces_go_on_where_the_last_one_ended(void **state)
{
	check(post("/crypto/v1/encrypt/init", "{\"key\":{\"name\":\"aes\"},\"alg\":\"AES\","
	                                      "\"mode\":\"CBCNOPAD\"}"),
	      200, "\"iv\":\"d3d3d3d3d3d3d3d3d3d3dw==\"");
	next_piece("/crypto/v1/encrypt/update", "\"plain\":\"AAAAAAAAAAAAAAAA\",",
	           "\"cipher\":\"\"");
	next_piece("/crypto/v1/encrypt/update", "\"plain\":\"AAAAAAAA\",",
	           "\"cipher\":\"WlpaWlpaWlpaWlpaWlpaWg==\"");
	next_piece("/crypto/v1/encrypt/update", "\"plain\":\"AAAAAAAAAAAAAAAAAAA=\",",
	           "\"cipher\":\"WlpaWlpaWlpaWlpaWlpaWg==\"");
	next_piece("/crypto/v1/encrypt/final", "", "{\"cipher\":\"\"}");
}

#define SINGLE(path, body)                                                                         \
	"{\"SingleItem\":{\"method\":\"POST\",\"operation\":\"" path "\",\"body\":" body "}}"
#define GOOD SINGLE("/crypto/v1/encrypt", ENCRYPT("aes"))
#define BAD SINGLE("/crypto/v1/encrypt", ENCRYPT("old"))
#define LIST(type, items)                                                                          \
	"{\"Batch\":{\"batch_execution_type\":\"" type "\",\"items\":[" items "]}}"

static int told(const char *words)
{
	int n = 0;

	for (const char *at = reply.body; (at = strstr(at, words)); at++)
		n++;
	return n;
}

static void a_serial_batch_ends_at_its_first_failure(void **state)
{
	for (int i = 0; i < 2; i++) {
		in_a_thread = i;
		check(post("/batch/v1",
		           LIST("Serial", GOOD "," BAD "," GOOD "," LIST("Unordered", GOOD))),
		      200,
		      "{\"Batch\":{\"items\":[{\"SingleItem\":{\"Result\":{\"status\":200,"
		      "\"body\":{\"kid\":");
		CHECK(told("\"status\":200") == 1 && told("\"status\":400") == 1);
		CHECK(told("\"Skipped\"") == 2);
		check(post("/batch/v1", LIST("Unordered", GOOD "," BAD "," GOOD "," GOOD
		                                               "," LIST("Unordered", GOOD))),
		      200, "the key is disabled");
		CHECK(told("\"status\":200") == 4 && told("\"Skipped\"") == 0);
		/* An inner failure ends an outer serial one, not what came before. */
		check(post("/batch/v1", LIST("Serial", LIST("Unordered", BAD "," GOOD) "," GOOD)),
		      200, "");
		CHECK(told("\"status\":200") == 1 && told("\"Skipped\"") == 1);
		check(post("/batch/v1", GOOD), 200, "{\"SingleItem\":{\"Result\":{\"status\":200");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_reaches_the_hsm_and_comes_back),
		cmocka_unit_test(what_the_hsm_says_of_data_is_a_400_and_of_itself_a_503),
		cmocka_unit_test(the_guard_is_asked),
		cmocka_unit_test(a_key_is_named_once),
		cmocka_unit_test(each_item_of_a_batch_has_its_own_answer),
		cmocka_unit_test(a_batch_is_an_array_of_some_items),
		cmocka_unit_test(a_batch_is_entered_once_for_each_key_and_outcome),
		cmocka_unit_test(only_what_may_leave_is_wrapped_by_what_may_wrap),
		cmocka_unit_test(random_bytes_are_of_a_group),
		cmocka_unit_test(a_data_key_is_drawn_and_wrapped),
		cmocka_unit_test(pieces_go_on_where_the_last_one_ended),
		cmocka_unit_test(a_serial_batch_ends_at_its_first_failure),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
