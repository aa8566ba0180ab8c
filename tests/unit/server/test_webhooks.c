/* SPDX-License-Identifier: Apache-2.0
 * Webhooks: events are there for those who want them, are dealt to one sender at a time, and are
 * tried again as long as they should be. */
#include "../db/tempdb.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "server/core/events/events.h"
#include "server/core/events/webhooks.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"

static struct tempdb temp;
static struct db *db;
static struct hf_secret key;
static struct events_watch *watch;

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, "or-1", "Bank", 1));
	CHECK_OK(org_row_insert(db, "or-2", "Other", 1));
	CHECK_OK(hf_secret_new(32, &key));
	CHECK_OK(events_watch_new(&watch));
	return 0;
}

static int teardown(void **state)
{
	events_watch_free(watch);
	hf_secret_done(&key);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void add_webhook(const char *id, const char *org, const char *events, bool enabled,
                        char secret[WEBHOOK_SECRET_TEXT])
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(WEBHOOK_SECRET_SEALED);
	struct webhook_row row = { .enabled = enabled, .created_ms = 1, .updated_ms = 1 };

	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", org);
	snprintf(row.url, sizeof(row.url), "https://example.com/");
	snprintf(row.events, sizeof(row.events), "%s", events);
	CHECK_OK(webhook_secret_new(&key, id, secret, &sealed));
	row.secret = hf_buf_span(&sealed);
	CHECK_OK(db_begin(db));
	CHECK_OK(webhook_row_insert(db, &row));
	CHECK_OK(db_commit(db, DB_RELAXED));
	events_watch_add(watch, org);
}

static void happen(const char *org, const char *kind)
{
	const struct event e = { org, kind, hf_span_text("{\"key\":{\"id\":\"key-1\"}}"), 1000 };

	CHECK_OK(db_begin(db));
	CHECK_OK(events_add(db, &e));
	CHECK_OK(db_commit(db, DB_RELAXED));
}

struct due {
	struct event_row rows[8];
	size_t n;
};

static hf_status collect(void *ctx, const struct event_due *due)
{
	struct due *to = ctx;

	to->rows[to->n++] = due->event;
	return HF_SUCCESS;
}

static struct due claim(int64_t lease_ms)
{
	struct due due = { 0 };

	CHECK_OK(db_begin(db));
	CHECK_OK(event_rows_claim(db, 8, lease_ms, collect, &due));
	CHECK_OK(db_commit(db, DB_RELAXED));
	return due;
}

static void an_event_goes_to_each_enabled_webhook_that_wants_it(void **state)
{
	char secret[WEBHOOK_SECRET_TEXT];
	struct due due;

	add_webhook("wh-all", "or-1", ",*,", true, secret);
	add_webhook("wh-keys", "or-1", ",key.created,key.deleted,", true, secret);
	add_webhook("wh-wallets", "or-1", ",wallet.created,", true, secret);
	add_webhook("wh-off", "or-1", ",*,", false, secret);
	add_webhook("wh-other", "or-2", ",*,", true, secret);
	happen("or-1", "key.created");
	due = claim(60000);
	assert_int_equal(due.n, 2);
	for (size_t i = 0; i < due.n; i++) {
		assert_string_equal(due.rows[i].org_id, "or-1");
		CHECK(strcmp(due.rows[i].webhook_id, "wh-all") == 0 ||
		      strcmp(due.rows[i].webhook_id, "wh-keys") == 0);
	}
}

static void an_event_is_dealt_once_until_its_lease_ends(void **state)
{
	char secret[WEBHOOK_SECRET_TEXT];

	add_webhook("wh-all", "or-1", ",*,", true, secret);
	happen("or-1", "key.created");
	assert_int_equal(claim(60000).n, 1);
	assert_int_equal(claim(60000).n, 0);
	happen("or-1", "key.created");
	assert_int_equal(claim(1).n, 1);
	usleep(5000);
	assert_int_equal(claim(60000).n, 1);
}

