/* SPDX-License-Identifier: Apache-2.0
 * Descriptors: modes, and whole writes. */
#ifndef HF_OS_FD_H
#define HF_OS_FD_H

#include "base/buf.h"

HF_MUST hf_status os_fd_nonblock(int fd);
/* Writes all of it to a blocking descriptor. HF_CLOSED when nobody reads any more, HF_IO. */
HF_MUST hf_status os_write_all(int fd, struct hf_span bytes);

#endif
