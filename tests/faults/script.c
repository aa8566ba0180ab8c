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

static unsigned parse_count(unsigned line, const char *word, unsigned max)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*end || end == word || !n || n > max)
		bad_line(line, word);
	return (unsigned)n;
}

static const char *next_word(char **rest)
{
	const char *word = strtok_r(NULL, " \t", rest);

	return word ? word : "";
}

/* A line whose first word is no function. */
static void parse_setting(struct fault_script *s, unsigned line, const char *word, char **rest)
{
	if (!strcmp(word, "latency")) {
		s->latency_us = parse_duration(line, next_word(rest));
	} else if (!strcmp(word, "latency-all")) {
		s->latency_all_us = parse_duration(line, next_word(rest));
	} else if (!strcmp(word, "idle-sessions")) {
		s->idle_us = parse_duration(line, next_word(rest));
	} else if (!strcmp(word, "engines")) {
		s->engines = parse_count(line, next_word(rest), FAULT_ENGINES_MAX);
		s->service_us = parse_duration(line, next_word(rest));
	} else if (!strcmp(word, "reuse-handles")) {
		s->reuse_handles = true;
	} else if (!strcmp(word, "count")) {
		s->count = true;
	} else {
		bad_line(line, word);
	}
	word = next_word(rest);
	if (*word)
		bad_line(line, word);
}

static void parse_rule(struct fault_script *s, unsigned line, const char *word, char **rest)
{
	struct fault_rule r = { .line = line };
	bool acts = false;

	snprintf(r.function, sizeof(r.function), "%s", word);
	while (*(word = next_word(rest))) {
		if (parse_action(&r, word, rest))
			acts = true;
		else
			parse_when(&r, word);
	}
	if (!acts || s->n_rules == FAULT_RULES_MAX)
		bad_line(line, r.function);
	s->rules[s->n_rules++] = r;
}

static void parse_line(struct fault_script *s, unsigned number, char *line)
{
	char *rest, *word;

	line[strcspn(line, "#")] = 0;
	word = strtok_r(line, " \t", &rest);
	if (!word)
		return;
	if (!strncmp(word, "C_", 2) || !strcmp(word, "*"))
		parse_rule(s, number, word, &rest);
	else
		parse_setting(s, number, word, &rest);
}

void script_parse(const char *text, struct fault_script *ret)
{
	char copy[SCRIPT_MAX], *at = copy, *line;
	unsigned number = 0;

	*ret = (struct fault_script){ 0 };
	snprintf(copy, sizeof(copy), "%s", text);
	while ((line = strsep(&at, "\n")))
		parse_line(ret, ++number, line);
}

struct fault_script *script_now(void)
{
	static struct fault_script script;
	static struct timespec read_at;
	static off_t read_size; /* two scripts of one tick of the file system's clock */
	const char *path = getenv("HOLDFAST_FAULT_SCRIPT");
	char text[SCRIPT_MAX];
	struct stat st;
	ssize_t len;

	if (!path || stat(path, &st) ||
	    (st.st_size == read_size && !memcmp(&st.st_mtim, &read_at, sizeof(read_at))))
		return &script;
	HF_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return &script;
	text[len] = 0;
	read_at = st.st_mtim;
	read_size = st.st_size;
	script_parse(text, &script);
	return &script;
}

bool script_file(const char *suffix, char *to, size_t cap)
{
	const char *script = getenv("HOLDFAST_FAULT_SCRIPT");
	int n = script ? snprintf(to, cap, "%s.%s", script, suffix) : -1;

	return n > 0 && (size_t)n < cap;
}

/* The number of this call over all processes. */
static uint64_t count_shared(const struct fault_rule *r)
{
	char path[4200], suffix[32];
	uint64_t count = 0;

	snprintf(suffix, sizeof(suffix), "count.%u", r->line);
	if (!script_file(suffix, path, sizeof(path)))
		return 0;
	HF_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) || pread(fd, &count, sizeof(count), 0) < 0)
		return 0;
	count++;
	return pwrite(fd, &count, sizeof(count), 0) == (ssize_t)sizeof(count) ? count : 0;
}

static bool first_over_all(const struct fault_rule *r)
{
	char path[4200], suffix[48];

	snprintf(suffix, sizeof(suffix), "once.%s", r->once);
	if (!script_file(suffix, path, sizeof(path)))
		return false;
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
