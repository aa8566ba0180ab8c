/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/checkpoint.h"

#include "base/text.h"
#include "crypto/spki.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DASH "\xe2\x80\x94 "
#define KEY_ID_LEN 4
#define SIGNATURES_MAX 16
#define ROOT_TEXT_LEN 44
#define SIZE_DIGITS_MAX 19

enum signature_kind { NOTE_ED25519 = 1, NOTE_ECDSA = 2 };

void checkpoint_text(struct hf_buf *to, const struct checkpoint *c)
{
	hf_buf_printf(to, CHECKPOINT_ORIGIN "%s\n%" PRIu64 "\n", c->org_id, c->size);
	hf_buf_base64(to, HF_SPAN(c->root, sizeof(c->root)));
	hf_buf_u8(to, '\n');
}

/* Up to the next newline, which is taken too. */
static struct hf_span take_line(struct hf_span *from)
{
	const uint8_t *end = from->len ? memchr(from->ptr, '\n', from->len) : NULL;
	struct hf_span line = HF_SPAN(NULL, 0);

	if (!end) {
		*from = line;
		return line;
	}
	line = HF_SPAN(from->ptr, (size_t)(end - from->ptr));
	*from = HF_SPAN(end + 1, from->len - line.len - 1);
	return line;
}

static hf_status read_origin(struct hf_span line, struct checkpoint *c)
{
	const size_t n = strlen(CHECKPOINT_ORIGIN);

	HF_ENSURE(line.len > n && memcmp(line.ptr, CHECKPOINT_ORIGIN, n) == 0, HF_INVALID);
	HF_TRY(hf_span_to_text(HF_SPAN(line.ptr + n, line.len - n), c->org_id, sizeof(c->org_id)));
	HF_ENSURE(hf_id_valid("or", c->org_id), HF_INVALID);
	return HF_SUCCESS;
}

static hf_status read_size(struct hf_span line, struct checkpoint *c)
{
	char digits[SIZE_DIGITS_MAX + 1];
	int64_t n;

	HF_TRY(hf_span_to_text(line, digits, sizeof(digits)));
	HF_TRY(hf_parse_i64(digits, 0, INT64_MAX, &n));
	c->size = (uint64_t)n;
	return HF_SUCCESS;
}

static hf_status read_root(struct hf_span line, struct checkpoint *c)
{
	HF_BUF_SCOPED struct hf_buf root = HF_BUF(64);

	HF_ENSURE(line.len == ROOT_TEXT_LEN, HF_INVALID);
	HF_TRY(hf_unbase64(line, &root));
	HF_ENSURE(root.len == sizeof(c->root), HF_INVALID);
	memcpy(c->root, root.ptr, sizeof(c->root));
	return HF_SUCCESS;
}

hf_status checkpoint_text_parse(struct hf_span text, struct checkpoint *ret)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CHECKPOINT_TEXT_MAX);
	struct hf_span rest = text;
	struct checkpoint c = { 0 };

	HF_ENSURE(text.len <= CHECKPOINT_TEXT_MAX, HF_INVALID);
	HF_ENSURE(hf_ok(read_origin(take_line(&rest), &c)) &&
	                  hf_ok(read_size(take_line(&rest), &c)) &&
	                  hf_ok(read_root(take_line(&rest), &c)),
	          HF_INVALID);
	checkpoint_text(&again, &c); /* no other spelling of the same, and nothing after it */
	HF_ENSURE(hf_span_equal(text, hf_buf_span(&again)), HF_INVALID);
	*ret = c;
	return HF_SUCCESS;
}

hf_status checkpoint_input(enum key_type type, struct hf_span text, uint8_t room[SHA256_LEN],
                           struct hf_span *ret)
{
	if (type == KEY_ED25519) {
		*ret = text;
		return HF_SUCCESS;
	}
	HF_ENSURE(type == KEY_P256, HF_UNSUPPORTED);
	HF_TRY(sha256(text, room));
	*ret = HF_SPAN(room, SHA256_LEN);
	return HF_SUCCESS;
}

static hf_status key_id_of(const struct checkpoint_key *key, const char *name,
                           uint8_t ret[SHA256_LEN])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1024);
	const struct hf_span pub = HF_SPAN(key->public_key.bytes, key->public_key.len);

	if (key->type == KEY_ED25519) {
		hf_buf_printf(&text, "%s\n", name);
		hf_buf_u8(&text, NOTE_ED25519);
		hf_buf_put(&text, pub.ptr, pub.len);
	} else {
		HF_ENSURE(key->type == KEY_P256, HF_UNSUPPORTED);
		HF_TRY(spki_der(key->type, pub, &text));
	}
	HF_TRY(hf_buf_status(&text));
	return sha256(hf_buf_span(&text), ret);
}

hf_status checkpoint_note(struct hf_buf *to, struct hf_span text, const struct checkpoint_key *key,
                          struct hf_span raw)
{
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(128);
	struct checkpoint c;
	uint8_t id[SHA256_LEN];
	char name[CHECKPOINT_TEXT_MAX];

