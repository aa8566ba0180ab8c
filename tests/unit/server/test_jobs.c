/* SPDX-License-Identifier: Apache-2.0 */
#include "queue_fixture.h"

#include "proof/evidence.h"

static void a_job_is_settled_and_announced_once_and_leaves_no_row(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	CHECK(d.jobs[0] == a.ids[0] && d.attempts[0] == 1);
	hand_in(ALICE, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 1 && fx.announced[0] == 1);
	CHECK(rows() == 0);
	CHECK(stats_now().done == 1);
}

static void a_second_completion_is_acknowledged_and_ignored(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	hand_in(ALICE, a.ids[0], &signed_well);
	hand_in(ALICE, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 1 && fx.announced[0] == 1);
	CHECK(stats_now().late == 1);
}

static size_t take_with_evidence(struct driver *d, const char *instance)
{
	driver_init(d, instance, POLL_BATCH_MAX, 0);
	d->poll.request.evidence = true;
	driver_send(d);
	return driver_wait(d);
}

static void who_checks_requests_is_told_who_asked_and_others_are_not(void **state)
{
	struct driver d;

	fx.evidence_len = 100;
	add(0, 3);
	CHECK(take_with_evidence(&d, ALICE) == 3);
	CHECK(d.evidence_bytes == 300);
	add(3, 3);
	CHECK(take_jobs(&d, BOB, 8) == 3);
	CHECK(d.evidence_bytes == 0);
}

static hf_status attempts_run(struct db *db, void *arg)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT count(*) FROM jobs WHERE state = 0 AND attempts = 0", &st));
	HF_TRY(db_step(st, &row));
	*(int64_t *)arg = db_col_int(st, 0);
	return HF_SUCCESS;
}

/* What a reply does not hold is as if it had not been looked at. */
static void jobs_whose_evidence_is_too_much_for_one_reply_wait_for_the_next(void **state)
{
	struct driver d;
	int64_t untouched;
	size_t got, rounds = 0;

	fx.evidence_len = EVIDENCE_MAX;
	add(0, 30);
	for (size_t left = 30; left > 0; left -= got, rounds++) {
		got = take_with_evidence(&d, ALICE);
		CHECK(got > 0 && d.evidence_bytes == got * EVIDENCE_MAX);
		CHECK(d.evidence_bytes < POLL_BODY_MAX);
		CHECK(d.attempts[0] == 1);
		CHECK_OK(call(attempts_run, &untouched));
		CHECK(untouched == (int64_t)(left - got));
	}
	CHECK(rounds > 1);
}

static void another_store_cannot_complete_a_job(void **state)
{
	struct adding a = add(0, 1);
	struct driver d, foreign;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	driver_init(&foreign, BOB, 8, 0);
	foreign.poll.store_id = "ks-2";
	driver_result(&foreign, a.ids[0], &signed_well);
	driver_send(&foreign);
	CHECK(driver_wait(&foreign) == 0);
	CHECK(fx.settled[0] == 0);
	CHECK(rows() == 1);
}

static void a_job_whose_lease_ended_goes_to_another_and_the_first_answer_wins(void **state)
{
	struct adding a = add(0, 1);
	struct driver alice, bob;

	CHECK(take_jobs(&alice, ALICE, 8) == 1);
	CHECK(take_jobs(&bob, BOB, 8) == 0);
	end_leases();
	CHECK(stats_now().expired == 1);
	CHECK(take_jobs(&bob, BOB, 8) == 1);
	CHECK(bob.jobs[0] == a.ids[0] && bob.attempts[0] == 2);
	hand_in(ALICE, a.ids[0], &signed_well); /* slow, but first */
	hand_in(BOB, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 1);
	CHECK(stats_now().late == 1);
}

static hf_status lease_far_run(struct db *db, void *arg)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE jobs SET lease_until = lease_until + 3600000", &st));
	return db_run(st, NULL);
}

static void a_clock_set_back_by_an_hour_holds_no_job_for_that_long(void **state)
{
	struct driver alice, bob;

	add(0, 1);
	CHECK(take_jobs(&alice, ALICE, 8) == 1);
	CHECK_OK(call(lease_far_run, NULL));
	sweep();
	CHECK(take_jobs(&bob, BOB, 8) == 1);
}

