/* SPDX-License-Identifier: Apache-2.0 */
#include "hsmhost/inside.h"

#include "base/clock.h"
#include "os/self.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { OP_DEADLINE_MS = 5000, SLOW_DEADLINE_MS = 120000, PROCESSES_MAX = 256 };

static hf_status copy_config(struct hsmhost *h, const struct hsmhost_config *config,
                             struct hf_err *err)
{
	const struct hf_secret *pin = &config->setup.pin;

	h->config = *config;
	h->config.setup.pin = (struct hf_secret){ 0 };
	if (!h->config.op_deadline_ms)
		h->config.op_deadline_ms = OP_DEADLINE_MS;
	if (!h->config.slow_deadline_ms)
		h->config.slow_deadline_ms = SLOW_DEADLINE_MS;
	if (!h->config.setup.threads)
		h->config.setup.threads = 1;
	if (!h->config.processes)
		h->config.processes = 1;
	if (config->signer_path)
		HF_ENSURE((size_t)snprintf(h->path, sizeof(h->path), "%s", config->signer_path) <
		                  sizeof(h->path),
		          HF_TOOBIG);
	else
		HF_TRY(os_helper_path("holdfast-signer", h->path, sizeof(h->path), err));
	if (pin->len && !hf_ok(hf_secret_copy(pin->ptr, pin->len, &h->config.setup.pin)))
		return hf_fail(
		        err, HF_NOMEM,
		        "no locked memory for the PIN: raise RLIMIT_MEMLOCK (LimitMEMLOCK= of "
		        "the service)");
	return HF_SUCCESS;
}

static void release(struct hsmhost *h)
{
	for (size_t i = 0; i < h->n_seats; i++)
		proc_done(&h->seats[i].proc);
	hf_secret_done(&h->config.setup.pin);
	free(h);
}

unsigned host_count(const struct hsmhost *h, enum seat_state state)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n_seats; i++)
		n += h->seats[i].state == state;
	return n;
}

/* Steps until the first signer is ready or has failed. */
static hf_status first_ready(struct hsmhost *h, struct hf_err *err)
{
	struct pollfd fds[HSMHOST_POLLFDS(1)];

	while (!h->known) {
		int timeout = -1;
		size_t n;

		hsmhost_step(h);
		if (h->known)
			break;
		if (h->stopped || h->strikes)
			return hf_fail(err, h->last_failure.code, "%s", h->last_failure.text);
		n = hsmhost_pollfds(h, fds, HF_COUNT(fds), &timeout);
		(void)poll(fds, (nfds_t)n, timeout);
	}
	return HF_SUCCESS;
}

hf_status hsmhost_start(const struct hsmhost_config *config, hsmhost_answered answered, void *ctx,
                        struct hsmhost **ret, struct hf_err *err)
{
	size_t n = (config->processes ? config->processes : 1) + 2;
	struct hsmhost *h;
	hf_status s;

	if (config->processes > PROCESSES_MAX || config->setup.threads > WIRE_THREADS_MAX)
		return hf_fail(err, HF_INVALID, "at most %d signer processes of %d sessions each",
		               PROCESSES_MAX, WIRE_THREADS_MAX);
	h = calloc(1, sizeof(*h) + n * sizeof(h->seats[0]));
	HF_ENSURE(h, HF_NOMEM);
	h->answered = answered;
	h->ctx = ctx;
	h->n_seats = n;
	h->waiting_last = &h->waiting;
	for (size_t i = 0; i < n; i++)
		seat_clear(&h->seats[i]);
	s = copy_config(h, config, err);
	if (hf_ok(s))
		s = first_ready(h, err);
	if (!hf_ok(s)) {
		hsmhost_stop(h, 0);
		return s;
	}
	*ret = h;
	return HF_SUCCESS;
}

size_t hsmhost_capacity(const struct hsmhost *h)
{
	size_t room = 0;

	if (h->closing)
		return 0;
	for (size_t i = 0; i < h->n_seats; i++)
		room += seat_room(&h->seats[i], h->config.setup.threads, h->config.ahead);
	return room > h->n_waiting ? room - h->n_waiting : 0;
}