	HF_TRY(checkpoint_text_parse(text, &c));
	HF_ENSURE(raw.len == 64, HF_INVALID);
	snprintf(name, sizeof(name), CHECKPOINT_ORIGIN "%s", c.org_id);
	HF_TRY(key_id_of(key, name, id));
	hf_buf_put(&signature, id, KEY_ID_LEN);
	if (key->type == KEY_ED25519)
		hf_buf_put(&signature, raw.ptr, raw.len);
	else
		HF_TRY(ecdsa_to_der(raw.ptr, &signature));
	hf_buf_put(to, text.ptr, text.len);
	hf_buf_printf(to, "\n" DASH "%s ", name);
	hf_buf_base64(to, hf_buf_span(&signature));
	hf_buf_u8(to, '\n');
	return hf_buf_status(to);
}

static hf_status verify(const struct checkpoint_key *key, struct hf_span text, struct hf_span sig)
{
	struct hf_span input;
	uint8_t room[SHA256_LEN], raw[64];

	HF_TRY(checkpoint_input(key->type, text, room, &input));
	if (key->type != KEY_ED25519) {
		HF_TRY(ecdsa_from_der(sig, raw));
		sig = HF_SPAN(raw, sizeof(raw));
	}
	return signature_verify(key->type, HF_SPAN(key->public_key.bytes, key->public_key.len),
	                        key->type == KEY_ED25519 ? SIGN_ED25519 : SIGN_ECDSA, HASH_NONE,
	                        input, sig);
}

/* One signature line. *ret: it is by one of the keys, and verifies. */
static hf_status check_line(struct hf_span line, const char *name, struct hf_span text,
                            const struct checkpoint_key *keys, size_t n_keys, bool *ret,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(CHECKPOINT_NOTE_MAX);
	const size_t dash = strlen(DASH), n = strlen(name);
	uint8_t id[SHA256_LEN];

	if (line.len < dash || memcmp(line.ptr, DASH, dash) != 0)
		return hf_fail(err, HF_INVALID, "a line among its signatures is none");
	line = HF_SPAN(line.ptr + dash, line.len - dash);
	if (line.len <= n + 1 || memcmp(line.ptr, name, n) != 0 || line.ptr[n] != ' ')
		return HF_SUCCESS;
	if (!hf_ok(hf_unbase64(HF_SPAN(line.ptr + n + 1, line.len - n - 1), &sig)) ||
	    sig.len <= KEY_ID_LEN)
		return hf_fail(err, HF_INVALID, "its signature is not base64");
	for (size_t i = 0; i < n_keys; i++) {
		HF_TRY(key_id_of(&keys[i], name, id));
		if (memcmp(id, sig.ptr, KEY_ID_LEN) != 0)
			continue;
		if (!hf_ok(verify(&keys[i], text,
		                  HF_SPAN(sig.ptr + KEY_ID_LEN, sig.len - KEY_ID_LEN))))
			return hf_fail(err, HF_UNAUTHENTIC, "its signature does not verify");
		*ret = true;
		return HF_SUCCESS;
	}
	return HF_SUCCESS;
}

/* The text before the empty line; the signature lines in *rest. */
static hf_status split(struct hf_span note, struct hf_span *ret_text, struct hf_span *ret_rest)
{
	const uint8_t *gap = note.len ? memmem(note.ptr, note.len, "\n\n", 2) : NULL;
	size_t len;

	HF_ENSURE(gap && note.len <= CHECKPOINT_NOTE_MAX && note.ptr[note.len - 1] == '\n',
	          HF_INVALID);
	len = (size_t)(gap - note.ptr) + 1;
	*ret_text = HF_SPAN(note.ptr, len);
	*ret_rest = HF_SPAN(note.ptr + len + 1, note.len - len - 1);
	return HF_SUCCESS;
}

hf_status checkpoint_open(struct hf_span note, const struct checkpoint_key *keys, size_t n_keys,
                          struct checkpoint *ret, struct hf_err *err)
{
	struct hf_span text, rest;
	struct checkpoint c;
	char name[CHECKPOINT_TEXT_MAX];
	bool is_signed = false;

	if (!hf_ok(split(note, &text, &rest)) || !hf_ok(checkpoint_text_parse(text, &c)))
		return hf_fail(err, HF_INVALID, "it is no checkpoint of an audit log");
	snprintf(name, sizeof(name), CHECKPOINT_ORIGIN "%s", c.org_id);
	for (int i = 0; i < SIGNATURES_MAX && rest.len; i++)
		HF_TRY(check_line(take_line(&rest), name, text, keys, n_keys, &is_signed, err));
	if (!is_signed)
		return hf_fail(err, HF_NOTFOUND, "none of the given keys has signed it");
	*ret = c;
	return HF_SUCCESS;
}

hf_status checkpoint_request_check(const char *organization, enum key_type type,
                                   struct hf_span input, struct hf_span evidence,
                                   struct hf_err *err)
{
	struct hf_span text = type == KEY_ED25519 ? input : evidence, expected;
	struct checkpoint c;
	uint8_t room[SHA256_LEN];

	if (!hf_ok(checkpoint_text_parse(text, &c)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this key signs checkpoints of the audit log only, and what it was "
		               "given is none");
	if (strcmp(c.org_id, organization) != 0)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the checkpoint is one of another organisation's log: %s", c.org_id);
	if (!hf_ok(checkpoint_input(type, text, room, &expected)) ||
	    !hf_span_equal(input, expected))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "what is to be signed is not the digest of the checkpoint");
	return HF_SUCCESS;
}
