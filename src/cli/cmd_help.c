/* SPDX-License-Identifier: Apache-2.0
 * holdfast help: the option tables as help, man pages and sample configuration. */
#include "base/buf.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

struct options {
	bool man, sample, list;
};

static const struct cli_option options[] = {
	CLI_OPTION_FLAG(struct options, man, "man", "print the command's man page"),
	CLI_OPTION_FLAG(struct options, sample, "sample",
	                "print a sample environment file with every option"),
	CLI_OPTION_FLAG(struct options, list, "list",
	                "print the names of all commands, one a line"),
};

static void print(const struct options *o, const struct cli_command *c)
{
	if (o->man)
		cli_man_page(c);
	else if (o->sample)
		cli_sample(c);
	else
		cli_help(c);
}

static bool is_named(const struct cli_command *c, const char *const *words, size_t n)
{
	HF_BUF_SCOPED struct hf_buf name = HF_BUF(256);

	for (size_t i = 0; i < n; i++)
		hf_buf_printf(&name, "%s%s", i ? " " : "", words[i]);
	return hf_span_is(hf_buf_span(&name), c->name) || (n == 0 && c == &cmd_help);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	const struct options *o = config;

	for (size_t i = 0; i < cli_command_count; i++) {
		if (o->list) {
			puts(cli_commands[i]->name);
		} else if (is_named(cli_commands[i], args, n_args)) {
			print(o, cli_commands[i]);
			return 0;
		}
	}
	if (o->list)
		return 0;
	fputs("holdfast help: there is no such command; see: holdfast --help\n", stderr);
	return 2;
}

const struct cli_command cmd_help = {
	.name = "help",
	.summary = "explain a command",
	.positional = "COMMAND",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
