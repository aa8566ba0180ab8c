/* SPDX-License-Identifier: Apache-2.0
 * holdfast completion: completions for shells, from the tables of commands and options. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

/* The next words after `prefix` ("group link " or ""), each once; commands that go on and options
 * of a command that is whole. */
static void print_words(const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < cli_command_count; i++) {
		const char *name = cli_commands[i]->name;
		bool first = true;

		if (strncmp(name, prefix, n) != 0 || !name[n])
			continue;
		for (size_t k = 0; k < i && first; k++)
			first = strncmp(cli_commands[k]->name, prefix, n) != 0 ||
			        strcspn(cli_commands[k]->name + n, " ") != strcspn(name + n, " ") ||
			        strncmp(cli_commands[k]->name + n, name + n,
			                strcspn(name + n, " ")) != 0;
		if (first)
			printf(" %.*s", (int)strcspn(name + n, " "), name + n);
	}
}

static void print_options(const struct cli_command *c)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].type != CLI_SECRET)
			printf(" --%s", c->options[i].name);
	printf(" --help");
}

static bool goes_on(const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < cli_command_count; i++)
		if (strncmp(cli_commands[i]->name, prefix, n) == 0 &&
		    cli_commands[i]->name[n] == ' ')
			return true;
	return false;
}

/* One branch for each word that may stand before others: "group", "group link". */
static void print_branches(void)
{
	for (size_t i = 0; i < cli_command_count; i++) {
		const char *name = cli_commands[i]->name;

		for (const char *at = strchr(name, ' '); at; at = strchr(at + 1, ' ')) {
			char prefix[64];
			bool first = true;

			snprintf(prefix, sizeof(prefix), "%.*s", (int)(at - name), name);
			for (size_t k = 0; k < i && first; k++)
				first = strncmp(cli_commands[k]->name, name,
				                (size_t)(at - name) + 1) != 0;
			if (!first)
				continue;
			printf("\t\"%s\") words=\"", prefix);
			snprintf(prefix, sizeof(prefix), "%.*s ", (int)(at - name), name);
			print_words(prefix);
			printf("\" ;;\n");
		}
	}
}

static void print_bash(void)
{
	puts("# Completion of holdfast for bash (and zsh, after: autoload bashcompinit && "
	     "bashcompinit).\n"
	     "_holdfast() {\n"
	     "\tlocal words='' command='' i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\t[[ ${COMP_WORDS[i]} == -* ]] && break\n"
	     "\t\tcommand+=\"${command:+ }${COMP_WORDS[i]}\"\n"
	     "\tdone\n"
	     "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n"
	     "\t*-file | --ca | --in | --out | --module | --config | --sqlite-path)\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	     "\t\treturn ;;\n"
	     "\tesac\n"
	     "\tcase $command in");
	printf("\t\"\") words=\"");
	print_words("");
	puts("\" ;;");
	print_branches();
	for (size_t i = 0; i < cli_command_count; i++) {
		if (goes_on(cli_commands[i]->name))
			continue;
		/* Its positional argument may stand behind. */
		printf("\t\"%s\"*) words=\"", cli_commands[i]->name);
		print_options(cli_commands[i]);
		puts("\" ;;");
	}
	puts("\tesac\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	     "}\n"
	     "complete -F _holdfast holdfast");
}

static void print_fish(void)
{
	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_command *c = cli_commands[i];

		printf("complete -c holdfast -n '__fish_use_subcommand' -f -a '%.*s'\n",
		       (int)strcspn(c->name, " "), c->name);
		for (size_t k = 0; k < c->n_options; k++)
			if (c->options[k].type != CLI_SECRET)
				printf("complete -c holdfast -n '__fish_seen_subcommand_from %.*s' "
				       "-l "
				       "%s\n",
				       (int)strcspn(c->name, " "), c->name, c->options[k].name);
	}
}

static int run(void *config, const char *const *args, size_t n_args)
{
	if (n_args == 1 && (strcmp(args[0], "bash") == 0 || strcmp(args[0], "zsh") == 0)) {
		print_bash();
		return 0;
	}
	if (n_args == 1 && strcmp(args[0], "fish") == 0) {
		print_fish();
		return 0;
	}
	fputs("holdfast completion: for which shell? bash, zsh or fish\n", stderr);
	return 2;
}

const struct cli_command cmd_completion = {
	.name = "completion",
	.summary = "print completions for a shell",
	.details = "For bash: holdfast completion bash > "
	           "/etc/bash_completion.d/holdfast. For fish: holdfast completion fish > "
	           "~/.config/fish/completions/holdfast.fish.",
	.positional = "SHELL",
	.run = run,
};
