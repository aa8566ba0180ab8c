/* SPDX-License-Identifier: Apache-2.0
 * Connections to slots: which is asked, what happens when it does not answer, answers badly, or
 * lies, and that nothing is done twice that must not be. */
#include "slot_fixture.h"

/* What a gateway that never answers would cost, and one that is gone for good. */
#define OVERDUE_MS 10000
#define AT_ONCE_MS 1900

#define ID_A "0123456789abcdeA"
#define ID_B "0123456789abcdeB"

static void operations_go_to_the_first_connection_and_come_back_verified(void **state)
{
	struct crypto_op ops[64];
	struct wait w;

	make_group(PIN, true);
	w = sign();
	assert_int_equal(w.outcome, OP_DONE);
	for (size_t i = 0; i < HF_COUNT(ops); i++)
		ops[i] = sign_op();
	w = ask(ops, HF_COUNT(ops));
	assert_int_equal(w.n_done, HF_COUNT(ops));
	assert_int_equal(fx.gateways[0].opens, 1);
	assert_int_equal(fx.gateways[0].ops, 65);
	assert_int_equal(fx.gateways[1].requests, 0);
	assert_string_equal(view(0).serial, "0001");
	assert_int_equal(view(0).state, LINK_CONNECTED);
}

static void without_priorities_all_connections_are_used(void **state)
{
	make_group(PIN, false);
	for (int i = 0; i < 8; i++)
		assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(fx.gateways[0].ops, 4);
	assert_int_equal(fx.gateways[1].ops, 4);
}

static void a_gateway_that_is_gone_is_passed_over_at_once_and_comes_back_by_itself(void **state)
{
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	gateway_stop(&fx.gateways[0]);
	w = sign();
	assert_int_equal(w.outcome, OP_DONE);
	CHECK(w.took_ms < AT_ONCE_MS);
	assert_int_equal(fx.gateways[1].ops, 1);
	expect_state(0, LINK_NOT_CONNECTED);
	CHECK(strstr(view(0).message, "127.0.0.1"));
	gateway_start(&fx.gateways[0]);
	expect_state(0, LINK_CONNECTED);
	assert_int_equal(sign().outcome, OP_DONE);
	CHECK(fx.gateways[0].ops >= 2); /* the first is the first again */
}

static void one_that_does_not_answer_is_not_waited_for(void **state)
{
	struct wait w;
	unsigned asked;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	expect_state(0, LINK_CONNECTED);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	w = sign();
	assert_int_equal(w.outcome, OP_DONE);
	CHECK(w.took_ms < OVERDUE_MS);
	asked = fx.gateways[0].signatures;
	assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(fx.gateways[0].signatures, asked); /* the next one does not try it again */
	atomic_store(&fx.gateways[0].mood, GATEWAY_WELL);
	gateway_release(&fx.gateways[0]);
	expect_state(0, LINK_CONNECTED);
}

static void one_that_has_not_answered_yet_is_not_waited_for_either(void **state)
{
	struct wait w;

	make_group(PIN, true);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	w = sign();
	assert_int_equal(w.outcome, OP_DONE);
	CHECK(w.took_ms < 5000); /* it has ten seconds to open the slot */
	CHECK(fx.gateways[1].ops >= 1);
	atomic_store(&fx.gateways[0].mood, GATEWAY_WELL);
	gateway_release(&fx.gateways[0]);
	expect_state(0, LINK_CONNECTED);
}

/* Each of these is thrown away, and the other gateway asked. */
static void expect_refused(enum gateway_mood mood)
{
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, mood);
	w = sign();
	assert_int_equal(w.outcome, OP_DONE);
	CHECK(w.took_ms < OVERDUE_MS);
	assert_int_equal(fx.gateways[1].ops, 1);
	CHECK(*view(0).message || view(0).state == LINK_CONNECTED);
}

static void a_signature_that_does_not_verify_is_thrown_away(void **state)
{
	struct wait w;

	expect_refused(GATEWAY_LIES);
	atomic_store(&fx.gateways[1].mood, GATEWAY_LIES);
	w = sign();
	assert_int_equal(w.outcome, OP_FAILED);
	assert_int_equal(w.code, HF_UNAUTHENTIC);
	CHECK(strstr(w.text, "does not verify"));
}

static void bytes_that_mean_nothing_are_refused(void **state)
{
	expect_refused(GATEWAY_GARBLES);
}

