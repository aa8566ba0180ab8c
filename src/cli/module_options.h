/* SPDX-License-Identifier: Apache-2.0
 * The options that say which module, which token, and with which PIN: the same for the driver,
 * holdfast hsm and holdfast bench. */
#ifndef HF_CLI_MODULE_OPTIONS_H
#define HF_CLI_MODULE_OPTIONS_H

#include "cli/options.h"
#include "signer/wire.h"

struct module_options {
	const char *module, *ibm, *thales, *ep11; /* at most one */
	const char *slot, *args;
	const char *pin_file;
	struct hf_secret user_pin;
	const char *master_label;
	const char *signer; /* path of holdfast-signer */
	bool allow_resident;
};

#define CLI_MODULE_OPTIONS(owner, member)                                                          \
	{ .name = "module",                                                                        \
	  .metavar = "FILE",                                                                       \
	  .type = CLI_TEXT,                                                                        \
	  .offset = offsetof(owner, member.module),                                                \
	  .help = "absolute path of the HSM's PKCS#11 library" },                                  \
	        { .name = "pkcs11-ibm-module",                                                     \
		  .env = "PKCS11_IBM_MODULE",                                                      \
		  .metavar = "FILE",                                                               \
		  .type = CLI_TEXT,                                                                \
		  .conflicts = "module",                                                           \
		  .offset = offsetof(owner, member.ibm),                                           \
		  .help = "the same, for IBM's library" },                                         \
	        { .name = "pkcs11-thales-module",                                                  \
		  .env = "PKCS11_THALES_MODULE",                                                   \
		  .metavar = "FILE",                                                               \
		  .type = CLI_TEXT,                                                                \
		  .conflicts = "module",                                                           \
		  .offset = offsetof(owner, member.thales),                                        \
		  .help = "the same, for Thales Luna's library" },                                 \
	        { .name = "ep11-ibm-target-hsm",                                                   \
		  .env = "EP11_IBM_TARGET_HSM",                                                    \
		  .metavar = "DOMAIN",                                                             \
		  .type = CLI_TEXT,                                                                \
		  .offset = offsetof(owner, member.ep11),                                          \
		  .help = "refused: EP11 domains are reached through IBM's PKCS#11 library "       \
		          "here" },                                                                \
	        CLI_OPTION_TEXT(owner, member.slot, "slot", "SLOT", NULL,                          \
	                        "label:NAME, serial:NUMBER, number:N or a pkcs11: URI (RFC "       \
	                        "7512); without it, "                                              \
	                        "the only token there is"),                                        \
	        CLI_OPTION_TEXT(                                                                   \
	                owner, member.args, "module-args", "TEXT", NULL,                           \
	                "handed to the library's C_Initialize, for the few that want it (NSS)"),   \
	        CLI_OPTION_TEXT(owner, member.pin_file, "pin-file", "FILE", NULL,                  \
	                        "file with the PIN, readable by nobody else; otherwise USER_PIN, " \
	                        "the systemd "                                                     \
	                        "credential user-pin, or a prompt"),                               \
	        { .name = "USER_PIN",                                                              \
		  .type = CLI_SECRET,                                                              \
		  .offset = offsetof(owner, member.user_pin),                                      \
		  .help = "the PIN, as an environment variable, which is removed once it is "      \
		          "read" },                                                                \
	        CLI_OPTION_TEXT(owner, member.master_label, "master-label", "LABEL",               \
	                        "holdfast-master",                                                 \
	                        "label of the master key in the HSM; several with commas "         \
	                        "between: the first wraps new keys, the others only unwrap"),      \
	        CLI_OPTION_FLAG(owner, member.allow_resident, "allow-resident",                    \
	                        "keys that this HSM cannot wrap may live in it as token objects"), \
	        CLI_OPTION_TEXT(owner, member.signer, "signer", "FILE", NULL,                      \
	                        "the holdfast-signer program; without it, the one installed with " \
	                        "this one")

/* Fills module, slot, PIN, label and allow_resident of *ret; the rest stays zero. The caller owns
 * ret->pin. Asks for the PIN at the terminal when it is nowhere else and `ask` is set. Words name
 * the option. */
HF_MUST hf_status module_options_setup(struct module_options *o, bool ask, struct signer_setup *ret,
                                       struct hf_err *err);

#endif
