/* SPDX-License-Identifier: Apache-2.0 */
#include "os/trustedfile.h"

#include "os/ownfile.h"

#include <errno.h>
#include <string.h>

hf_status os_trusted_file(const char *path, struct hf_buf *to, struct hf_err *err)
{
	HF_FD int fd = -1;
	uint8_t part[16384];
	ssize_t n;

	HF_TRY(os_own_file_open(path, false, &fd, err));
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
