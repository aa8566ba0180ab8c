/* SPDX-License-Identifier: Apache-2.0 */
#include "os/ownfile.h"

#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

hf_status os_kept_file_open(const char *path, int *ret, struct hf_err *err)
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

static hf_status check_rights(int fd, const char *path, bool secret, struct hf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return hf_fail(err, HF_DENIED, "%s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hf_fail(err, HF_DENIED, "%s belongs to another user (number %u): chown it",
		               path, (unsigned)st.st_uid);
	if (secret && st.st_mode & (S_IRWXG | S_IRWXO))
		return hf_fail(err, HF_DENIED,
		               "%s may be read by others (mode %04o): run `chmod 600 %s`", path,
		               (unsigned)st.st_mode & 07777, path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return hf_fail(err, HF_DENIED,
		               "%s may be written by others (mode %04o): run `chmod go-w %s`", path,
		               (unsigned)st.st_mode & 07777, path);
	return HF_SUCCESS;
}

hf_status os_own_file_open(const char *path, bool secret, int *ret, struct hf_err *err)
{
	HF_FD int fd = -1;

	HF_TRY(os_kept_file_open(path, &fd, err));
	HF_TRY(check_rights(fd, path, secret, err));
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}
