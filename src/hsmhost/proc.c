/* SPDX-License-Identifier: Apache-2.0 */
#include "hsmhost/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
	READ_AT_ONCE = 65536,
	/* Between the end of its output and its end is next to nothing, but on a machine that has
	 * others to run. How it ended tells what becomes of its jobs. */
	LAST_BREATH_MS = 1000,
};
#define IN_MAX ((size_t)WIRE_CRYPTO_ANSWER_MAX + READ_AT_ONCE + WIRE_HEADER)
#define OUT_MAX ((size_t)64 << 20) /* bounded in truth by the jobs that a signer is given */

_Static_assert(WIRE_CRYPTO_ANSWER_MAX >= WIRE_REPORT_MAX, "the longest frame that comes");

/* The buffer is as large as the frame can be before the PIN comes in, so that it never moves and
 * leaves no copy behind. An empty pipe takes all that is secret at once; of the authorizers, which
 * come last, the rest follows as the signer reads. */
static hf_status send_setup(struct proc *p, const struct signer_setup *setup)
{
	hf_status s = HF_SUCCESS;
	const size_t room = WIRE_SETUP_ROOM + setup->authorizers.len;
	struct hf_buf frame = HF_BUF(room);
	size_t sent = 0;

	HF_ENSURE(hf_buf_grow(&frame, room), HF_NOMEM);
	hf_buf_clear(&frame);
	wire_put_setup(&frame, setup);
	s = hf_buf_status(&frame);
	while (hf_ok(s) && sent < frame.len) {
		ssize_t n = write(p->os.to, frame.ptr + sent, frame.len - sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && frame.len - sent <= setup->authorizers.len)
			break;
		if (n <= 0)
			s = HF_FAILURE(HF_IO);
		else
			sent += (size_t)n;
	}
	if (hf_ok(s)) {
		hf_buf_put(&p->out, frame.ptr + sent, frame.len - sent);
		s = hf_buf_status(&p->out);
	}
	hf_wipe(frame.ptr, frame.cap);
	hf_buf_done(&frame);
	return s;
}

hf_status proc_start(const char *path, const struct signer_setup *setup, struct proc *ret,
                     struct hf_err *err)
{
	char *const argv[] = { "holdfast-signer", NULL };
	struct proc p = { .in = HF_BUF_SECRET(IN_MAX), .out = HF_BUF_SECRET(OUT_MAX) };
	hf_status s;

	signal(SIGPIPE,
	       SIG_IGN); /* a signer may end while it is written to: that is for us to see */
	HF_TRY(os_spawn(path, argv, NULL, &p.os, err));
	s = send_setup(&p, setup);
	if (!hf_ok(s)) {
		char how[128];

		(void)proc_bury(&p, how, sizeof(how));
		return hf_fail(err, s.code, "%s does not listen: it %s", path, how);
	}
	*ret = p;
	return HF_SUCCESS;
}

hf_status proc_send(struct proc *p)
{
	while (p->out.len) {
		ssize_t n = write(p->os.to, p->out.ptr, p->out.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		HF_ENSURE(n > 0, HF_CLOSED);
		hf_buf_drop(&p->out, (size_t)n);
	}
	return hf_buf_status(&p->out);
}

hf_status proc_receive(struct proc *p)
{
	uint8_t *room;
	ssize_t n;

	hf_buf_drop(&p->in, p->taken);
	p->taken = 0;
	room = hf_buf_grow(&p->in, READ_AT_ONCE);
	HF_ENSURE(room, HF_NOMEM);
	do {
		n = read(p->os.from, room, READ_AT_ONCE);
	} while (n < 0 && errno == EINTR);
	p->in.len -= (size_t)(READ_AT_ONCE - (n > 0 ? n : 0));
	HF_ENSURE(n != 0, HF_CLOSED);
	HF_ENSURE(n > 0 || errno == EAGAIN, HF_IO);
	return HF_SUCCESS;
}

hf_status proc_next(struct proc *p, struct wire_frame *ret)
{
	size_t used;

	HF_ENSURE(p->in.len > p->taken, HF_BUSY);
	HF_TRY(wire_next(HF_SPAN(p->in.ptr + p->taken, p->in.len - p->taken), ret, &used));
	p->taken += used;
	return HF_SUCCESS;
}

int proc_bury(struct proc *p, char *to, size_t cap)
{
	struct os_exit gone = { .by_signal = true };
	bool forced = !hf_ok(os_process_wait(&p->os, LAST_BREATH_MS, &gone));

	if (forced) {
		os_process_kill(&p->os);
		hf_ignore(os_process_wait(&p->os, -1, &gone));
		snprintf(to, cap, "was killed");
	} else if (gone.by_signal) {
		snprintf(to, cap, "was killed by signal %d (%s)", gone.value,
		         strsignal(gone.value));
	} else {
		snprintf(to, cap, "ended with status %d", gone.value);
	}
	proc_done(p);
	return gone.by_signal ? -1 : gone.value;
}

void proc_done(struct proc *p)
{
	os_process_done(&p->os);
	hf_buf_done(&p->in);
	hf_buf_done(&p->out);
	p->taken = 0;
}
