/* SPDX-License-Identifier: Apache-2.0 */
#include "sessions.h"

#include "base/clock.h"

#include <pthread.h>
#include <string.h>

enum { SESSIONS = 1024 };

struct entry {
	CK_SESSION_HANDLE session; /* 0: free */
	int64_t used_us;
	bool inside;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[SESSIONS];
static unsigned n_open;

static struct entry *find(CK_SESSION_HANDLE s)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		if (entries[i].session == s)
			return &entries[i];
	return NULL;
}

void session_opened(CK_SESSION_HANDLE s)
{
	struct entry *e;

	pthread_mutex_lock(&mutex);
	e = find(0);
	if (e) {
		*e = (struct entry){ .session = s, .used_us = hf_mono_us() };
		n_open++;
	}
	pthread_mutex_unlock(&mutex);
}

static void forget(struct entry *e)
{
	*e = (struct entry){ 0 };
	n_open--;
}

void session_closed(CK_SESSION_HANDLE s)
{
	struct entry *e;

	pthread_mutex_lock(&mutex);
	e = s ? find(s) : NULL;
	if (e)
		forget(e);
	pthread_mutex_unlock(&mutex);
}

void sessions_forget(void)
{
	pthread_mutex_lock(&mutex);
	memset(entries, 0, sizeof(entries));
	n_open = 0;
	pthread_mutex_unlock(&mutex);
}

unsigned sessions_open(void)
{
	return __atomic_load_n(&n_open, __ATOMIC_RELAXED);
}

static void mark(CK_SESSION_HANDLE s, bool inside)
{
	struct entry *e;

	pthread_mutex_lock(&mutex);
	e = s ? find(s) : NULL;
	if (e) {
		e->inside = inside;
		e->used_us = hf_mono_us();
	}
	pthread_mutex_unlock(&mutex);
}

void session_enter(CK_SESSION_HANDLE s)
{
	mark(s, true);
}

void session_leave(CK_SESSION_HANDLE s)
{
	mark(s, false);
}

bool session_idle(int64_t idle_us, CK_SESSION_HANDLE *ret)
{
	int64_t before = hf_mono_us() - idle_us;
	bool found = false;

	pthread_mutex_lock(&mutex);
	for (unsigned i = 0; i < SESSIONS && !found; i++) {
		struct entry *e = &entries[i];

		if (!e->session || e->inside || e->used_us > before)
			continue;
		*ret = e->session;
		forget(e);
		found = true;
	}
	pthread_mutex_unlock(&mutex);
	return found;
}