static void what_was_delivered_is_in_the_log_and_not_due(void **state)
{
	char secret[WEBHOOK_SECRET_TEXT];
	struct due due;
	bool any;

	add_webhook("wh-all", "or-1", ",*,", true, secret);
	happen("or-1", "key.created");
	due = claim(1);
	snprintf(due.rows[0].status, sizeof(due.rows[0].status), "200");
	due.rows[0].sent_ms = 5000;
	CHECK_OK(db_begin(db));
	CHECK_OK(event_row_settle(db, &due.rows[0]));
	CHECK_OK(db_commit(db, DB_RELAXED));
	usleep(5000);
	CHECK_OK(event_rows_any_due(db, &any));
	CHECK(!any);
}

static void deleting_a_webhook_takes_its_events_along(void **state)
{
	char secret[WEBHOOK_SECRET_TEXT];

	add_webhook("wh-all", "or-1", ",*,", true, secret);
	happen("or-1", "key.created");
	CHECK_OK(db_begin(db));
	CHECK_CODE(webhook_row_delete(db, "or-2", "wh-all"), HF_NOTFOUND);
	CHECK_OK(webhook_row_delete(db, "or-1", "wh-all"));
	CHECK_OK(db_commit(db, DB_RELAXED));
	assert_int_equal(claim(60000).n, 0);
}

static void organisations_without_webhooks_cost_nothing(void **state)
{
	char secret[WEBHOOK_SECRET_TEXT];

	CHECK(events_wanted("or-1")); /* not known yet */
	CHECK_OK(events_watch_refresh(watch, db));
	CHECK(!events_wanted("or-1"));
	add_webhook("wh-all", "or-1", ",*,", true, secret);
	CHECK(events_wanted("or-1"));
	CHECK(!events_wanted("or-2"));
	CHECK_OK(events_watch_refresh(watch, db));
	CHECK(events_wanted("or-1"));
}

static void a_body_is_signed_with_the_secret_that_was_shown(void **state)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(WEBHOOK_SECRET_SEALED), body = HF_BUF(4096);
	struct event_row row = { .id = "whe-1",
		                 .kind = "key.created",
		                 .data = hf_span_text("{}"),
		                 .happened_ms = 1000,
		                 .attempt = 2,
		                 .retry_of = "whe-0" };
	char secret[WEBHOOK_SECRET_TEXT], got[WEBHOOK_SIGNATURE_TEXT], want[WEBHOOK_SIGNATURE_TEXT];
	uint8_t mac[SHA256_LEN];

	CHECK_OK(webhook_secret_new(&key, "wh-1", secret, &sealed));
	CHECK_OK(webhook_body(&row, 1700000000999, &body));
	hf_buf_u8(&body, 0);
	assert_string_equal((char *)body.ptr,
	                    "{\"id\":\"whe-1\",\"kind\":\"key.created\",\"date\":"
	                    "\"1970-01-01T00:00:01.000Z\",\"data\":{},\"status\":\"Pending\","
	                    "\"timestampSent\":1700000000,\"deliveryAttempt\":2,\"retryOf\":"
	                    "\"whe-0\"}");
	body.len--;
	CHECK_OK(webhook_sign(&key, "wh-1", hf_buf_span(&sealed), hf_buf_span(&body), got));
	CHECK_OK(hmac_sha256(hf_span_text(secret), hf_buf_span(&body), mac));
	snprintf(want, sizeof(want), "sha256=");
	hf_hex(mac, sizeof(mac), want + 7);
	assert_string_equal(got, want);
	CHECK_CODE(webhook_sign(&key, "wh-2", hf_buf_span(&sealed), hf_buf_span(&body), got),
	           HF_UNAUTHENTIC);
}

static void five_attempts_are_made_over_a_day(void **state)
{
	assert_int_equal(webhook_pause_ms(1, 60000), 60000);
	assert_int_equal(webhook_pause_ms(2, 60000), 12 * 60000);
	assert_int_equal(webhook_pause_ms(3, 60000), 2 * 3600 * 1000);
	assert_int_equal(webhook_pause_ms(4, 60000), 24 * 3600 * 1000);
	assert_int_equal(webhook_pause_ms(5, 60000), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_event_goes_to_each_enabled_webhook_that_wants_it),
		CASE(an_event_is_dealt_once_until_its_lease_ends),
		CASE(what_was_delivered_is_in_the_log_and_not_due),
		CASE(deleting_a_webhook_takes_its_events_along),
		CASE(organisations_without_webhooks_cost_nothing),
		CASE(a_body_is_signed_with_the_secret_that_was_shown),
		CASE(five_attempts_are_made_over_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
