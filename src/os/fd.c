/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>

hf_status os_fd_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	HF_ENSURE(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0, HF_IO);
	return HF_SUCCESS;
}

hf_status os_write_all(int fd, struct hf_span bytes)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		HF_ENSURE(n >= 0, errno == EPIPE ? HF_CLOSED : HF_IO);
		done += (size_t)n;
	}
	return HF_SUCCESS;
}
