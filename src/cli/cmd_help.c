/* SPDX-License-Identifier: Apache-2.0
 * holdfast help: the option tables as help, man pages and sample configuration. */
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

static int run(void *config, const char *const *args, size_t n_args)
{
	const struct options *o = config;
	char name[64] = "";

	for (size_t i = 0; i < n_args && strlen(name) + strlen(args[i]) + 2 < sizeof(name); i++) {
		strcat(name, i ? " " : "");
		strcat(name, args[i]);
	}
	for (size_t i = 0; i < cli_command_count; i++) {
		if (o->list) {
			puts(cli_commands[i]->name);
		} else if (strcmp(cli_commands[i]->name, n_args ? name : "help") == 0) {
			print(o, cli_commands[i]);
			return 0;
		}
	}
	if (o->list)
		return 0;
	fprintf(stderr, "holdfast help: there is no command \"%s\"; see: holdfast --help\n", name);
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