static void an_answer_with_another_number_of_results_is_refused(void **state)
{
	expect_refused(GATEWAY_MISCOUNTS);
}

static void an_answer_without_end_is_refused(void **state)
{
	expect_refused(GATEWAY_TOO_LONG);
}

static void a_slot_that_is_ill_is_passed_over(void **state)
{
	expect_refused(GATEWAY_ILL);
}

static void when_every_slot_is_ill_the_words_are_the_hsms(void **state)
{
	struct wait w;

	make_group(PIN, true);
	atomic_store(&fx.gateways[0].mood, GATEWAY_ILL);
	atomic_store(&fx.gateways[1].mood, GATEWAY_ILL);
	w = sign();
	assert_int_equal(w.outcome, OP_FAILED);
	assert_int_equal(w.code, HF_IO);
	assert_string_equal(w.text, "CKR_DEVICE_ERROR");
}

static void a_session_that_is_forgotten_is_opened_anew(void **state)
{
	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_FORGETS);
	assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(fx.gateways[0].opens, 2);
	assert_int_equal(fx.gateways[1].requests, 0);
}

static void a_wrong_pin_is_given_to_a_token_once(void **state)
{
	static char text[8192], link[6144];
	struct wait w;

	make_group("wrong", true);
	w = sign();
	assert_int_equal(w.outcome, OP_FAILED);
	assert_int_equal(w.code, HF_STOP);
	CHECK(strstr(w.text, "refuses the PIN"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(sign().outcome, OP_FAILED);
	assert_int_equal(fx.wrong_pins, 2); /* one for each connection */
	reload();
	CHECK(fx.group->links[0].pin_refused && fx.group->links[1].pin_refused);
	/* A new one is tried. */
	link_json(link, sizeof(link), 0, PIN);
	snprintf(text, sizeof(text), "{\"mod_hmg\":{\"%s\":%s}}", fx.group->links[0].id, link);
	CHECK_OK(apply(text, NULL));
	assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(fx.wrong_pins, 2);
	CHECK(!fx.group->links[0].pin_refused);
}

static void a_key_whose_making_was_not_answered_is_looked_for(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_DEAF);
	begin(&w, &op, 1, 0);
	while (fx.generated == 0)
		usleep(1000);
	gateway_stop(&fx.gateways[0]);
	finish(&w);
	assert_int_equal(w.outcome, OP_DONE);
	assert_int_equal(fx.generated, 1);
	assert_int_equal(fx.gateways[1].looks, 1);
}

static void a_key_that_is_not_there_is_made_there(void **state)
{
	const struct crypto_op op = make_op(ID_B);
	unsigned asked;
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	asked = fx.gateways[0].requests;
	begin(&w, &op, 1, 0);
	while (fx.gateways[0].requests == asked)
		usleep(1000);
	gateway_stop(&fx.gateways[0]);
	finish(&w);
	assert_int_equal(w.outcome, OP_DONE);
	assert_int_equal(fx.generated, 1);
	CHECK(fx.gateways[1].looks >= 2); /* its HSM may have been at it still */
}

static void a_key_that_may_still_be_being_made_is_not_made_a_second_time(void **state)
{
	const struct crypto_op op = make_op(ID_B);
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT); /* it is slow: it has not answered */
	begin(&w, &op, 1, 0);
	while (fx.gateways[1].looks == 0) /* LINK_MAKE_MS */
		usleep(5000);
	usleep(100000);
	assert_int_equal(fx.generated, 0);
	gateway_release(&fx.gateways[0]); /* it failed there */
	finish(&w);
	assert_int_equal(w.outcome, OP_DONE);
	assert_int_equal(fx.generated, 1);
	CHECK(fx.gateways[1].looks >= 2);
}

static void a_key_that_is_still_being_made_is_not_taken_for_made(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;
	int over = 1;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_DEAF); /* it is slow, and not done yet */
	begin(&w, &op, 1, 0);
	while (fx.gateways[1].looks == 0) /* LINK_MAKE_MS */
		usleep(5000);
	usleep(100000);
	assert_int_equal(sem_getvalue(&w.over, &over), 0);
	assert_int_equal(over, 0);
	gateway_catch_up(&fx.gateways[0]);
	finish(&w);
	assert_int_equal(w.outcome, OP_DONE);
	assert_int_equal(fx.generated, 1);
}

