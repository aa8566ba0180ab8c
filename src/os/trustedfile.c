/* SPDX-License-Identifier: Apache-2.0 */
#include "os/trustedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static hf_status open_file(const char *path, int *ret, struct hf_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0) {
		*ret = fd;
		return HF_SUCCESS;
	}
	if (errno == ELOOP)
		return hf_fail(err, HF_DENIED, "%s is a symbolic link: name the file itself", path);
	return hf_fail(err, errno == ENOENT ? HF_NOTFOUND : HF_IO, "cannot read %s: %s", path,
	               strerror(errno));
}

static hf_status check_rights(int fd, const char *path, struct hf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return hf_fail(err, HF_DENIED, "%s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hf_fail(err, HF_DENIED, "%s belongs to another user (number %u): chown it",
		               path, (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return hf_fail(err, HF_DENIED,
		               "%s may be written by others (mode %04o): run `chmod go-w %s`", path,
		               (unsigned)st.st_mode & 07777, path);
	return HF_SUCCESS;
}

hf_status os_trusted_file(const char *path, struct hf_buf *to, struct hf_err *err)
{
	HF_FD int fd = -1;
	uint8_t part[16384];
	ssize_t n;

	HF_TRY(open_file(path, &fd, err));
	HF_TRY(check_rights(fd, path, err));
	do {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return hf_fail(err, HF_IO, "cannot read %s: %s", path, strerror(errno));
		if (n > 0)
			hf_buf_put(to, part, (size_t)n);
	} while (n != 0 && !to->failed);
	if (to->failed == HF_TOOBIG)
		return hf_fail(err, HF_TOOBIG, "%s has more than %zu bytes", path, to->max);
	return hf_buf_status(to);
}
