/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lockfile.h"

#include "base/clock.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { ATTEMPT_EVERY_MS = 5 };

/* The user's number is in the name: other users' files are neither opened nor waited for. */
static int open_in(const char *dir, const char *name, char path[PATH_MAX])
{
	if (!dir || dir[0] != '/')
		return -1;
	snprintf(path, PATH_MAX, "%s/holdfast-%u-%s.lock", dir, (unsigned)geteuid(), name);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static hf_status open_lock(const char *name, int *ret, char path[PATH_MAX], struct hf_err *err)
{
	const char *const dirs[] = { "/run/lock", getenv("XDG_RUNTIME_DIR"), "/tmp" };
	HF_FD int fd = -1;
	struct stat st;

	for (size_t i = 0; fd < 0 && i < HF_COUNT(dirs); i++)
		fd = open_in(dirs[i], name, path);
	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot create the lock file %s: %s", path,
		               strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return hf_fail(err, HF_DENIED,
		               "the lock file %s is not ours: somebody else made it; remove it",
		               path);
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}

hf_status os_lock_take(const char *name, int timeout_ms, int *ret, struct hf_err *err)
{
	int64_t until = hf_mono_ms() + timeout_ms;
	char path[PATH_MAX] = "";
	HF_FD int fd = -1;

	HF_TRY(open_lock(name, &fd, path, err));
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return hf_fail(err, HF_IO, "cannot lock %s: %s", path, strerror(errno));
		if (hf_mono_ms() >= until)
			return hf_fail(err, HF_TIMEOUT, "%s stayed locked for %d s", path,
			               timeout_ms / 1000);
		hf_pause_ms(ATTEMPT_EVERY_MS);
	}
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}
