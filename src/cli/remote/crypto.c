/* SPDX-License-Identifier: Apache-2.0
 * holdfast key sign, verify, encrypt, decrypt, tokenize, detokenize: using a key from the command
 * line, as an app. */
#include "cli/remote/command.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { HASH, IN, SIGNATURE, MODE, IV, TAG, TEXT, MASKED };

static hf_status key_of(struct json_writer *w, const char *id)
{
	json_open_object(w, "key");
	json_text(w, "kid", id);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status with_key(struct remote *r, const struct remote_config *o, const char *id,
                          struct json_writer *w, struct hf_err *err)
{
	return key_of(w, id);
}

static hf_status print_member(const struct json_t *answer, const char *member, struct hf_err *err)
{
	const char *text = json_member_text(answer, member);

	if (!text)
		return hf_fail(err, HF_IO, "the server's answer has no %s", member);
	puts(text);
	return HF_SUCCESS;
}

static hf_status print_signature(struct remote *r, const struct remote_config *o,
                                 const struct json_t *answer, struct hf_err *err)
{
	return print_member(answer, "signature", err);
}

static const struct remote_field sign_fields[] = {
	{ "hash_alg", HASH, REMOTE_TEXT },
	{ "data", IN, REMOTE_FILE },
	{ "signature", SIGNATURE, REMOTE_SIGNATURE },
};

#define SIGN_OPTIONS                                                                               \
	CLI_OPTION_TEXT(struct remote_config, text[HASH], "hash", "NAME", "SHA256",                \
	                "the digest of what is signed: SHA256, SHA384, SHA512"),                   \
	        REMOTE_OPTION_NEEDED(IN, "in", "FILE", "what is signed; - is standard input")

static const struct cli_option cmd_key_sign_options[] = { SIGN_OPTIONS, REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_key_sign_request = {
	.command = "key sign",
	.method = "POST",
	.path = "/crypto/v1/sign",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(sign_fields),
	.more = with_key,
	.print = print_signature,
};
REMOTE_COMMAND(cmd_key_sign, "key sign", "KEY", "sign a file; prints the signature in base64",
               NULL);

static hf_status print_verdict(struct remote *r, const struct remote_config *o,
                               const struct json_t *answer, struct hf_err *err)
{
	if (!json_value_true(json_member(answer, "result")))
		return hf_fail(err, HF_UNAUTHENTIC, "the signature is not this key's over this");
	puts("The signature is good.");
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_verify_options[] = {
	SIGN_OPTIONS,
	REMOTE_OPTION_NEEDED(SIGNATURE, "signature", "FILE",
	                     "the signature: its bytes, or what sign prints"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_key_verify_request = {
	.command = "key verify",
	.method = "POST",
	.path = "/crypto/v1/verify",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(sign_fields),
	.more = with_key,
	.print = print_verdict,
};
REMOTE_COMMAND(cmd_key_verify, "key verify", "KEY", "check a signature of a file", NULL);

/* {"cipher", "iv", "tag"}: the file that encrypt prints and decrypt reads. */
static const struct remote_field encrypt_fields[] = {
	{ "plain", IN, REMOTE_FILE },
	{ "mode", MODE, REMOTE_TEXT },
};

static hf_status encrypt_more(struct remote *r, const struct remote_config *o, const char *id,
                              struct json_writer *w, struct hf_err *err)
{
	json_text(w, "alg", "AES");
	if (strcmp(o->text[MODE], "GCM") == 0)
		json_int(w, "tag_len", 128);
	return key_of(w, id);
}

static hf_status print_cipher(struct remote *r, const struct remote_config *o,
                              const struct json_t *answer, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(REMOTE_REPLY_MAX);

	HF_TRY(json_canonical(answer, &text));
	printf("%.*s\n", (int)text.len, (const char *)text.ptr);
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_encrypt_options[] = {
	REMOTE_OPTION_NEEDED(IN, "in", "FILE", "what is encrypted; - is standard input"),
	CLI_OPTION_TEXT(struct remote_config, text[MODE], "mode", "NAME", "GCM", "GCM, CBC, CTR …"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_encrypt_request = {
	.command = "key encrypt",
	.method = "POST",
	.path = "/crypto/v1/encrypt",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(encrypt_fields),
	.more = encrypt_more,
	.print = print_cipher,
};
REMOTE_COMMAND(cmd_key_encrypt, "key encrypt", "KEY",
               "encrypt a file with an AES key; prints JSON, for: holdfast key decrypt", NULL);

static hf_status decrypt_more(struct remote *r, const struct remote_config *o, const char *id,
                              struct json_writer *w, struct hf_err *err)
{
	static const char *const members[] = { "cipher", "iv", "tag" };
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(REMOTE_REPLY_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(remote_file(o->text[IN], &text, err));
	HF_TRY(hf_context(err, json_parse(hf_buf_span(&text), REMOTE_REPLY_MAX, &doc, err), "%s",
	                  o->text[IN]));
	for (size_t i = 0; i < HF_COUNT(members); i++)
		json_text_if(w, members[i], json_member_text(doc, members[i]));
	json_text(w, "alg", "AES");
	json_text(w, "mode", o->text[MODE]);
	return key_of(w, id);
}

static hf_status print_plain(struct remote *r, const struct remote_config *o,
                             const struct json_t *answer, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(REMOTE_REPLY_MAX);
	const char *plain = json_member_text(answer, "plain");

	if (!plain || !hf_ok(hf_unbase64(hf_span_text(plain), &bytes)))
		return hf_fail(err, HF_IO, "the server's answer has no plaintext");
	fwrite(bytes.ptr, 1, bytes.len, stdout);
	hf_wipe(bytes.ptr, bytes.len);
	return HF_SUCCESS;
}

static const struct cli_option cmd_key_decrypt_options[] = {
	REMOTE_OPTION_NEEDED(IN, "in", "FILE", "what `key encrypt` printed; - is standard input"),
	CLI_OPTION_TEXT(struct remote_config, text[MODE], "mode", "NAME", "GCM", "GCM, CBC, CTR …"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_decrypt_request = {
	.command = "key decrypt",
	.method = "POST",
	.path = "/crypto/v1/decrypt",
	.subject = SUBJECT_KEY,
	.more = decrypt_more,
	.print = print_plain,
};
REMOTE_COMMAND(cmd_key_decrypt, "key decrypt", "KEY", "decrypt what `key encrypt` printed", NULL);

/* Tokens */
static hf_status ff1(struct remote *r, const struct remote_config *o, const char *id,
                     struct json_writer *w, struct hf_err *err)
{
	json_text(w, "alg", "AES");
	json_text(w, "mode", "FF1");
	if (o->flag[0])
		json_bool(w, "masked", true);
	return key_of(w, id);
}

static hf_status print_token(const struct json_t *answer, const char *member, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(65536);
	const char *text = json_member_text(answer, member);

	if (!text || !hf_ok(hf_unbase64(hf_span_text(text), &bytes)))
		return hf_fail(err, HF_IO, "the server's answer has no %s", member);
	printf("%.*s\n", (int)bytes.len, (const char *)bytes.ptr);
	hf_wipe(bytes.ptr, bytes.len);
	return HF_SUCCESS;
}

static hf_status print_tokenized(struct remote *r, const struct remote_config *o,
                                 const struct json_t *answer, struct hf_err *err)
{
	return print_token(answer, "cipher", err);
}

static hf_status print_detokenized(struct remote *r, const struct remote_config *o,
                                   const struct json_t *answer, struct hf_err *err)
{
	return print_token(answer, "plain", err);
}

static const struct remote_field tokenize_fields[] = { { "plain", TEXT, REMOTE_STRING } };
static const struct cli_option cmd_key_tokenize_options[] = {
	REMOTE_OPTION_NEEDED(TEXT, "text", "TEXT", "what is replaced by a token"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_tokenize_request = {
	.command = "key tokenize",
	.method = "POST",
	.path = "/crypto/v1/encrypt",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(tokenize_fields),
	.more = ff1,
	.print = print_tokenized,
};
REMOTE_COMMAND(cmd_key_tokenize, "key tokenize", "KEY",
               "replace a text by a token of the same format", NULL);

static const struct remote_field detokenize_fields[] = { { "cipher", TEXT, REMOTE_STRING } };
static const struct cli_option cmd_key_detokenize_options[] = {
	REMOTE_OPTION_NEEDED(TEXT, "text", "TOKEN", "the token"),
	REMOTE_FLAG(0, "masked", "with its hidden characters as *"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_key_detokenize_request = {
	.command = "key detokenize",
	.method = "POST",
	.path = "/crypto/v1/decrypt",
	.subject = SUBJECT_KEY,
	REMOTE_FIELDS(detokenize_fields),
	.more = ff1,
	.print = print_detokenized,
};
REMOTE_COMMAND(cmd_key_detokenize, "key detokenize", "KEY", "the text that a token stands for",
               NULL);
