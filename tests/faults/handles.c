/* SPDX-License-Identifier: Apache-2.0 */
#include "handles.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HANDLES = 4096 };

struct entry {
	CK_OBJECT_HANDLE real; /* 0: free */
	CK_SESSION_HANDLE session;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool reusing;
static struct entry entries[HANDLES]; /* by our number - 1 */
static unsigned free_numbers[HANDLES], n_free;

void handles_begin(bool reuse)
{
	pthread_mutex_lock(&mutex);
	reusing = reuse;
	memset(entries, 0, sizeof(entries));
	for (n_free = 0; n_free < HANDLES; n_free++)
		free_numbers[n_free] = HANDLES - 1 - n_free;
	pthread_mutex_unlock(&mutex);
}

/* A token object that a search finds again has the number that it had. */
static bool known(CK_OBJECT_HANDLE real, CK_OBJECT_HANDLE *ret)
{
	for (unsigned i = 0; i < HANDLES; i++) {
		if (entries[i].real != real)
			continue;
		*ret = i + 1;
		return true;
	}
	return false;
}

CK_OBJECT_HANDLE handle_give(CK_OBJECT_HANDLE real, CK_SESSION_HANDLE session)
{
	CK_OBJECT_HANDLE ours = real;

	if (!reusing)
		return real;
	pthread_mutex_lock(&mutex);
	if (!known(real, &ours)) {
		if (!n_free)
			abort(); /* no test has so many */
		ours = free_numbers[--n_free] + 1;
		entries[ours - 1] = (struct entry){ real, session };
	}
	pthread_mutex_unlock(&mutex);
	return ours;
}

CK_OBJECT_HANDLE handle_real(CK_OBJECT_HANDLE ours)
{
	CK_OBJECT_HANDLE real = 0;

	if (!reusing)
		return ours;
	pthread_mutex_lock(&mutex);
	if (ours && ours <= HANDLES)
		real = entries[ours - 1].real;
	pthread_mutex_unlock(&mutex);
	return real;
}

static void release(unsigned i)
{
	entries[i] = (struct entry){ 0 };
	free_numbers[n_free++] = i;
}

void handle_gone(CK_OBJECT_HANDLE ours)
{
	pthread_mutex_lock(&mutex);
	if (reusing && ours && ours <= HANDLES && entries[ours - 1].real)
		release((unsigned)ours - 1);
	pthread_mutex_unlock(&mutex);
}

void handles_session_gone(CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&mutex);
	for (unsigned i = 0; reusing && i < HANDLES; i++)
		if (entries[i].real && entries[i].session == session)
			release(i);
	pthread_mutex_unlock(&mutex);
}
