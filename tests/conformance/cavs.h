/* SPDX-License-Identifier: Apache-2.0
 * NIST's own test vectors (CAVP) as Debian's python3-cryptography-vectors has them: records of
 * "NAME = value" with a blank line between them. Read where they are; nothing of them is kept here.
 */
#ifndef HF_TESTS_CAVS_H
#define HF_TESTS_CAVS_H

#include "check.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CAVS_FOLDER "/usr/lib/python3/dist-packages/cryptography_vectors/"
#define CAVS_FIELDS 10
#define CAVS_LINE 16384

struct cavs {
	FILE *file;
	size_t n;
	char name[CAVS_FIELDS][16];
	struct hf_buf value[CAVS_FIELDS];
};

/* Ends the program as skipped (77) where the package is not installed. */
static inline void cavs_need(void)
{
	FILE *file = fopen(CAVS_FOLDER "keywrap/kwtestvectors/KW_AE_128.txt", "r");

	if (!file) {
		puts("1..0 # SKIP python3-cryptography-vectors is not installed");
		exit(77);
	}
	fclose(file);
}

static inline void cavs_open(struct cavs *c, const char *path)
{
	char whole[512];

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < CAVS_FIELDS; i++)
		c->value[i] = HF_BUF(CAVS_LINE);
	snprintf(whole, sizeof(whole), CAVS_FOLDER "%s", path);
	c->file = fopen(whole, "r");
	if (!c->file)
		fail_msg("%s cannot be read", whole);
}

static inline void cavs_close(struct cavs *c)
{
	fclose(c->file);
	for (size_t i = 0; i < CAVS_FIELDS; i++)
		hf_buf_done(&c->value[i]);
}

static inline void cavs_take(struct cavs *c, char *line)
{
	char *equals = strchr(line, '=');
	struct hf_buf *to = &c->value[c->n];
	size_t len;

	if (c->n == CAVS_FIELDS)
		fail_msg("more fields than %d", CAVS_FIELDS);
	snprintf(c->name[c->n], sizeof(c->name[0]), "%.*s", (int)strcspn(line, " =\r\n"), line);
	hf_buf_clear(to);
	if (equals) {
		equals += strspn(equals, "= ");
		len = strcspn(equals, "\r\n");
		/* COUNT and lengths are no hex, and nobody asks for them */
		hf_ignore(hf_unhex(HF_SPAN(equals, len), to));
	}
	c->n++;
}

/* The next record; false at the end. */
static inline bool cavs_next(struct cavs *c)
{
	static char line[CAVS_LINE];

	c->n = 0;
	while (fgets(line, sizeof(line), c->file)) {
		if (line[0] == '#' || line[0] == '[')
			continue;
		if (line[0] != '\n' && line[0] != '\r')
			cavs_take(c, line);
		else if (c->n)
			return true;
	}
	return c->n > 0;
}

static inline bool cavs_has(const struct cavs *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->name[i], name) == 0)
			return true;
	return false;
}

static inline struct hf_span cavs_get(const struct cavs *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->name[i], name) == 0)
			return hf_buf_span(&c->value[i]);
	fail_msg("a record without %s", name);
	return HF_SPAN(NULL, 0);
}

#endif
