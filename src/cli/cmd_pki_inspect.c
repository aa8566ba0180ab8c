/* SPDX-License-Identifier: Apache-2.0
 * holdfast pki inspect: explains certificates, requests, CRLs and keys, and why a chain fails. */
#include "cli/commands.h"
#include "pki/inspect.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (16u << 20)

struct options {
	const char *chain, *crl, *purpose, *name;
};

static const struct cli_option options[] = {
	CLI_OPTION_TEXT(struct options, chain, "chain", "PEM", NULL,
	                "intermediates and root: whether each FILE chains to them is checked too"),
	CLI_OPTION_TEXT(struct options, crl, "crl", "PEM", NULL,
	                "CRLs that are looked at with the chain"),
	CLI_OPTION_TEXT(struct options, purpose, "purpose", "PURPOSE", NULL,
	                "what it is to be good for: driver, server or intermediate"),
	CLI_OPTION_TEXT(struct options, name, "host", "NAME", NULL,
	                "server: the name or address that clients use"),
};

static hf_status read_purpose(const struct options *o, enum inspect_purpose *ret,
                              struct hf_err *err)
{
	static const char *const names[] = { [INSPECT_DRIVER] = "driver",
		                             [INSPECT_SERVER] = "server",
		                             [INSPECT_INTERMEDIATE] = "intermediate" };

	*ret = INSPECT_ANY;
	if (!o->purpose)
		return HF_SUCCESS;
	for (size_t i = INSPECT_DRIVER; i < HF_COUNT(names); i++)
		if (strcmp(o->purpose, names[i]) == 0)
			*ret = (enum inspect_purpose)i;
	if (*ret == INSPECT_ANY)
		return hf_fail(err, HF_INVALID,
		               "--purpose: \"%s\" is none of driver, server, intermediate",
		               o->purpose);
	return HF_SUCCESS;
}

static hf_status inspect(const struct options *o, const char *const *files, size_t n, bool *holds,
                         struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TEXT_MAX);
	struct inspect_chain chain = { .chain = o->chain, .crl = o->crl, .name = o->name };

	HF_TRY(read_purpose(o, &chain.purpose, err));
	if (n == 0)
		return hf_fail(err, HF_INVALID, "which file? holdfast pki inspect FILE...");
	if (!o->chain && (o->crl || o->purpose || o->name))
		return hf_fail(err, HF_INVALID,
		               "--crl, --purpose and --host are about a chain: give --chain too");
	for (size_t i = 0; i < n; i++) {
		bool one = true;

		HF_TRY(inspect_file(files[i], &text, err));
		chain.file = files[i];
		if (o->chain)
			HF_TRY(inspect_chain(&chain, &text, &one, err));
		*holds &= one;
	}
	HF_ENSURE(fwrite(text.ptr, 1, text.len, stdout) == text.len, HF_IO);
	return HF_SUCCESS;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	bool holds = true;
	hf_status s = inspect(config, args, n_args, &holds, &err);

	if (!hf_ok(s))
		return cli_failed("pki inspect", s, &err);
	return holds ? 0 : 1;
}

const struct cli_command cmd_pki_inspect = {
	.name = "pki inspect",
	.summary = "explain certificates, requests, CRLs and keys, and why a chain fails",
	.details = "Who, issued by whom, how long it is valid, what it may do and which queue it "
	           "opens. With --chain also whether it holds, by the server's own rules; the exit "
	           "status is 1 when it does not.",
	.positional = "FILE...",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
