/* SPDX-License-Identifier: Apache-2.0
 * Frames as they come in. The buffer is allocated once and never moves, because one frame has the
 * PIN in it, and others plaintext: input_wipe() leaves no copy behind. Of its pages only those that
 * long frames have used are in memory. */
#ifndef HF_SIGNER_INPUT_H
#define HF_SIGNER_INPUT_H

#include "signer/wire.h"

struct input {
	int fd;
	uint8_t *bytes;
	size_t start, end; /* what is there and not yet taken */
};

HF_MUST hf_status input_open(int fd, struct input *ret);
/* The next frame that is there already; its body lives until input_fill(). HF_BUSY: none;
 * HF_INVALID. */
HF_MUST hf_status input_next(struct input *in, struct wire_frame *ret);
/* Wipes the frames that were taken, and waits for more, up to timeout_ms (-1: for ever).
 * HF_TIMEOUT; HF_CLOSED: the host has hung up; HF_IO. */
HF_MUST hf_status input_fill(struct input *in, int timeout_ms);
/* Wipes the bytes of all frames taken so far. */
void input_wipe(struct input *in);

#endif