hf_status hsmhost_submit(struct hsmhost *h, const struct hsmhost_job *job)
{
	struct flight *f;

	HF_ENSURE(hsmhost_capacity(h) > 0, HF_BUSY);
	f = calloc(1, sizeof(*f));
	HF_ENSURE(f, HF_NOMEM);
	f->job = *job;
	if (job->crypto.len) {
		hf_status s = crypto_flight(f);

		if (!hf_ok(s)) {
			free(f);
			return s;
		}
	}
	f->tag = ++h->next_tag;
	place_later(h, f);
	place_waiting(h);
	return HF_SUCCESS;
}

static size_t seat_fds(struct seat *s, struct pollfd fds[3])
{
	size_t n = 0;

	if (s->state == SEAT_EMPTY)
		return 0;
	hf_ignore(proc_send(&s->proc));
	fds[n++] = (struct pollfd){ .fd = s->proc.os.from, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = s->proc.os.pidfd, .events = POLLIN };
	if (s->proc.out.len && s->proc.os.to >= 0)
		fds[n++] = (struct pollfd){ .fd = s->proc.os.to, .events = POLLOUT };
	return n;
}

size_t hsmhost_pollfds(struct hsmhost *h, struct pollfd *fds, size_t max, int *timeout_ms)
{
	int64_t next = life_next_ms(h), now = hf_mono_ms();
	size_t n = 0;

	for (size_t i = 0; i < h->n_seats; i++) {
		struct pollfd of_seat[3];
		size_t k = seat_fds(&h->seats[i], of_seat);

		for (size_t j = 0; j < k && n < max; j++)
			fds[n++] = of_seat[j];
	}
	if (next != INT64_MAX) {
		int64_t left = next > now ? next - now : 0;

		left = left < 3600 * 1000 ? left : 3600 * 1000;
		if (*timeout_ms < 0 || left < *timeout_ms)
			*timeout_ms = (int)left;
	}
	return n;
}

void hsmhost_step(struct hsmhost *h)
{
	for (size_t i = 0; i < h->n_seats; i++)
		life_step(h, &h->seats[i]);
	life_start_wanted(h);
	place_waiting(h);
}

void hsmhost_stats(const struct hsmhost *h, struct hsmhost_stats *ret)
{
	*ret = h->stats;
	ret->signers_ready = host_count(h, SEAT_READY);
	ret->health = h->stopped           ? HSMHOST_STOPPED
	              : ret->signers_ready ? HSMHOST_HEALTHY
	                                   : HSMHOST_RECOVERING;
	ret->refused = h->refused && ret->health == HSMHOST_RECOVERING;
	if (ret->health != HSMHOST_HEALTHY)
		snprintf(ret->reason, sizeof(ret->reason), "%.*s", (int)sizeof(ret->reason) - 1,
		         h->last_failure.text);
}

static size_t jobs_inside(const struct hsmhost *h)
{
	size_t n = h->n_waiting;

	for (size_t i = 0; i < h->n_seats; i++)
		n += h->seats[i].flights;
	return n;
}

/* Polls and steps until `done` says so or the time is over. */
static void step_until(struct hsmhost *h, int64_t until_ms, bool (*done)(const struct hsmhost *h))
{
	HF_FREE struct pollfd *fds = calloc(3 * h->n_seats, sizeof(*fds));

	while (fds && !done(h) && hf_mono_ms() < until_ms) {
		int timeout = (int)(until_ms - hf_mono_ms());
		size_t n = hsmhost_pollfds(h, fds, 3 * h->n_seats, &timeout);

		(void)poll(fds, (nfds_t)n, timeout < 0 ? 0 : timeout);
		hsmhost_step(h);
	}
}

static bool no_jobs(const struct hsmhost *h)
{
	return jobs_inside(h) == 0;
}

static bool all_empty(const struct hsmhost *h)
{
	return host_count(h, SEAT_EMPTY) == h->n_seats;
}

void hsmhost_stop(struct hsmhost *h, int grace_ms)
{
	if (!h)
		return;
	h->closing = true;
	step_until(h, hf_mono_ms() + grace_ms, no_jobs);
	for (size_t i = 0; i < h->n_seats; i++) {
		struct seat *s = &h->seats[i];

		if (s->flights)
			life_kill(h, s); /* the grace is over: what it works on goes back */
		else if (s->state != SEAT_EMPTY && s->state != SEAT_ENDING)
			life_dismiss(s); /* also one that logs in: it ends when it has */
	}
	/* ENDING has its own deadline, after which it is killed. */
	step_until(h, INT64_MAX / 2, all_empty);
	place_waiting(h); /* nobody is ready: gives all back */
	release(h);
}
