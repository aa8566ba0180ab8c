/* SPDX-License-Identifier: Apache-2.0 */
#include "os/prompt.h"

#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>

enum { PROMPT_MAX = 256, CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

/* Character by character, so that ^C reaches us and not the whole process while echo is off. */
static hf_status read_line(int tty, struct hf_secret *line)
{
	size_t n = 0;

	for (;;) {
		uint8_t c;
		ssize_t got = read(tty, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		HF_ENSURE(got == 1 && c != CTRL_C && c != CTRL_D, HF_DENIED);
		if (c == '\n' || c == '\r')
			break;
		if (c == BACKSPACE || c == DELETE) {
			n -= n > 0;
		} else if (c == CTRL_U) {
			n = 0;
		} else {
			HF_ENSURE(n < line->cap, HF_TOOBIG);
			line->ptr[n++] = c;
		}
		hf_wipe(&c, 1);
	}
	line->len = n;
	return HF_SUCCESS;
}

hf_status os_prompt_secret(const char *prompt, struct hf_secret *ret, struct hf_err *err)
{
	HF_FD int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	HF_SECRET struct hf_secret line = { 0 };
	struct termios before, quiet;
	hf_status s;

	if (tty < 0 || tcgetattr(tty, &before) != 0)
		return hf_fail(err, HF_STATE, "there is no terminal to ask at");
	HF_TRY(hf_secret_new(PROMPT_MAX, &line));
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		return hf_fail(err, HF_IO, "cannot switch off the terminal's echo");
	s = os_write_all(tty, hf_span_text(prompt));
	if (hf_ok(s))
		s = read_line(tty, &line);
	tcsetattr(tty, TCSAFLUSH, &before);
	hf_ignore(os_write_all(tty, hf_span_text("\n")));
	if (!hf_ok(s))
		return hf_fail(err, s.code,
		               s.code == HF_TOOBIG ? "more than %d characters" : "nothing entered",
		               PROMPT_MAX);
	*ret = hf_secret_take(&line);
	return HF_SUCCESS;
}
