/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/codes.h"

#include "base/random.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LETTERS = 20, GROUP = 5 };

/* Crockford's base32: no i, l, o, u */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

hf_status code_add(struct db *db, const char *org_id, const char *identity_id, const char *kind,
                   int64_t expires_ms, char ret[CODE_TEXT_MAX])
{
	struct code_row row = { .kind = kind, .expires_ms = expires_ms };
	uint8_t random[LETTERS], hash[CODE_HASH_LEN];
	char text[CODE_TEXT_MAX];
	size_t n = 0;

	hf_random(random, sizeof(random));
	for (size_t i = 0; i < LETTERS; i++) {
		if (i && i % GROUP == 0)
			text[n++] = '-';
		text[n++] = alphabet[random[i] % 32];
	}
	text[n] = '\0';
	hf_wipe(random, sizeof(random));
	HF_TRY(code_hash(text, hash));
	row.hash = HF_SPAN(hash, sizeof(hash));
	snprintf(row.org_id, sizeof(row.org_id), "%s", org_id);
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", identity_id);
	HF_TRY(code_row_insert(db, &row));
	memcpy(ret, text, sizeof(text));
	hf_wipe(text, sizeof(text));
	return HF_SUCCESS;
}

hf_status code_make(struct db *db, const char *org_id, const char *identity_id, const char *kind,
                    int64_t now_ms, int64_t expires_ms, char ret[CODE_TEXT_MAX])
{
	HF_TRY(code_rows_forget(db, now_ms));
	HF_TRY(code_rows_withdraw(db, identity_id, kind));
	return code_add(db, org_id, identity_id, kind, expires_ms, ret);
}

static char letter(char c)
{
	c = (char)tolower((unsigned char)c);
	switch (c) {
	case 'o':
		return '0';
	case 'i':
	case 'l':
		return '1';
	default:
		return c;
	}
}

hf_status code_hash(const char *text, uint8_t ret[CODE_HASH_LEN])
{
	char letters[LETTERS];
	size_t n = 0;

	for (; *text; text++) {
		if (strchr("- .", *text))
			continue;
		HF_ENSURE(n < LETTERS && strchr(alphabet, letter(*text)), HF_INVALID);
		letters[n++] = letter(*text);
	}
	HF_ENSURE(n == LETTERS, HF_INVALID);
	return sha256(HF_SPAN(letters, LETTERS), ret);
}
