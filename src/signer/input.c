/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define INPUT_CAP ((size_t)WIRE_SETUP_MAX + WIRE_HEADER + 65536)

_Static_assert(WIRE_SETUP_MAX >= WIRE_FRAME_MAX && WIRE_SETUP_MAX >= WIRE_CRYPTO_MAX,
               "the longest frame that comes in");

hf_status input_open(int fd, struct input *ret)
{
	uint8_t *bytes = malloc(INPUT_CAP);

	HF_ENSURE(bytes, HF_NOMEM);
	*ret = (struct input){ .fd = fd, .bytes = bytes };
	return HF_SUCCESS;
}

hf_status input_next(struct input *in, struct wire_frame *ret)
{
	size_t used;

	HF_TRY(wire_next(HF_SPAN(in->bytes + in->start, in->end - in->start), ret, &used));
	in->start += used;
	return HF_SUCCESS;
}

hf_status input_fill(struct input *in, int timeout_ms)
{
	struct pollfd fd = { .fd = in->fd, .events = POLLIN };
	ssize_t n;

	if (timeout_ms >= 0) {
		int ready = poll(&fd, 1, timeout_ms);

		HF_ENSURE(ready != 0 && !(ready < 0 && errno == EINTR), HF_TIMEOUT);
	}
	/* what was taken may have been plaintext */
	memmove(in->bytes, in->bytes + in->start, in->end - in->start);
	hf_wipe(in->bytes + in->end - in->start, in->start);
	in->end -= in->start;
	in->start = 0;
	do {
		n = read(in->fd, in->bytes + in->end, INPUT_CAP - in->end);
	} while (n < 0 && errno == EINTR);
	HF_ENSURE(n != 0, HF_CLOSED);
	HF_ENSURE(n > 0, HF_IO);
	in->end += (size_t)n;
	return HF_SUCCESS;
}

void input_wipe(struct input *in)
{
	hf_wipe(in->bytes, in->start);
}