static void a_parked_poll_gets_what_a_sweep_took_back(void **state)
{
	struct driver alice, bob;

	add(0, 1);
	CHECK(take_jobs(&alice, ALICE, 8) == 1);
	driver_init(&bob, BOB, 8, 5000);
	driver_send(&bob);
	end_leases();
	CHECK(driver_wait(&bob) == 1);
}

static void naming_a_job_as_worked_on_renews_its_lease(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	CHECK_OK(call(end_leases_run, NULL));
	driver_init(&d, ALICE, 0, 0);
	d.working[0] = a.ids[0];
	d.poll.request.n_working = 1;
	driver_send(&d);
	driver_wait(&d);
	sweep();
	CHECK(stats_now().expired == 0);
	CHECK(take_jobs(&d, BOB, 8) == 0);
}

static void nobody_renews_the_lease_of_another(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	CHECK_OK(call(end_leases_run, NULL));
	driver_init(&d, BOB, 0, 0);
	d.working[0] = a.ids[0];
	d.poll.request.n_working = 1;
	driver_send(&d);
	driver_wait(&d);
	sweep();
	CHECK(stats_now().expired == 1);
}

static const struct op_result given_back = {
	.outcome = OP_RETRY,
	.code = HF_IO,
	.text = "the signer crashed",
};

static void a_job_given_back_is_queued_again_at_once(void **state)
{
	struct adding a = add(0, 1);
	struct driver alice, bob;

	CHECK(take_jobs(&alice, ALICE, 8) == 1);
	driver_init(&bob, BOB, 8, 5000);
	driver_send(&bob);
	hand_in(ALICE, a.ids[0], &given_back);
	CHECK(driver_wait(&bob) == 1);
	CHECK(bob.attempts[0] == 2);
	CHECK(fx.settled[0] == 0 && stats_now().retried == 1);
}

static void only_the_holder_of_a_lease_can_give_a_job_back(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 8) == 1);
	hand_in(BOB, a.ids[0], &given_back);
	CHECK(stats_now().retried == 0 && stats_now().late == 1);
	CHECK(take_jobs(&d, BOB, 8) == 0);
}

static void attempts_used_up_settle_the_job_as_failed(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	for (uint32_t i = 1; i <= JOB_ATTEMPTS_MAX; i++) {
		CHECK(take_jobs(&d, ALICE, 1) == 1);
		CHECK(d.attempts[0] == i);
		hand_in(ALICE, a.ids[0], &given_back);
		if (i > 1 && i < JOB_ATTEMPTS_MAX)
			end_leases(); /* later attempts wait a little: skip that */
	}
	CHECK(fx.settled[0] == 1 && fx.announced[0] == 1);
	CHECK(fx.last.outcome == OP_FAILED);
	CHECK(strstr(fx.last.text, "the signer crashed") != NULL);
	CHECK(rows() == 0);
}

static hf_status use_up_run(struct db *db, void *arg)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE jobs SET attempts = 5", &st));
	return db_run(st, NULL);
}

static void leases_that_ended_too_often_settle_the_job_as_failed(void **state)
{
	struct driver d;

	add(0, 1);
	CHECK(take_jobs(&d, ALICE, 1) == 1);
	CHECK_OK(call(use_up_run, NULL));
	end_leases();
	CHECK(fx.settled[0] == 1 && fx.announced[0] == 1);
	CHECK(fx.last.outcome == OP_FAILED);
	CHECK(rows() == 0);
}

static void a_job_that_failed_for_good_is_settled_with_its_words(void **state)
{
	const struct op_result failed = { .outcome = OP_FAILED,
		                          .code = HF_CORRUPT,
		                          .text = "altered" };
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 1) == 1);
	hand_in(ALICE, a.ids[0], &failed);
	CHECK(fx.settled[0] == 1 && stats_now().failed == 1);
	assert_string_equal(fx.last.text, "altered");
}

static void a_result_that_its_subject_refuses_is_tried_again_and_not_announced(void **state)
{
	struct adding a = add(0, 1);
	struct driver d;

	fx.settle_code = HF_UNAUTHENTIC;
	CHECK(take_jobs(&d, ALICE, 1) == 1);
	hand_in(ALICE, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 0 && fx.announced[0] == 0);
	CHECK(take_jobs(&d, BOB, 1) == 1);
	CHECK(d.jobs[0] == a.ids[0] && d.attempts[0] == 2);
	fx.settle_code = HF_OK;
	hand_in(BOB, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 1);
}

