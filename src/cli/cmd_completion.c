/* SPDX-License-Identifier: Apache-2.0
 * holdfast completion: completions for shells, from the tables of commands and options. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_MAX 64

/* A command's name begins with other words: prefixes ("", "group", "group link"). */
static bool is_behind(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return n == 0 || (strncmp(name, prefix, n) == 0 && name[n] == ' ');
}

static bool goes_on(const char *prefix)
{
	for (size_t i = 0; i < cli_command_count; i++)
		if (is_behind(cli_commands[i]->name, prefix))
			return true;
	return false;
}

/* NULL: these words alone are no command. */
static const struct cli_command *command_of(const char *words)
{
	for (size_t i = 0; i < cli_command_count; i++)
		if (strcmp(cli_commands[i]->name, words) == 0)
			return cli_commands[i];
	return NULL;
}

/* The first words of a name, up to and without the space at `end`. */
static void first_words(const char *name, const char *end, char ret[PREFIX_MAX])
{
	snprintf(ret, PREFIX_MAX, "%.*s", (int)(end - name), name);
}

/* Each prefix once. */
static void each_prefix(void (*fn)(const char *prefix))
{
	char prefix[PREFIX_MAX];

	fn("");
	for (size_t i = 0; i < cli_command_count; i++) {
		const char *name = cli_commands[i]->name;

		for (const char *at = strchr(name, ' '); at; at = strchr(at + 1, ' ')) {
			size_t k = 0;

			first_words(name, at, prefix);
			while (!is_behind(cli_commands[k]->name, prefix))
				k++;
			if (k == i)
				fn(prefix);
		}
	}
}

/* Each word that may follow a prefix, once, with the words up to it. */
static void each_word(const char *prefix,
                      void (*fn)(const char *prefix, const char *word, const char *words))
{
	size_t skip = *prefix ? strlen(prefix) + 1 : 0;
	char words[PREFIX_MAX];

	for (size_t i = 0; i < cli_command_count; i++) {
		const char *name = cli_commands[i]->name;
		size_t k = 0;

		if (!is_behind(name, prefix))
			continue;
		first_words(name, name + skip + strcspn(name + skip, " "), words);
		while (strcmp(cli_commands[k]->name, words) != 0 &&
		       !is_behind(cli_commands[k]->name, words))
			k++;
		if (k == i)
			fn(prefix, words + skip, words);
	}
}

static void print_word(const char *prefix, const char *word, const char *words)
{
	printf(" %s", word);
}

static void print_options(const struct cli_command *c)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].type != CLI_SECRET)
			printf(" --%s", c->options[i].name);
	printf(" --help");
}

/* A branch for the words that stand before others; some are a command by themselves. */
static void print_branch(const char *prefix)
{
	const struct cli_command *whole = command_of(prefix);

	printf("\t\"%s\") words=\"", prefix);
	each_word(prefix, print_word);
	if (whole)
		print_options(whole);
	puts("\" ;;");
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
	each_prefix(print_branch);
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

/* As a word of fish's, in single quotes. */
static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text == '\n' ? ' ' : *text);
	}
	putchar('\'');
}

static void print_fish_word(const char *prefix, const char *word, const char *words)
{
	const struct cli_command *whole = command_of(words);

	printf("complete -c holdfast -n '__holdfast_at %s' -a %s", prefix, word);
	if (whole) {
		printf(" -d ");
		print_quoted(whole->summary);
	}
	putchar('\n');
}

static void print_fish_words(const char *prefix)
{
	each_word(prefix, print_fish_word);
}

/* The options of those that bash completes files for. */
static bool is_file(const char *option)
{
	static const char *const files[] = { "ca", "in", "out", "module", "config", "sqlite-path" };
	size_t len = strlen(option);

	for (size_t i = 0; i < HF_COUNT(files); i++)
		if (strcmp(files[i], option) == 0)
			return true;
	return len > 5 && strcmp(option + len - 5, "-file") == 0;
}

static void print_fish_option(const char *when, const struct cli_option *o)
{
	const char *takes = o->type == CLI_FLAG ? "" : is_file(o->name) ? " -rF" : " -x";

	printf("complete -c holdfast -n '%s' -l %s%s -d ", when, o->name, takes);
	print_quoted(o->help);
	putchar('\n');
}

static void print_fish_options(const struct cli_command *c)
{
	char when[PREFIX_MAX + 20];

	snprintf(when, sizeof(when), "__holdfast_%s %s", goes_on(c->name) ? "at" : "in", c->name);
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].type != CLI_SECRET)
			print_fish_option(when, &c->options[i]);
	printf("complete -c holdfast -n '%s' -l help -d 'what it does, and its options'\n", when);
}

static void print_fish(void)
{
	puts("# Completion of holdfast for fish.\n"
	     "function __holdfast_words -d 'the words before the first option'\n"
	     "\tset -l words (commandline -opc)\n"
	     "\tfor word in $words[2..]\n"
	     "\t\tstring match -q -- '-*' $word; and break\n"
	     "\t\techo $word\n"
	     "\tend\n"
	     "end\n"
	     "function __holdfast_at -d 'whether they are these'\n"
	     "\ttest \"$argv\" = \"$(__holdfast_words | string join ' ')\"\n"
	     "end\n"
	     "function __holdfast_in -d 'whether they begin with these'\n"
	     "\tset -l words (__holdfast_words)\n"
	     "\ttest \"$argv\" = \"$words[1..$(count $argv)]\"\n"
	     "end\n"
	     "complete -c holdfast -f");
	each_prefix(print_fish_words);
	for (size_t i = 0; i < cli_command_count; i++)
		print_fish_options(cli_commands[i]);
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
