/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/pins.h"

#include <string.h>

static const struct hsmhost_token one = { .slot = 1, .label = "one", .serial = "1111" };
static const struct hsmhost_token other = { .slot = 2, .label = "other", .serial = "2222" };

static struct pin_mark mark(const struct pins *p, const char *pin)
{
	HF_SECRET struct hf_secret secret = { 0 };
	struct pin_mark m;

	CHECK_OK(hf_secret_copy(pin, strlen(pin), &secret));
	CHECK_OK(pins_mark(p, &secret, &m));
	return m;
}

static void refuse(struct pins *p, const struct hsmhost_token *token, const char *pin)
{
	struct pin_mark m = mark(p, pin);

	CHECK_OK(pins_may_try(p, token, &m, NULL));
	pins_refused(p, token, &m);
}

static void check_denied(struct pins *p, const struct hsmhost_token *token, const char *pin,
                         const char *words)
{
	struct pin_mark m = mark(p, pin);
	struct hf_err err;

	CHECK_CODE(pins_may_try(p, token, &m, &err), HF_DENIED);
	CHECK(strstr(err.text, words));
}

static void a_refused_pin_is_not_tried_again(void **state)
{
	struct pins *p = NULL;
	struct pin_mark right, wrong;

	CHECK_OK(pins_new(2, &p));
	wrong = mark(p, "1234");
	refuse(p, &one, "1234");
	pins_refused(p, &one, &wrong); /* said once more, it counts no more */
	check_denied(p, &one, "1234", "before");
	right = mark(p, "4321");
	CHECK_OK(pins_may_try(p, &one, &right, NULL));
	pins_free(p);
}

static void after_so_many_refusals_no_pin_is_tried(void **state)
{
	struct pins *p = NULL;

	CHECK_OK(pins_new(2, &p));
	refuse(p, &one, "1");
	refuse(p, &one, "2");
	check_denied(p, &one, "3", "--pin-attempts");
	refuse(p, &other, "3"); /* another token counts for itself */
	pins_free(p);
}

static void an_accepted_pin_begins_the_count_anew(void **state)
{
	struct pins *p = NULL;

	CHECK_OK(pins_new(1, &p));
	refuse(p, &one, "1");
	pins_accepted(p, &one);
	refuse(p, &one, "2");
	pins_accepted(p, &other); /* never refused anything */
	check_denied(p, &one, "3", "--pin-attempts");
	pins_free(p);
}

static void a_token_is_known_by_its_serial_number_or_else_its_slot(void **state)
{
	struct hsmhost_token moved = one, nameless = { .slot = 3 }, nameless_too = { .slot = 4 };
	struct pins *p = NULL;

	CHECK_OK(pins_new(1, &p));
	refuse(p, &one, "1");
	moved.slot = 9;
	check_denied(p, &moved, "1", "before");
	refuse(p, &nameless, "1");
	check_denied(p, &nameless, "1", "before");
	refuse(p, &nameless_too, "1");
	pins_free(p);
}

static void more_tokens_than_can_be_remembered_are_refused(void **state)
{
	struct hsmhost_token token = { 0 };
	struct pins *p = NULL;

	CHECK_OK(pins_new(2, &p));
	for (token.slot = 0; token.slot < PIN_TOKENS_MAX; token.slot++)
		refuse(p, &token, "1");
	check_denied(p, &token, "1", "too many tokens");
	pins_free(p);
}

static void a_mark_is_of_one_process_and_one_pin(void **state)
{
	struct pins *p = NULL, *q = NULL;
	struct pin_mark a, b;

	CHECK_OK(pins_new(1, &p));
	CHECK_OK(pins_new(1, &q));
	a = mark(p, "1234");
	b = mark(p, "1234");
	CHECK(pin_mark_equal(&a, &b));
	b = mark(p, "1235");
	CHECK(!pin_mark_equal(&a, &b));
	b = mark(q, "1234");
	CHECK(!pin_mark_equal(&a, &b));
	pins_free(p);
	pins_free(q);
	CHECK_CODE(pins_new(0, &p), HF_INVALID);
	CHECK_CODE(pins_new(PIN_ATTEMPTS_MAX + 1, &p), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_pin_is_not_tried_again),
		cmocka_unit_test(after_so_many_refusals_no_pin_is_tried),
		cmocka_unit_test(an_accepted_pin_begins_the_count_anew),
		cmocka_unit_test(a_token_is_known_by_its_serial_number_or_else_its_slot),
		cmocka_unit_test(more_tokens_than_can_be_remembered_are_refused),
		cmocka_unit_test(a_mark_is_of_one_process_and_one_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
