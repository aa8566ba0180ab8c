/* SPDX-License-Identifier: Apache-2.0
 * What is printed from the option tables: help for a terminal, man page, sample environment file.
 */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 32, HELP_WIDTH = 100 };

/* Words of `text`, broken before `width`, each line but the first after `indent` blanks. */
static void wrapped(const char *text, size_t indent, size_t width)
{
	size_t column = indent;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (column > indent && column + 1 + word > width) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word;
		if (*text == '\n') {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		if (*text)
			text++;
	}
	putchar('\n');
}

static void describe(const struct cli_option *o, char *to, size_t cap)
{
	char env[64];
	size_t n;

	cli_env_name(o, env, sizeof(env));
	n = (size_t)snprintf(to, cap, "%s", o->help);
	if (o->fallback && n < cap)
		n += (size_t)snprintf(to + n, cap - n, " (default %s)", o->fallback);
	if (o->required && n < cap)
		n += (size_t)snprintf(to + n, cap - n, " (required)");
	if (o->type != CLI_SECRET && n < cap)
		snprintf(to + n, cap - n, " [%s]", env);
}

static void synopsis(const struct cli_command *c, char *to, size_t cap)
{
	snprintf(to, cap, "holdfast %s%s%s%s", c->name, c->n_options ? " [OPTION]..." : "",
	         c->positional ? " " : "", c->positional ? c->positional : "");
}

void cli_help(const struct cli_command *c)
{
	char line[1024];

	synopsis(c, line, sizeof(line));
	printf("Usage: %s\n\n", line);
	wrapped(c->summary, 0, HELP_WIDTH);
	if (c->details) {
		putchar('\n');
		wrapped(c->details, 0, HELP_WIDTH);
	}
	if (c->n_options)
		printf("\nOptions; each also as an environment variable, named in brackets, the "
		       "flag wins:\n");
	for (size_t i = 0; i < c->n_options; i++) {
		const struct cli_option *o = &c->options[i];

		snprintf(line, sizeof(line), "  %s%s%s%s", o->type == CLI_SECRET ? "" : "--",
		         o->name, o->metavar ? " " : "", o->metavar ? o->metavar : "");
		printf("%-*s", HELP_COLUMN, line);
		if (strlen(line) >= HELP_COLUMN)
			printf("\n%*s", HELP_COLUMN, "");
		describe(o, line, sizeof(line));
		wrapped(line, HELP_COLUMN, HELP_WIDTH);
	}
}

/* groff takes a leading dot or quote for a request, and a hyphen for a hyphen. */
static void troff(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			fputs("\\e", stdout);
		else if (*p == '-')
			fputs("\\-", stdout);
		else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
			printf("\\&%c", *p);
		else
			putchar(*p);
	}
}

static void man_title(const struct cli_command *c)
{
	char name[64];

	snprintf(name, sizeof(name), "holdfast-%s", c->name);
	for (char *p = name; *p; p++)
		if (*p == ' ')
			*p = '-';
	printf(".TH %s 1 \"\" \"holdfast %s\" \"Holdfast\"\n.SH NAME\n", name, HF_VERSION);
	troff(name);
	fputs(" \\- ", stdout);
	troff(c->summary);
}

void cli_man_page(const struct cli_command *c)
{
	char line[1024];

	man_title(c);
	synopsis(c, line, sizeof(line));
	fputs("\n.SH SYNOPSIS\n", stdout);
	troff(line);
	fputs("\n.SH DESCRIPTION\n", stdout);
	troff(c->details ? c->details : c->summary);
	if (c->n_options)
		fputs("\n.SH OPTIONS\nEach is also an environment variable, named in brackets; the "
		      "flag wins.",
		      stdout);
	for (size_t i = 0; i < c->n_options; i++) {
		const struct cli_option *o = &c->options[i];

		fputs("\n.TP\n.B ", stdout);
		snprintf(line, sizeof(line), "%s%s", o->type == CLI_SECRET ? "" : "--", o->name);
		troff(line);
		if (o->metavar) {
			fputs("\\fR \\fI", stdout);
			troff(o->metavar);
			fputs("\\fR", stdout);
		}
		putchar('\n');
		describe(o, line, sizeof(line));
		troff(line);
	}
	fputs("\n.SH EXIT STATUS\n0 when it did what was asked, 1 when it could not (standard "
	      "error says why), "
	      "2 for unusable options, 78 when an operator has to act before it is started again.\n"
	      ".SH SEE ALSO\n.BR holdfast (1)\n",
	      stdout);
}

void cli_sample(const struct cli_command *c)
{
	printf("# Settings of `holdfast %s`, as an environment file. A flag of the same name "
	       "wins.\n",
	       c->name);
	for (size_t i = 0; i < c->n_options; i++) {
		const struct cli_option *o = &c->options[i];
		char env[64];

		cli_env_name(o, env, sizeof(env));
		printf("\n# %s%s\n", o->help, o->required ? " (required)" : "");
		if (o->type == CLI_SECRET)
			printf("# Better from a file or a systemd credential than from here.\n");
		printf("#%s=%s\n", env,
		       o->fallback           ? o->fallback
		       : o->metavar          ? o->metavar
		       : o->type == CLI_FLAG ? "false"
		                             : "");
	}
}