static void when_nobody_can_tell_whether_a_key_was_made_that_is_said(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	gateway_stop(&fx.gateways[1]);
	atomic_store(&fx.gateways[0].mood, GATEWAY_DEAF);
	begin(&w, &op, 1, 1500);
	while (fx.generated == 0)
		usleep(1000);
	gateway_stop(&fx.gateways[0]);
	finish(&w);
	assert_int_equal(w.outcome, OP_FAILED);
	CHECK(strstr(w.text, "nobody can tell whether the key was made"));
}

static void it_is_said_when_time_is_over_too(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	gateway_stop(&fx.gateways[1]);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_DEAF);
	begin(&w, &op, 1, 1000);
	finish(&w);
	assert_int_equal(w.outcome, OP_FAILED);
	assert_int_equal(w.code, HF_TIMEOUT);
	CHECK(strstr(w.text, "nobody can tell whether the key was made"));
}

static void a_key_of_another_kind_than_was_asked_for_is_refused(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	atomic_store(&fx.gateways[0].mood, GATEWAY_CHANGES_KIND);
	w = ask(&op, 1);
	assert_int_equal(w.outcome, OP_DONE); /* the other gateway knows what it is */
	assert_int_equal(fx.gateways[1].looks, 1);
}

static void a_destruction_that_nobody_confirmed_is_done_when_the_key_is_gone(void **state)
{
	const struct crypto_op make = make_op(ID_A), destroy = destroy_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(ask(&make, 1).outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_DEAF);
	w = ask(&destroy, 1);
	assert_int_equal(w.outcome, OP_DONE);
	CHECK(w.took_ms < OVERDUE_MS);
	assert_int_equal(fx.destroyed, 1);
	/* One that was never there is not. */
	w = ask(&destroy, 1);
	assert_int_equal(w.code, HF_NOTFOUND);
}

static void a_key_is_gone_when_all_who_answer_say_so(void **state)
{
	const struct crypto_op make = make_op(ID_A), destroy = destroy_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(ask(&make, 1).outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_BLIND);
	assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(ask(&destroy, 1).outcome, OP_DONE);
	assert_int_equal(fx.destroyed, 1);
	atomic_store(&fx.gateways[1].mood, GATEWAY_BLIND);
	w = sign();
	CHECK(w.outcome == OP_FAILED && w.code == HF_NOTFOUND && w.took_ms < AT_ONCE_MS);
	w = ask(&destroy, 1);
	CHECK(w.outcome == OP_FAILED && w.code == HF_NOTFOUND && w.took_ms < AT_ONCE_MS);
}

static void one_that_is_slow_may_have_the_key_that_the_other_has_not(void **state)
{
	const struct crypto_op op = sign_op();
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	atomic_store(&fx.gateways[1].mood, GATEWAY_BLIND);
	begin(&w, &op, 1, 0);
	while (fx.gateways[1].ops == 0)
		usleep(1000);
	usleep(50000); /* its answer has come: it has no such key */
	gateway_catch_up(&fx.gateways[0]);
	finish(&w);
	assert_int_equal(w.outcome, OP_DONE);
}

static void one_that_is_gone_is_not_waited_for_to_say_that_a_key_is(void **state)
{
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_BLIND);
	atomic_store(&fx.gateways[1].mood, GATEWAY_SILENT);
	w = sign();
	CHECK(w.outcome == OP_FAILED && w.code == HF_NOTFOUND);
	CHECK(w.took_ms < 5000);
	gateway_release(&fx.gateways[1]);
}

static void one_that_does_not_even_open_is_not_waited_for_either(void **state)
{
	struct wait w;

	atomic_store(&fx.gateways[0].mood, GATEWAY_BLIND);
	atomic_store(&fx.gateways[1].mood, GATEWAY_SILENT);
	make_group(PIN, true);
	w = sign();
	CHECK(w.outcome == OP_FAILED && w.code == HF_NOTFOUND);
	CHECK(w.took_ms < 5000);
	gateway_release(&fx.gateways[1]);
}

static void all_pages_of_a_list_are_asked_of_one(void **state)
{
	const struct crypto_op list = { .kind = CRYPTO_LIST, .count = 10 };

	make_group(PIN, false);
	for (int i = 0; i < 4; i++)
		(void)ask(&list, 1);
	CHECK(fx.gateways[0].ops + fx.gateways[1].ops == 4);
	CHECK(fx.gateways[0].ops == 0 || fx.gateways[1].ops == 0);
}

