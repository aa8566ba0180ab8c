/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include "base/scope.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

struct record {
	char name[32];
	uint64_t count;
};

#define CALL_NAME(function, remote) #function,
static const char *const names[] = { CALLS(CALL_NAME) };
#define CALL_REMOTE(function, remote) remote,
static const bool are_remote[] = { CALLS(CALL_REMOTE) };

const char *call_name(enum call c)
{
	return names[c];
}

bool call_is_remote(enum call c)
{
	return are_remote[c];
}

static struct record *map(const char *path, int flags)
{
	struct record *r;

	HF_FD int fd = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, CALL_COUNT * sizeof(*r)))
		return NULL;
	r = mmap(NULL, CALL_COUNT * sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return r == MAP_FAILED ? NULL : r;
}

static void unmap(struct record *r)
{
	if (r)
		munmap(r, CALL_COUNT * sizeof(*r));
}

void calls_count(const char *path, enum call c)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static struct record *records; /* for as long as the process lives */

	pthread_mutex_lock(&mutex);
	if (!records && (records = map(path, O_CREAT)))
		for (unsigned i = 0; i < CALL_COUNT; i++)
			strncpy(records[i].name, names[i], sizeof(records[i].name) - 1);
	pthread_mutex_unlock(&mutex);
	if (records)
		__atomic_add_fetch(&records[c].count, 1, __ATOMIC_RELAXED);
}

uint64_t calls_read(const char *path, const char *function)
{
	struct record *r = map(path, 0);
	uint64_t sum = 0;

	for (unsigned i = 0; r && i < CALL_COUNT; i++)
		if (function ? !strcmp(names[i], function) : are_remote[i])
			sum += __atomic_load_n(&r[i].count, __ATOMIC_RELAXED);
	unmap(r);
	return sum;
}

void calls_reset(const char *path)
{
	struct record *r = map(path, 0);

	for (unsigned i = 0; r && i < CALL_COUNT; i++)
		__atomic_store_n(&r[i].count, 0, __ATOMIC_RELAXED);
	unmap(r);
}
