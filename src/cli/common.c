/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_OPERATOR = 78 };

/* Words may quote a file or a server: nothing in them shall steer a terminal. */
static void print_words(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		fputc((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, stderr);
	}
}

int cli_failed(const char *command, hf_status s, const struct hf_err *err)
{
	fprintf(stderr, "holdfast %s: ", command);
	print_words(err->code == s.code && err->text[0] ? err->text : hf_code_name(s.code));
	fputc('\n', stderr);
	return s.code == HF_STOP ? EXIT_OPERATOR : 1;
}

hf_status cli_log_setup(const char *role, const struct cli_log_options *o, struct hf_err *err)
{
	enum hf_log_level level;
	enum hf_log_format format;

	if (!hf_ok(hf_log_parse_level(o->level, &level)))
		return hf_fail(err, HF_INVALID,
		               "--log-level: \"%s\" is none of debug, info, warn, error", o->level);
	if (strcmp(o->format, "auto") == 0)
		format = HF_LOG_AUTO;
	else if (strcmp(o->format, "text") == 0)
		format = HF_LOG_TEXT;
	else if (strcmp(o->format, "json") == 0)
		format = HF_LOG_JSON;
	else
		return hf_fail(err, HF_INVALID, "--log-format: \"%s\" is none of auto, text, json",
		               o->format);
	hf_log_setup(role, level, format);
	return HF_SUCCESS;
}

hf_status cli_ready_open(const char *path, int *ret_fd, struct hf_err *err)
{
	int fd = -1;

	if (path) {
		unlink(path); /* one left by an earlier life would tell a lie */
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0)
			return hf_fail(err, HF_IO, "--ready-file %s: %s", path, strerror(errno));
	}
	*ret_fd = fd;
	return HF_SUCCESS;
}
