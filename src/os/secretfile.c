/* SPDX-License-Identifier: Apache-2.0 */
#include "os/secretfile.h"

#include "os/ownfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

	HF_TRY(os_own_file_open(path, true, &fd, err));
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
	HF_TRY(os_kept_file_open(path, &fd, err));
	return read_secret(fd, path, ret, err);
}
