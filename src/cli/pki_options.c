/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pki_options.h"

#include "base/clock.h"
#include "os/prompt.h"
#include "os/secretfile.h"

#include <string.h>

#define CREDENTIAL "ca-passphrase"

enum { PASSPHRASE_LEAST = 8, SECONDS_PER_DAY = 86400 };

hf_status pki_passphrase(const char *key_file, const char *passphrase_file, struct hf_secret *ret,
                         struct hf_err *err)
{
	bool has = false;
	hf_status s;

	HF_TRY(pki_key_has_passphrase(key_file, &has, err));
	if (!has)
		return HF_SUCCESS;
	if (passphrase_file)
		return os_secret_file(passphrase_file, ret, err);
	s = os_secret_credential(CREDENTIAL, ret, err);
	if (s.code != HF_NOTFOUND)
		return s;
	s = os_prompt_secret("Passphrase of the authority's key: ", ret, err);
	if (s.code == HF_STATE)
		return hf_fail(err, HF_DENIED,
		               "%s has a passphrase, and there is no terminal to ask for it: give "
		               "--passphrase-file",
		               key_file);
	return s;
}

hf_status pki_ca_options(const struct pki_ca_options *o, struct hf_secret *ret,
                         struct pki_ca *ret_ca, struct hf_err *err)
{
	HF_TRY(pki_passphrase(o->key, o->passphrase_file, ret, err));
	*ret_ca = (struct pki_ca){ .cert = o->cert, .key = o->key, .passphrase = ret };
	return HF_SUCCESS;
}

static hf_status ask_twice(struct hf_secret *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret first = { 0 };
	HF_SECRET struct hf_secret second = { 0 };

	HF_TRY(os_prompt_secret("New passphrase for this key: ", &first, err));
	HF_TRY(os_prompt_secret("The same again: ", &second, err));
	if (!hf_secret_equal(&first, second.ptr, second.len))
		return hf_fail(err, HF_INVALID, "the two passphrases differ");
	*ret = hf_secret_take(&first);
	return HF_SUCCESS;
}

hf_status pki_new_passphrase(const char *passphrase_file, bool ask, struct hf_secret *ret,
                             struct hf_err *err)
{
	HF_SECRET struct hf_secret s = { 0 };

	if (passphrase_file)
		HF_TRY(os_secret_file(passphrase_file, &s, err));
	else if (ask)
		HF_TRY(ask_twice(&s, err));
	else
		return HF_SUCCESS;
	if (s.len < PASSPHRASE_LEAST)
		return hf_fail(err, HF_INVALID, "a passphrase has at least %d characters",
		               PASSPHRASE_LEAST);
	*ret = hf_secret_take(&s);
	return HF_SUCCESS;
}

hf_status pki_until(const struct pki_validity_options *o, int64_t *ret, struct hf_err *err)
{
	if (!o->until) {
		*ret = hf_wall_ms() / 1000 + o->days * SECONDS_PER_DAY;
		return HF_SUCCESS;
	}
	if (!hf_ok(ca_time_parse(o->until, ret)))
		return hf_fail(err, HF_INVALID,
		               "--until %s: write the moment as 2027-01-31T12:00:00Z", o->until);
	return HF_SUCCESS;
}

hf_status pki_key_type(const char *text, enum pki_key_type *ret, struct hf_err *err)
{
	if (!hf_ok(pki_key_type_parse(text, ret)))
		return hf_fail(err, HF_INVALID, "--key-type: \"%s\" is neither p256 nor p384",
		               text);
	return HF_SUCCESS;
}
