/* SPDX-License-Identifier: Apache-2.0
 * Command-line options as one table, from which parsing, --help, the man page and the sample configuration all come.
 * Every option also has an environment variable; the flag wins. Unknown and conflicting options are errors that name them. */
#ifndef HF_CLI_OPTIONS_H
#define HF_CLI_OPTIONS_H

#include "base/secret.h"

enum cli_type {
	CLI_TEXT,   /* const char *  */
	CLI_NUMBER, /* int64_t, within [min, max] */
	CLI_FLAG,   /* bool: no argument; the variable takes 1/true/yes or 0/false/no */
	CLI_SECRET, /* struct hf_secret: from the variable only, which is then unset; no flag */
};

struct cli_option {
	const char *name;     /* "sqlite-path": --sqlite-path; for CLI_SECRET the variable's name only */
	const char *env;      /* "HOLDFAST_SQLITE_PATH"; NULL: none */
	const char *metavar;  /* "FILE" */
	enum cli_type type;
	size_t offset;        /* of the field in the command's own struct */
	const char *fallback; /* default, as text; NULL: none (TEXT stays NULL, NUMBER 0) */
	const char *help;     /* one sentence, no full stop */
	int64_t min, max;     /* CLI_NUMBER; max 0: no bound */
	const char *conflicts; /* name of an option that may not be given with this one, or NULL */
	bool required;
};

#define CLI_FIELD(type, field) offsetof(type, field)

struct cli_command {
	const char *name;     /* "server" or "hsm check" */
	const char *summary;  /* one line */
	const char *details;  /* paragraphs for --help and the man page, or NULL */
	const char *positional; /* "FILE" when it takes one, or NULL */
	const struct cli_option *options;
	size_t n_options;
	size_t config_size;
	int (*run)(void *config, const char *const *args, size_t n_args); /* exit status */
};

/* Fills `config` (zeroed by the callee) from defaults, environment and argv (after the command's name). Texts point into argv, the environment
 * or the table. HF_INVALID with words. */
HF_MUST hf_status cli_parse(const struct cli_command *c, int argc, char **argv, void *config,
			    const char **positional, size_t *n_positional, struct hf_err *err);
void cli_help(const struct cli_command *c);

/* The table of all commands (cli/main.c). */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;

#endif