static void an_answer_to_another_question_is_refused(void **state)
{
	const struct op_result generated = { .outcome = OP_DONE,
		                             .public_key = HF_SPAN(test_public, 33) };
	struct adding a = add(0, 1);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 1) == 1);
	hand_in(ALICE, a.ids[0], &generated);
	CHECK(fx.settled[0] == 0);
	CHECK(rows() == 1);
}

static void a_failing_database_undoes_the_whole_hand_in(void **state)
{
	struct adding a = add(0, 2);
	struct driver d, again;

	CHECK(take_jobs(&d, ALICE, 2) == 2);
	fx.settle_code = HF_IO;
	driver_init(&again, ALICE, 0, 0);
	driver_result(&again, a.ids[0], &given_back);
	driver_result(&again, a.ids[1], &signed_well);
	driver_send(&again);
	sem_wait(&again.answered);
	CHECK_CODE(again.status, HF_IO);
	CHECK(stats_now().retried == 0 && rows() == 2);
	CHECK(take_jobs(&d, BOB, 2) == 0);
	fx.settle_code = HF_OK;
	hand_in(ALICE, a.ids[1], &signed_well);
	CHECK(fx.settled[1] == 1);
}

static void a_parked_poll_gets_a_job_in_the_commit_that_adds_it(void **state)
{
	struct driver d;
	struct db_work_stats before, after;

	driver_init(&d, ALICE, 8, 5000);
	driver_send(&d);
	rows(); /* parked by now */
	CHECK(stats_now().parked == 1);
	db_work_stats(fx.writer, &before);
	add(0, 1);
	CHECK(driver_wait(&d) == 1);
	db_work_stats(fx.writer, &after);
	CHECK(after.groups == before.groups + 1);
	CHECK(stats_now().parked == 0);
}

