/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "base/scope.h"
#include "p11/rv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SCRIPT_MAX 8192

static void bad_line(unsigned line, const char *word)
{
	fprintf(stderr, "fault script, line %u: \"%s\" is not understood\n", line, word);
	abort();
}

static CK_RV parse_rv(unsigned line, const char *word)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);
	char *end;
	CK_RV rv;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].name, word))
			return table[i].rv;
	rv = strtoul(word, &end, 0);
	if (*end || end == word)
		bad_line(line, word);
	return rv;
}

static int64_t parse_duration(unsigned line, const char *word)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 } };
	char *end;
	double n = strtod(word, &end);

	for (size_t i = 0; i < HF_COUNT(units); i++)
		if (end != word && !strcmp(end, units[i].unit))
			return (int64_t)(n * units[i].us);
	bad_line(line, word);
	return 0;
}

/* A word that says what happens; false when it is none. */
static bool parse_action(struct fault_rule *r, const char *word, char **rest)
{
	static const struct {
		const char *word;
		enum fault_action action;
	} plain[] = { { "hang", FAULT_HANG },
		      { "crash", FAULT_CRASH },
		      { "exit", FAULT_EXIT },
		      { "corrupt", FAULT_CORRUPT },
		      { "pin-locked", FAULT_PIN_LOCKED } };

	for (size_t i = 0; i < HF_COUNT(plain); i++) {
		if (strcmp(plain[i].word, word) != 0)
			continue;
		r->action = plain[i].action;
		return true;
	}
	if (!strcmp(word, "return")) {
		char *code = strtok_r(NULL, " \t", rest);

		r->action = FAULT_RETURN;
		r->rv = parse_rv(r->line, code ? code : "");
	} else if (!strncmp(word, "delay=", 6)) {
		r->action = FAULT_DELAY;
		r->delay_us = parse_duration(r->line, word + 6);
	} else if (!strncmp(word, "cap=", 4)) {
		r->action = FAULT_CAP;
		r->cap = (unsigned)strtoul(word + 4, NULL, 10);
	} else {
		return false;
	}
	return true;
}

static void parse_when(struct fault_rule *r, const char *word)
{
	if (!strncmp(word, "nth=", 4))
		r->nth = strtoull(word + 4, NULL, 10);
	else if (!strncmp(word, "every=", 6))
		r->every = strtoull(word + 6, NULL, 10);
	else if (!strncmp(word, "once=", 5))
		snprintf(r->once, sizeof(r->once), "%s", word + 5);
	else if (!strcmp(word, "shared"))
		r->shared = true;
	else
		bad_line(r->line, word);
}

static bool parse_line(char *line, unsigned number, struct fault_rule *ret)
{
	struct fault_rule r = { .line = number };
	bool acts = false;
	char *rest, *word;

	line[strcspn(line, "#")] = 0;
	word = strtok_r(line, " \t", &rest);
	if (!word)
		return false;
	if (strncmp(word, "C_", 2) != 0 && strcmp(word, "*") != 0)
		bad_line(number, word);
	snprintf(r.function, sizeof(r.function), "%s", word);
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (parse_action(&r, word, &rest))
			acts = true;
		else
			parse_when(&r, word);
	}
	if (!acts)
		bad_line(number, r.function);
	*ret = r;
	return true;
}

void script_parse(const char *text, struct fault_rule rules[FAULT_RULES_MAX], unsigned *ret_n)
{
	char copy[SCRIPT_MAX], *at = copy, *line;
	unsigned number = 0, n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((line = strsep(&at, "\n")) && n < FAULT_RULES_MAX)
		if (parse_line(line, ++number, &rules[n]))
			n++;
	*ret_n = n;
}

struct fault_rule *script_rules(unsigned *ret_n)
{
	static struct fault_rule rules[FAULT_RULES_MAX];
	static struct timespec read_at;
	static unsigned n;
	const char *path = getenv("HOLDFAST_FAULT_SCRIPT");
	char text[SCRIPT_MAX];
	struct stat st;
	ssize_t len;

	*ret_n = n;
	if (!path || stat(path, &st) || !memcmp(&st.st_mtim, &read_at, sizeof(read_at)))
		return rules;
	HF_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return rules;
	text[len] = 0;
	read_at = st.st_mtim;
	script_parse(text, rules, &n);
	*ret_n = n;
	return rules;
}

/* The number of this call over all processes. */
static uint64_t count_shared(const struct fault_rule *r)
{
	char path[4200];
	uint64_t count = 0;

	snprintf(path, sizeof(path), "%s.count.%u", getenv("HOLDFAST_FAULT_SCRIPT"), r->line);
	HF_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) || pread(fd, &count, sizeof(count), 0) < 0)
		return 0;
	count++;
	return pwrite(fd, &count, sizeof(count), 0) == (ssize_t)sizeof(count) ? count : 0;
}

static bool first_over_all(const struct fault_rule *r)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s.once.%s", getenv("HOLDFAST_FAULT_SCRIPT"), r->once);
	HF_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd >= 0;
}

bool script_strikes(struct fault_rule *r)
{
	uint64_t call = r->shared ? count_shared(r) : ++r->calls;

	if (r->nth && call != r->nth)
		return false;
	if (r->every && call % r->every != 0)
		return false;
	return !r->once[0] || first_over_all(r);
}
