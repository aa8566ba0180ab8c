/* SPDX-License-Identifier: Apache-2.0
 * What the commands of `holdfast pki` share: an authority's files, its passphrase, how long a
 * certificate is valid. */
#ifndef HF_CLI_PKI_OPTIONS_H
#define HF_CLI_PKI_OPTIONS_H

#include "cli/options.h"
#include "pki/pki.h"

struct pki_ca_options {
	const char *cert, *key, *passphrase_file;
};
#define CLI_PKI_CA_OPTIONS(owner, member)                                                          \
	CLI_OPTION_NEEDED(owner, member.cert, "ca-cert", "PEM", "the authority's certificate"),    \
	        CLI_OPTION_NEEDED(owner, member.key, "ca-key", "PEM",                              \
	                          "its private key; beside it lies its index, KEY.index"),         \
	        CLI_PKI_PASSPHRASE_OPTION(owner, member.passphrase_file)
#define CLI_PKI_PASSPHRASE_OPTION(owner, member)                                                   \
	CLI_OPTION_TEXT(owner, member, "passphrase-file", "FILE", NULL,                            \
	                "passphrase of the authority's key; without it, the systemd credential "   \
	                "ca-passphrase, or a prompt")

struct pki_validity_options {
	int64_t days;
	const char *until;
};
#define CLI_PKI_VALIDITY_OPTIONS(owner, member, default_days, most)                                \
	CLI_OPTION_NUMBER(owner, member.days, "days", default_days, 1, most,                       \
	                  "how many days it is valid"),                                            \
	        CLI_OPTION_TEXT(owner, member.until, "until", "TIME", NULL,                        \
	                        "valid until then instead, as 2027-01-31T12:00:00Z")

#define CLI_PKI_KEY_TYPE_OPTION(owner, member)                                                     \
	CLI_OPTION_TEXT(owner, member, "key-type", "TYPE", "p256", "p256 or p384")

/* For an authority that exists: the passphrase is asked for only where its key has one. `*ret` is
 * the caller's, and `ret_ca` points to it. */
HF_MUST hf_status pki_ca_options(const struct pki_ca_options *o, struct hf_secret *ret,
                                 struct pki_ca *ret_ca, struct hf_err *err);
/* For a key that exists or (`fresh`) is to be made: then it has a passphrase if a file is given or
 * `ask` is. *ret is empty when there is none. */
HF_MUST hf_status pki_passphrase(const char *key_file, const char *passphrase_file,
                                 struct hf_secret *ret, struct hf_err *err);
HF_MUST hf_status pki_new_passphrase(const char *passphrase_file, bool ask, struct hf_secret *ret,
                                     struct hf_err *err);
HF_MUST hf_status pki_until(const struct pki_validity_options *o, int64_t *ret, struct hf_err *err);
HF_MUST hf_status pki_key_type(const char *text, enum pki_key_type *ret, struct hf_err *err);

#endif