static void another_token_in_the_slot_is_not_used(void **state)
{
	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	gateway_stop(&fx.gateways[0]);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_OTHER_TOKEN);
	gateway_start(&fx.gateways[0]);
	slot_links_stop(fx.links); /* a server that starts anew knows the token all the same */
	slot_links_free(fx.links);
	CHECK_OK(slot_links_new(&fx.core, &fx.links));
	fx.core.slots = slot_links_backend(fx.links);
	assert_int_equal(sign().outcome, OP_DONE);
	expect_state(0, LINK_NOT_CONNECTED);
	CHECK(strstr(view(0).message, "serial number 9999, not 0001"));
}

static void what_is_no_gateway_is_named_without_its_words(void **state)
{
	make_group(PIN, true);
	atomic_store(&fx.gateways[0].mood, GATEWAY_TEAPOT);
	assert_int_equal(sign().outcome, OP_DONE);
	expect_state(0, LINK_NOT_CONNECTED);
	CHECK(strstr(view(0).message, "does not answer as a gateway does: HTTP 418"));
	CHECK(!strstr(view(0).message, "stout"));
}

static void a_connection_that_was_changed_or_removed_is_followed(void **state)
{
	static char text[8192], link[6144];

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	link_json(link, sizeof(link), 1, PIN); /* the first leads to the second gateway now */
	snprintf(text, sizeof(text), "{\"mod_hmg\":{\"%s\":%s}}", fx.group->links[0].id, link);
	CHECK_OK(apply(text, NULL));
	assert_int_equal(sign().outcome, OP_DONE);
	assert_int_equal(fx.gateways[0].ops, 1);
	snprintf(text, sizeof(text), "{\"del_hmg\":[\"%s\",\"%s\"]}", fx.group->links[0].id,
	         fx.group->links[1].id);
	GROUP_SCOPED struct group *before = group_ref(fx.group);
	CHECK_OK(apply(text, NULL));
	assert_int_equal(fx.group->n_links, 0);
	assert_int_equal(sign().code, HF_STATE);

	/* Whoever had begun with the group as it was may try again. */
	struct group *now = fx.group;
	fx.group = before;
	const struct wait late = sign();
	fx.group = now;
	assert_int_equal(late.code, HF_CLOSED);
	CHECK(strstr(late.text, "removed"));
}

static void whoever_waits_is_told_when_the_server_stops(void **state)
{
	const struct crypto_op op = make_op(ID_A);
	struct wait w;

	make_group(PIN, true);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	atomic_store(&fx.gateways[1].mood, GATEWAY_SILENT);
	begin(&w, &op, 1, 0);
	usleep(20000);
	slot_links_stop(fx.links);
	finish(&w);
	assert_int_equal(w.outcome, OP_FAILED);
	assert_int_equal(sign().code, HF_CLOSED);
}

static atomic_bool looks_on;

static void *look_on(void *arg)
{
	while (atomic_load(&looks_on))
		slot_links_look(fx.links, fx.group);
	return NULL;
}

static void stopping_and_looking_do_not_get_into_each_others_way(void **state)
{
	pthread_t looker;

	make_group(PIN, true);
	for (int i = 0; i < 20; i++) {
		slot_links_look(fx.links, fx.group);
		atomic_store(&looks_on, true);
		CHECK(pthread_create(&looker, NULL, look_on, NULL) == 0);
		usleep(2000);
		slot_links_stop(fx.links);
		atomic_store(&looks_on, false);
		pthread_join(looker, NULL);
		slot_links_free(fx.links);
		CHECK_OK(slot_links_new(&fx.core, &fx.links));
		fx.core.slots = slot_links_backend(fx.links);
	}
}

static void a_deadline_is_kept_when_nobody_answers(void **state)
{
	const struct crypto_op op = sign_op();
	struct wait w;

	make_group(PIN, true);
	assert_int_equal(sign().outcome, OP_DONE);
	atomic_store(&fx.gateways[0].mood, GATEWAY_SILENT);
	atomic_store(&fx.gateways[1].mood, GATEWAY_SILENT);
	begin(&w, &op, 1, 400);
	finish(&w);
	assert_int_equal(w.outcome, OP_FAILED);
	CHECK(w.took_ms >= 350 && w.took_ms < OVERDUE_MS);
}

struct checked {
	struct link_check check;
	sem_t over;
};

static void checked(struct link_check *c)
{
	sem_post(&((struct checked *)c->ctx)->over);
}

