/* SPDX-License-Identifier: Apache-2.0
 * Tokenization: what a text looks like (the Crypto API's `fpe` options), and the way from a text to
 * the numerals that FF1 encrypts (p11/mech.h, MODE_FF1) and back. No key and no cipher are in here.
 *
 *   fpe_format_parse()  once for a key: the options, checked, so that every text that they allow
 * can be tokenized well, or none fpe_plan_new()      a text of that format: numerals, radix, tweak,
 * bound for the operation fpe_plan_finish()   the numerals that came back: the text again
 *
 * A token has the format of its plaintext: each character is replaced by one of its own alphabet,
 * literals and preserved characters stay, numbers and dates stay in their ranges, a Luhn check
 * holds before and after. What is preserved is the tweak. One operation makes the whole token, over
 * all its parts at once: see docs/adr on tokenization.
 *
 * Refused when a format is made, since it cannot be mended when it is used: fewer than a million
 * texts of some length (SP 800-38G revision 1), alphabets that overlap in part (a token might then
 * be read otherwise than its plaintext), and what we do not do (HF_UNSUPPORTED). */
#ifndef HF_SERVER_CORE_CRYPTO_FPE_FORMAT_H
#define HF_SERVER_CORE_CRYPTO_FPE_FORMAT_H

#include "base/buf.h"

#define FPE_TEXT_MAX 1024     /* characters */
#define FPE_OPTIONS_MAX 65536 /* bytes of JSON */
#define FPE_NUMERALS_MAX 8192 /* bytes: two each */

struct json_t;
struct fpe_format; /* immutable: any thread */

/* FpeOptionsBasic, FpeOptionsAdvanced, or {"builtin": NAME}. The caller owns *ret. HF_INVALID with
 * words that name the field; HF_UNSUPPORTED: understood, and not done here (format_v2,
 * cipher_char_set, applies_to). */
HF_MUST hf_status fpe_format_parse(const struct json_t *options, struct fpe_format **ret,
                                   struct hf_err *err);
void fpe_format_free(struct fpe_format *f);
HF_DEFINE_CLEANUP(fpe_format_free, struct fpe_format *)

/* The options that a built-in format stands for, and its name by number; NULL: no such. */
const char *fpe_builtin(const char *name);
const char *fpe_builtin_name(size_t i);

struct fpe_text;
struct fpe_plan {
	uint32_t radix;
	struct hf_buf numerals; /* u16 each; plaintext when encrypting: wiped by fpe_plan_free() */
	struct hf_buf tweak;
	struct hf_buf bound; /* crypto_mech.ad */
	struct fpe_text *text;
};

/* `text`: UTF-8. The same for tokenizing and for reversing it. The format outlives *ret, which the
 * caller owns. HF_INVALID: it is not of this format; the words tell where, and nothing of it. */
HF_MUST hf_status fpe_plan_new(const struct fpe_format *f, struct hf_span text,
                               struct fpe_plan **ret, struct hf_err *err);
/* Appends the text. `masked`: with '*' in the places of the format's masks, or, where it has none,
 * of everything that was encrypted. HF_CORRUPT: the numerals are not what was asked for. Once for
 * each plan. */
HF_MUST hf_status fpe_plan_finish(struct fpe_plan *p, struct hf_span numerals, bool masked,
                                  struct hf_buf *to, struct hf_err *err);
void fpe_plan_free(struct fpe_plan *p);
HF_DEFINE_CLEANUP(fpe_plan_free, struct fpe_plan *)

#endif
