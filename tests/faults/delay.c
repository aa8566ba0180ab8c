/* SPDX-License-Identifier: Apache-2.0 */
#include "delay.h"

#include "script.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

/* One clock for all processes of the machine. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
	static _Thread_local bool exact;
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	if (!exact) /* Linux adds 50 us to a sleep otherwise */
		exact = prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) == 0;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

void delay_us(int64_t us)
{
	if (us > 0)
		sleep_until(now_ns() + us * 1000);
}

static int64_t *engines(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static int64_t *mapped; /* for as long as the process lives */
	const char *token = getenv("HOLDFAST_FAULT_TOKEN");
	char path[4200], name[32];

	snprintf(name, sizeof(name), "engines.%.16s", token ? token : "0");
	pthread_mutex_lock(&mutex);
	if (!mapped && script_file(name, path, sizeof(path))) {
		size_t len = FAULT_ENGINES_MAX * sizeof(*mapped);
		HF_FD int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		void *at = MAP_FAILED;

		if (fd >= 0 && ftruncate(fd, (off_t)len) == 0)
			at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		mapped = at == MAP_FAILED ? NULL : at;
	}
	pthread_mutex_unlock(&mutex);
	return mapped;
}

/* When a call that arrives at `ns` leaves the engine that is free first. */
static int64_t engine_take(unsigned n, int64_t ns, int64_t service_ns)
{
	int64_t *until = engines();

	while (until) {
		unsigned first = 0;
		int64_t taken, done;

		for (unsigned i = 1; i < n; i++)
			if (__atomic_load_n(&until[i], __ATOMIC_RELAXED) <
			    __atomic_load_n(&until[first], __ATOMIC_RELAXED))
				first = i;
		taken = __atomic_load_n(&until[first], __ATOMIC_RELAXED);
		done = (taken > ns ? taken : ns) + service_ns;
		if (__atomic_compare_exchange_n(&until[first], &taken, done, false,
		                                __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return done;
	}
	return ns + service_ns;
}

void delay_remote(int64_t latency_us, unsigned n_engines, int64_t service_us)
{
	int64_t way = latency_us * 1000 / 2, arrival = now_ns() + way;

	if (!latency_us && !n_engines)
		return;
	if (n_engines)
		arrival = engine_take(n_engines, arrival, service_us * 1000);
	sleep_until(arrival + way);
}