static hf_status check_link(const char *pin, char text[HF_ERR_TEXT_MAX])
{
	struct checked c = { .check = { .slot = 7, .done = checked } };
	hf_status s;

	c.check.ctx = &c;
	sem_init(&c.over, 0, 0);
	make_group(PIN, true);
	c.check.tls = hf_strdup(fx.group->links[0].tls);
	snprintf(c.check.url, sizeof(c.check.url), "%s", fx.group->links[0].url);
	CHECK_OK(hf_secret_copy(pin, strlen(pin), &c.check.pin));
	CHECK_OK(slot_links_check(fx.links, &c.check, NULL));
	while (sem_wait(&c.over) != 0)
		;
	s = c.check.status;
	memcpy(text, c.check.err.text, HF_ERR_TEXT_MAX);
	if (hf_ok(s))
		assert_string_equal(c.check.token.label, "token");
	link_check_done(&c.check);
	sem_destroy(&c.over);
	return s;
}

static void a_test_opens_asks_for_a_sign_of_life_and_says_what_is_wrong(void **state)
{
	char text[HF_ERR_TEXT_MAX];

	CHECK_OK(check_link(PIN, text));
	assert_int_equal(fx.gateways[0].ops, 1);
}

static void a_test_with_a_wrong_pin_fails(void **state)
{
	char text[HF_ERR_TEXT_MAX];

	CHECK_CODE(check_link("wrong", text), HF_DENIED);
	CHECK(strstr(text, "CKR_PIN_INCORRECT") && !strstr(text, "wrong"));
}

static void a_test_of_a_slot_that_is_ill_fails(void **state)
{
	char text[HF_ERR_TEXT_MAX];

	atomic_store(&fx.gateways[0].mood, GATEWAY_ILL);
	CHECK_CODE(check_link(PIN, text), HF_BUSY);
	CHECK(strstr(text, "CKR_DEVICE_ERROR"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SLOTS(operations_go_to_the_first_connection_and_come_back_verified),
		SLOTS(without_priorities_all_connections_are_used),
		SLOTS(a_gateway_that_is_gone_is_passed_over_at_once_and_comes_back_by_itself),
		SLOTS(one_that_does_not_answer_is_not_waited_for),
		SLOTS(one_that_has_not_answered_yet_is_not_waited_for_either),
		SLOTS(a_signature_that_does_not_verify_is_thrown_away),
		SLOTS(bytes_that_mean_nothing_are_refused),
		SLOTS(an_answer_with_another_number_of_results_is_refused),
		SLOTS(an_answer_without_end_is_refused),
		SLOTS(a_slot_that_is_ill_is_passed_over),
		SLOTS(when_every_slot_is_ill_the_words_are_the_hsms),
		SLOTS(a_session_that_is_forgotten_is_opened_anew),
		SLOTS(a_wrong_pin_is_given_to_a_token_once),
		SLOTS(a_key_whose_making_was_not_answered_is_looked_for),
		SLOTS(a_key_that_is_not_there_is_made_there),
		SLOTS(a_key_that_may_still_be_being_made_is_not_made_a_second_time),
		SLOTS(a_key_that_is_still_being_made_is_not_taken_for_made),
		SLOTS(when_nobody_can_tell_whether_a_key_was_made_that_is_said),
		SLOTS(it_is_said_when_time_is_over_too),
		SLOTS(a_key_of_another_kind_than_was_asked_for_is_refused),
		SLOTS(a_destruction_that_nobody_confirmed_is_done_when_the_key_is_gone),
		SLOTS(a_key_is_gone_when_all_who_answer_say_so),
		SLOTS(one_that_is_slow_may_have_the_key_that_the_other_has_not),
		SLOTS(one_that_is_gone_is_not_waited_for_to_say_that_a_key_is),
		SLOTS(one_that_does_not_even_open_is_not_waited_for_either),
		SLOTS(all_pages_of_a_list_are_asked_of_one),
		SLOTS(another_token_in_the_slot_is_not_used),
		SLOTS(what_is_no_gateway_is_named_without_its_words),
		SLOTS(a_connection_that_was_changed_or_removed_is_followed),
		SLOTS(whoever_waits_is_told_when_the_server_stops),
		SLOTS(stopping_and_looking_do_not_get_into_each_others_way),
		SLOTS(a_deadline_is_kept_when_nobody_answers),
		SLOTS(a_test_opens_asks_for_a_sign_of_life_and_says_what_is_wrong),
		SLOTS(a_test_with_a_wrong_pin_fails),
		SLOTS(a_test_of_a_slot_that_is_ill_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
