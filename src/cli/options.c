/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ENV_NAME_MAX = 64, OPTIONS_MAX = 64 };

struct parse {
	const struct cli_command *command;
	void *config;
	bool given[OPTIONS_MAX]; /* by flag or variable, not by default */
	struct hf_err *err;
};

void cli_env_name(const struct cli_option *o, char *to, size_t cap)
{
	if (o->env || o->type == CLI_SECRET) {
		snprintf(to, cap, "%s", o->env ? o->env : o->name);
		return;
	}
	snprintf(to, cap, "HOLDFAST_%s", o->name);
	for (char *p = to; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

static void *field(struct parse *p, const struct cli_option *o)
{
	return (char *)p->config + o->offset;
}

static hf_status set_flag(struct parse *p, const struct cli_option *o, const char *name,
                          const char *value)
{
	bool *to = field(p, o);

	if (!value || strcmp(value, "1") == 0 || strcmp(value, "true") == 0 ||
	    strcmp(value, "yes") == 0)
		*to = true;
	else if (strcmp(value, "0") == 0 || strcmp(value, "false") == 0 || strcmp(value, "no") == 0)
		*to = false;
	else
		return hf_fail(p->err, HF_INVALID, "%s: \"%s\" is neither true nor false", name,
		               value);
	return HF_SUCCESS;
}

static hf_status set_number(struct parse *p, const struct cli_option *o, const char *name,
                            const char *value)
{
	int64_t max = o->max ? o->max : INT64_MAX;

	if (hf_ok(hf_parse_i64(value, o->min, max, field(p, o))))
		return HF_SUCCESS;
	if (o->max)
		return hf_fail(p->err, HF_INVALID,
		               "%s: \"%s\" is not a whole number from %lld to %lld", name, value,
		               (long long)o->min, (long long)o->max);
	return hf_fail(p->err, HF_INVALID, "%s: \"%s\" is not a whole number of at least %lld",
	               name, value, (long long)o->min);
}

/* `name` is what the user wrote: the flag or the variable. `value` is NULL for a bare flag. */
static hf_status set(struct parse *p, const struct cli_option *o, const char *name,
                     const char *value)
{
	switch (o->type) {
	case CLI_TEXT:
		if (!*value)
			return hf_fail(p->err, HF_INVALID,
			               "%s: needs a value, and has an empty one", name);
		*(const char **)field(p, o) = value;
		return HF_SUCCESS;
	case CLI_NUMBER:
		return set_number(p, o, name, value);
	case CLI_FLAG:
		return set_flag(p, o, name, value);
	case CLI_SECRET:
		return hf_secret_copy(value, strlen(value), field(p, o));
	}
	return HF_FAILURE(HF_INTERNAL);
}

static const struct cli_option *find(const struct cli_command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].type != CLI_SECRET && strlen(c->options[i].name) == len &&
		    strncmp(c->options[i].name, name, len) == 0)
			return &c->options[i];
	return NULL;
}

static hf_status apply_defaults(struct parse *p)
{
	for (size_t i = 0; i < p->command->n_options; i++) {
		const struct cli_option *o = &p->command->options[i];

		if (o->fallback)
			HF_TRY(set(p, o, o->name, o->fallback));
	}
	return HF_SUCCESS;
}

static hf_status apply_environment(struct parse *p)
{
	for (size_t i = 0; i < p->command->n_options; i++) {
		const struct cli_option *o = &p->command->options[i];
		char name[ENV_NAME_MAX];
		char *value;

		cli_env_name(o, name, sizeof(name));
		value = getenv(name);
		if (!value)
			continue;
		HF_TRY(set(p, o, name, value));
		p->given[i] = true;
		if (o->type ==
		    CLI_SECRET) { /* neither our children nor /proc shall see it any longer */
			hf_wipe(value, strlen(value));
			unsetenv(name);
		}
	}
	return HF_SUCCESS;
}

static hf_status apply_flag(struct parse *p, int argc, char **argv, int *at)
{
	const char *text = argv[*at] + 2;
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	const struct cli_option *o = find(p->command, text, len);
	const char *value = equals ? equals + 1 : NULL;
	char name[ENV_NAME_MAX];

	if (!o)
		return hf_fail(p->err, HF_INVALID, "unknown option --%.*s; see: holdfast %s --help",
		               (int)len, text, p->command->name);
	snprintf(name, sizeof(name), "--%s", o->name);
	if (p->given[o - p->command->options] && o->type != CLI_FLAG) {
		char env[ENV_NAME_MAX];

		cli_env_name(o, env, sizeof(env));
		if (!getenv(env)) /* the flag wins over the variable, but two flags contradict each
		                     other */
			return hf_fail(p->err, HF_INVALID, "%s is given twice", name);
	}
	if (!value && o->type != CLI_FLAG) {
		if (*at + 1 >= argc)
			return hf_fail(p->err, HF_INVALID, "%s needs a value: %s %s", name, name,
			               o->metavar ? o->metavar : "VALUE");
		value = argv[++*at];
	}
	p->given[o - p->command->options] = true;
	return set(p, o, name, value);
}

static hf_status check(const struct parse *p)
{
	const struct cli_command *c = p->command;

	for (size_t i = 0; i < c->n_options; i++) {
		const struct cli_option *o = &c->options[i], *other;
		char env[ENV_NAME_MAX];

		cli_env_name(o, env, sizeof(env));
		if (o->required && !p->given[i])
			return hf_fail(p->err, HF_INVALID,
			               "--%s is missing (or %s in the environment): %s", o->name,
			               env, o->help);
		if (!p->given[i] || !o->conflicts)
			continue;
		other = find(c, o->conflicts, strlen(o->conflicts));
		if (other && p->given[other - c->options])
			return hf_fail(p->err, HF_INVALID,
			               "--%s and --%s contradict each other: give one of them",
			               o->name, other->name);
	}
	return HF_SUCCESS;
}

hf_status cli_parse(const struct cli_command *c, int argc, char **argv, void *config,
                    const char **positional, size_t *n_positional, struct hf_err *err)
{
	struct parse p = { .command = c, .config = config, .err = err };
	size_t n = 0;
	bool only_words = false;

	memset(config, 0, c->config_size);
	HF_ENSURE(c->n_options <= OPTIONS_MAX, HF_INTERNAL);
	HF_TRY(apply_defaults(&p));
	HF_TRY(apply_environment(&p));
	for (int at = 0; at < argc; at++) {
		if (!only_words && strcmp(argv[at], "--") == 0) {
			only_words = true;
		} else if (!only_words && strncmp(argv[at], "--", 2) == 0) {
			HF_TRY(apply_flag(&p, argc, argv, &at));
		} else if (!only_words && argv[at][0] == '-' && argv[at][1]) {
			return hf_fail(err, HF_INVALID,
			               "unknown option %s; see: holdfast %s --help", argv[at],
			               c->name);
		} else if (!c->positional) {
			return hf_fail(err, HF_INVALID, "\"%s\": holdfast %s takes options only",
			               argv[at], c->name);
		} else {
			positional[n++] = argv[at];
		}
	}
	HF_TRY(check(&p));
	*n_positional = n;
	return HF_SUCCESS;
}