static void jobs_are_dealt_in_equal_shares(void **state)
{
	struct driver d[3];
	size_t least = SUBJECTS, most = 0;

	for (int i = 0; i < 3; i++) {
		driver_init(&d[i], i ? BOB : ALICE, 64, 5000);
		driver_send(&d[i]);
	}
	add(0, 32);
	for (int i = 0; i < 3; i++) {
		size_t n = driver_wait(&d[i]);

		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	CHECK(least == 10 && most == 11);
}

static void fewer_jobs_than_polls_go_to_those_who_wait_longest(void **state)
{
	struct driver d[3];

	for (int i = 0; i < 3; i++) {
		driver_init(&d[i], ALICE, 64, 5000);
		driver_send(&d[i]);
	}
	add(0, 2);
	CHECK(driver_wait(&d[0]) == 1);
	CHECK(driver_wait(&d[1]) == 1);
	rows();
	CHECK(!driver_answered_yet(&d[2]));
	add(2, 1);
	CHECK(driver_wait(&d[2]) == 1);
}

static void nobody_gets_more_than_he_asked_for(void **state)
{
	struct driver d;

	add(0, 20);
	CHECK(take_jobs(&d, ALICE, 17) == 17);
	CHECK(take_jobs(&d, ALICE, 17) == 3);
	CHECK(take_jobs(&d, ALICE, 17) == 0);
}

static void a_poll_without_jobs_is_answered_when_its_wait_ends(void **state)
{
	struct driver d;

	driver_init(&d, ALICE, 8, 500);
	driver_send(&d);
	rows();
	CHECK(!driver_answered_yet(&d));
	usleep(510 * 1000);
	jobs_tick(fx.jobs, fx.writer);
	CHECK(driver_wait(&d) == 0);
	CHECK(stats_now().parked == 0);
}

static void a_peer_that_left_gets_no_jobs(void **state)
{
	struct driver d, other;

	driver_init(&d, ALICE, 8, 5000);
	driver_send(&d);
	rows();
	jobs_poll_gone(fx.jobs, &d.poll);
	add(0, 1);
	CHECK(take_jobs(&other, BOB, 8) == 1);
	jobs_tick(fx.jobs, fx.writer);
	CHECK(driver_wait(&d) == 0);
	jobs_poll_gone(fx.jobs, &d.poll); /* too late, and harmless */
}

static void queued_and_leased_jobs_outlive_a_restart(void **state)
{
	struct adding a = add(0, 2);
	struct driver d;

	CHECK(take_jobs(&d, ALICE, 1) == 1);
	fixture_stop();
	fixture_start();
	CHECK(take_jobs(&d, BOB, 8) == 1); /* the queued one; the other is still Alice's */
	CHECK(d.jobs[0] == a.ids[1]);
	hand_in(ALICE, a.ids[0], &signed_well);
	CHECK(fx.settled[0] == 1);
}

static void a_release_answers_parked_polls_and_still_takes_results(void **state)
{
	struct adding a = add(0, 2);
	struct driver d, parked;

	CHECK(take_jobs(&d, ALICE, 2) == 2);
	driver_init(&parked, BOB, 8, 5000);
	driver_send(&parked);
	rows();
	jobs_release_all(fx.jobs);
	CHECK(driver_wait(&parked) == 0);
	driver_init(&d, ALICE, 8, 5000);
	driver_result(&d, a.ids[0], &signed_well);
	driver_send(&d);
	CHECK(driver_wait(&d) == 0);
	CHECK(fx.settled[0] == 1);
}

static void a_release_answers_a_poll_that_was_being_dealt_to_in_vain(void **state)
{
	struct adding a = { .first = 0, .n = 1 };
	struct timespec until;
	struct driver d;

	fx.evidence_len = 1;
	driver_init(&d, ALICE, 8, 60000);
	d.poll.request.evidence = true;
	driver_send(&d);
	rows(); /* parked by now */
	fx.leave = true;
	hf_ignore(call(add_run, &a));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	CHECK(sem_timedwait(&d.answered, &until) == 0);
	CHECK(d.n_jobs == 0 && !fx.leave);
}

static hf_status add_and_fail_run(struct db *db, void *arg)
{
	HF_TRY(add_run(db, arg));
	return HF_FAILURE(HF_STATE);
}

static void a_failed_task_adds_no_job_and_deals_none(void **state)
{
	struct adding a = { .first = 0, .n = 3 };
	struct driver d;

	driver_init(&d, ALICE, 8, 5000);
	driver_send(&d);
	CHECK_CODE(call(add_and_fail_run, &a), HF_STATE);
	CHECK(rows() == 0);
	CHECK(!driver_answered_yet(&d));
	add(0, 1);
	CHECK(driver_wait(&d) == 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_job_is_settled_and_announced_once_and_leaves_no_row),
		CASE(a_second_completion_is_acknowledged_and_ignored),
		CASE(who_checks_requests_is_told_who_asked_and_others_are_not),
		CASE(jobs_whose_evidence_is_too_much_for_one_reply_wait_for_the_next),
		CASE(another_store_cannot_complete_a_job),
		CASE(a_job_whose_lease_ended_goes_to_another_and_the_first_answer_wins),
		CASE(a_clock_set_back_by_an_hour_holds_no_job_for_that_long),
		CASE(a_parked_poll_gets_what_a_sweep_took_back),
		CASE(naming_a_job_as_worked_on_renews_its_lease),
		CASE(nobody_renews_the_lease_of_another),
		CASE(a_job_given_back_is_queued_again_at_once),
		CASE(only_the_holder_of_a_lease_can_give_a_job_back),
		CASE(attempts_used_up_settle_the_job_as_failed),
		CASE(leases_that_ended_too_often_settle_the_job_as_failed),
		CASE(a_job_that_failed_for_good_is_settled_with_its_words),
		CASE(a_result_that_its_subject_refuses_is_tried_again_and_not_announced),
		CASE(an_answer_to_another_question_is_refused),
		CASE(a_failing_database_undoes_the_whole_hand_in),
		CASE(a_parked_poll_gets_a_job_in_the_commit_that_adds_it),
		CASE(jobs_are_dealt_in_equal_shares),
		CASE(fewer_jobs_than_polls_go_to_those_who_wait_longest),
		CASE(nobody_gets_more_than_he_asked_for),
		CASE(a_poll_without_jobs_is_answered_when_its_wait_ends),
		CASE(a_peer_that_left_gets_no_jobs),
		CASE(queued_and_leased_jobs_outlive_a_restart),
		CASE(a_release_answers_parked_polls_and_still_takes_results),
		CASE(a_release_answers_a_poll_that_was_being_dealt_to_in_vain),
		CASE(a_failed_task_adds_no_job_and_deals_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
