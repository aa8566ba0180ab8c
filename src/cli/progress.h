/* SPDX-License-Identifier: Apache-2.0
 * How far long work has come, on standard error: one line that is written over on a terminal, a
 * line now and then elsewhere. With rate, and an estimate when the end is known. */
#ifndef HF_CLI_PROGRESS_H
#define HF_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "rewrap" */
	bool quiet;
	int64_t start_ms, told_ms;
	bool open; /* a line on the terminal is not ended yet */
};

void progress_begin(struct progress *p, const char *what);
void progress_tell(struct progress *p, int64_t done, int64_t total); /* total 0: not known */
/* Before anything else is printed. */
void progress_end(struct progress *p);

#endif
