/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { TERMINAL_MS = 200, LOG_MS = 5000 };

void progress_begin(struct progress *p, const char *what)
{
	*p = (struct progress){ .what = what, .start_ms = hf_mono_ms() };
	p->told_ms = p->start_ms;
}

void progress_tell(struct progress *p, int64_t done, int64_t total)
{
	bool terminal = isatty(STDERR_FILENO);
	int64_t now = hf_mono_ms(), ms = now - p->start_ms;
	int64_t rate = ms > 0 ? done * 1000 / ms : 0;

	if (p->quiet ||
	    ((done != total || !total) && now - p->told_ms < (terminal ? TERMINAL_MS : LOG_MS)))
		return;
	p->told_ms = now;
	fprintf(stderr, "%s%s: %lld", terminal ? "\r" : "", p->what, (long long)done);
	if (total)
		fprintf(stderr, " of %lld", (long long)total);
	fprintf(stderr, ", %lld/s", (long long)rate);
	if (total > done && rate)
		fprintf(stderr, ", about %lld s left", (long long)((total - done) / rate + 1));
	fputs(terminal ? "\033[K" : "\n", stderr);
	p->open = terminal;
}

void progress_end(struct progress *p)
{
	if (p->open)
		fputc('\n', stderr);
	p->open = false;
}
