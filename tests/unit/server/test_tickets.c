/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/core/people/attempts.h"
#include "server/core/people/tickets.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1790000000000)

static struct hf_secret mac, other_mac;

static int setup(void **state)
{
	CHECK_OK(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &mac));
	CHECK_OK(hf_secret_copy("fedcba9876543210fedcba9876543210", 32, &other_mac));
	return 0;
}

static int teardown(void **state)
{
	hf_secret_done(&mac);
	hf_secret_done(&other_mac);
	return 0;
}

struct made {
	char text[TICKET_TEXT_MAX + 1], challenge[129];
	struct ticket ticket;
};

static void make(enum ticket_kind kind, struct made *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TICKET_TEXT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	to->ticket = (struct ticket){ .kind = kind,
		                      .org_id = "or-1",
		                      .identity_id = "us-1",
		                      .username = "a \"name\"",
		                      .credential_kind = "Key",
		                      .credential_id = "cred",
		                      .code_kind = CODE_RECOVERY,
		                      .code_hash = { 1, 2, 3 } };
	CHECK_OK(ticket_put(&mac, &to->ticket, NOW, &text, &challenge));
	CHECK_OK(hf_span_to_text(hf_buf_span(&text), to->text, sizeof(to->text)));
	CHECK_OK(hf_span_to_text(hf_buf_span(&challenge), to->challenge, sizeof(to->challenge)));
}

static hf_status open_ticket(const struct hf_secret *key, enum ticket_kind kind, const char *text,
                             int64_t now, struct ticket *ret, char challenge[129])
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(128);
	struct hf_err err;

	HF_TRY(ticket_open(key, kind, text, now, ret, &out, &err));
	return hf_span_to_text(hf_buf_span(&out), challenge, 129);
}

static void a_ticket_comes_back_as_it_was(void **state)
{
	struct made made;
	struct ticket back;
	char challenge[129];

	make(TICKET_RECOVERY, &made);
	CHECK_OK(open_ticket(&mac, TICKET_RECOVERY, made.text, NOW + 1000, &back, challenge));
	assert_string_equal(challenge, made.challenge);
	assert_string_equal(back.id, made.ticket.id);
	assert_string_equal(back.org_id, "or-1");
	assert_string_equal(back.identity_id, "us-1");
	assert_string_equal(back.username, "a \"name\"");
	assert_string_equal(back.credential_kind, "Key");
	assert_string_equal(back.credential_id, "cred");
	assert_string_equal(back.code_kind, CODE_RECOVERY);
	assert_memory_equal(back.code_hash, made.ticket.code_hash, CODE_HASH_LEN);
	CHECK(back.issued_ms == NOW);
}

static void two_tickets_have_two_challenges(void **state)
{
	struct made a, b;

	make(TICKET_LOGIN, &a);
	make(TICKET_LOGIN, &b);
	CHECK(strcmp(a.challenge, b.challenge) != 0);
}

static void a_ticket_is_good_for_its_own_purpose_time_and_server_only(void **state)
{
	struct made made;
	struct ticket back;
	char challenge[129];

	make(TICKET_LOGIN, &made);
	for (int kind = TICKET_REGISTRATION; kind <= TICKET_RECOVERY; kind++)
		CHECK_CODE(
		        open_ticket(&mac, (enum ticket_kind)kind, made.text, NOW, &back, challenge),
		        HF_INVALID);
	CHECK_CODE(open_ticket(&other_mac, TICKET_LOGIN, made.text, NOW, &back, challenge),
	           HF_INVALID);
	CHECK_OK(open_ticket(&mac, TICKET_LOGIN, made.text, NOW + LOGIN_LIFETIME_MS, &back,
	                     challenge));
	CHECK_CODE(open_ticket(&mac, TICKET_LOGIN, made.text, NOW + LOGIN_LIFETIME_MS + 1, &back,
	                       challenge),
	           HF_INVALID);
	CHECK_CODE(open_ticket(&mac, TICKET_LOGIN, NULL, NOW, &back, challenge), HF_INVALID);
}

static void a_ticket_with_any_letter_changed_is_refused(void **state)
{
	struct made made;
	struct ticket back;
	char challenge[129];

	make(TICKET_LOGIN, &made);
	for (size_t i = 0; made.text[i]; i++) {
		char kept = made.text[i];

		made.text[i] = kept == 'A' ? 'B' : 'A';
		CHECK_CODE(open_ticket(&mac, TICKET_LOGIN, made.text, NOW, &back, challenge),
		           HF_INVALID);
		made.text[i] = kept;
	}
}

static void a_code_is_the_same_however_it_is_typed(void **state)
{
	uint8_t a[CODE_HASH_LEN], b[CODE_HASH_LEN];

	CHECK_OK(code_hash("k7m2q-0qx41-w8pz3-h5n6c", a));
	CHECK_OK(code_hash("K7M2Q oqx4L.W8PZ3-H5N6C", b));
	assert_memory_equal(a, b, CODE_HASH_LEN);
	CHECK_OK(code_hash("k7m2q-0qx41-w8pz3-h5n6d", b));
	CHECK(memcmp(a, b, CODE_HASH_LEN) != 0);
	CHECK_CODE(code_hash("", b), HF_INVALID);
	CHECK_CODE(code_hash("k7m2q-0qx41-w8pz3-h5n6", b), HF_INVALID);
	CHECK_CODE(code_hash("k7m2q-0qx41-w8pz3-h5n6cc", b), HF_INVALID);
	CHECK_CODE(code_hash("k7m2u-0qx41-w8pz3-h5n6c", b), HF_INVALID);
}

static void ten_failures_are_enough_for_a_while(void **state)
{
	struct attempts *a;

	CHECK_OK(attempts_new(&a));
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		CHECK(attempts_allowed(a, "address/192.0.2.1", NOW));
		attempts_failed(a, "address/192.0.2.1", NOW);
	}
	CHECK(!attempts_allowed(a, "address/192.0.2.1", NOW));
	CHECK(attempts_allowed(a, "address/192.0.2.2", NOW));
	CHECK(!attempts_allowed(a, "address/192.0.2.1", NOW + ATTEMPTS_WINDOW_MS - 1));
	CHECK(attempts_allowed(a, "address/192.0.2.1", NOW + ATTEMPTS_WINDOW_MS));
	attempts_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_comes_back_as_it_was),
		cmocka_unit_test(two_tickets_have_two_challenges),
		cmocka_unit_test(a_ticket_is_good_for_its_own_purpose_time_and_server_only),
		cmocka_unit_test(a_ticket_with_any_letter_changed_is_refused),
		cmocka_unit_test(a_code_is_the_same_however_it_is_typed),
		cmocka_unit_test(ten_failures_are_enough_for_a_while),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
