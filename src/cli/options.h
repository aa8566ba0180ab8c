/* SPDX-License-Identifier: Apache-2.0
 * Command-line options as one table, from which parsing, --help, the man page and the sample
 * configuration all come. Every option also has an environment variable; the flag wins. Unknown and
 * conflicting options are errors that name them. */
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
	const char *name;    /* "sqlite-path": --sqlite-path; of CLI_SECRET the variable's name */
	const char *env;     /* a name of its own ("USER_PIN"); NULL: HOLDFAST_ and the name */
	const char *metavar; /* "FILE" */
	enum cli_type type;
	size_t offset;         /* of the field in the command's own struct */
	const char *fallback;  /* default, as text; NULL: none (TEXT stays NULL, NUMBER 0) */
	const char *help;      /* one sentence, no full stop */
	int64_t min, max;      /* CLI_NUMBER; max 0: no bound */
	const char *conflicts; /* name of an option that may not be given with this one, or NULL */
	bool required;
};

/* Rows of a table; `owner` is the command's struct, `member` the field in it. */
#define CLI_OPTION_TEXT(owner, member, option, meta, default_, what)                               \
	{                                                                                          \
		.name = option, .metavar = meta, .type = CLI_TEXT,                                 \
		.offset = offsetof(owner, member), .fallback = default_, .help = what              \
	}
#define CLI_OPTION_NEEDED(owner, member, option, meta, what)                                       \
	{                                                                                          \
		.name = option, .metavar = meta, .type = CLI_TEXT,                                 \
		.offset = offsetof(owner, member), .required = true, .help = what                  \
	}
#define CLI_OPTION_NUMBER(owner, member, option, default_, least, most, what)                      \
	{                                                                                          \
		.name = option, .metavar = "N", .type = CLI_NUMBER,                                \
		.offset = offsetof(owner, member), .fallback = default_, .min = least,             \
		.max = most, .help = what                                                          \
	}
#define CLI_OPTION_FLAG(owner, member, option, what)                                               \
	{                                                                                          \
		.name = option, .type = CLI_FLAG, .offset = offsetof(owner, member), .help = what  \
	}

struct cli_command {
	const char *name;       /* "server" or "hsm check" */
	const char *summary;    /* one line */
	const char *details;    /* paragraphs for --help and the man page, or NULL */
	const char *positional; /* "FILE" when it takes one, or NULL */
	const struct cli_option *options;
	size_t n_options;
	size_t config_size;
	int (*run)(void *config, const char *const *args, size_t n_args); /* exit status */
};

/* The name of the option's environment variable. */
void cli_env_name(const struct cli_option *o, char *to, size_t cap);

/* Fills `config` (zeroed by the callee) from defaults, environment and argv (after the command's
 * name). Texts point into argv, the environment or the table. HF_INVALID with words. */
HF_MUST hf_status cli_parse(const struct cli_command *c, int argc, char **argv, void *config,
                            const char **positional, size_t *n_positional, struct hf_err *err);
/* To standard output: for a terminal, as a man page (groff), as a sample environment file. */
void cli_help(const struct cli_command *c);
void cli_man_page(const struct cli_command *c);
void cli_sample(const struct cli_command *c);

/* The table of all commands (cli/main.c). */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;

#endif
