/* SPDX-License-Identifier: Apache-2.0 */
#include "os/secretfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hf_fail(err, HF_DENIED,
		               "%s may be read by others (mode %04o): run `chmod 600 %s`", path,
		               (unsigned)st.st_mode & 07777, path);
	return HF_SUCCESS;
}

static hf_status read_secret(int fd, const char *path, struct hf_secret *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret s = { 0 };
	size_t n = 0;

	HF_TRY(hf_secret_new(SECRET_FILE_MAX + 1, &s));
	while (n < s.cap) {
		ssize_t got = read(fd, s.ptr + n, s.cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hf_fail(err, HF_IO, "cannot read %s: %s", path, strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n == s.cap)
		return hf_fail(err, HF_TOOBIG, "%s has more than %d bytes", path, SECRET_FILE_MAX);
	if (n > 0 && s.ptr[n - 1] == '\n')
		n--;
	if (n == 0)
		return hf_fail(err, HF_INVALID, "%s is empty", path);
	s.len = n;
	*ret = hf_secret_take(&s);
	return HF_SUCCESS;
}

hf_status os_secret_file(const char *path, struct hf_secret *ret, struct hf_err *err)
{
	HF_FD int fd = -1;

	HF_TRY(open_file(path, &fd, err));
	HF_TRY(check_rights(fd, path, err));
	return read_secret(fd, path, ret, err);
}

hf_status os_secret_credential(const char *name, struct hf_secret *ret, struct hf_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	HF_FD int fd = -1;

	if (!dir || dir[0] != '/' || strchr(name, '/'))
		return hf_fail(err, HF_NOTFOUND,
		               "no credential %s: the service has no LoadCredential=%s:…", name,
		               name);
	HF_ENSURE((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path),
	          HF_TOOBIG);
	HF_TRY(open_file(path, &fd, err));
	return read_secret(fd, path, ret, err);
}

hf_status os_secret_env(const char *name, struct hf_secret *ret)
{
	char *value = getenv(name);

	HF_ENSURE(value && value[0], HF_NOTFOUND);
	HF_TRY(hf_secret_copy(value, strlen(value), ret));
	hf_wipe(value, strlen(value));
	unsetenv(name);
	return HF_SUCCESS;
}
