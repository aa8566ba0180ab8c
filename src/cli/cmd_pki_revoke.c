/* SPDX-License-Identifier: Apache-2.0
 * holdfast pki revoke and holdfast pki crl: taking a certificate back. */
#include "cli/commands.h"
#include "cli/pki_options.h"

#include <stdio.h>

struct revoke_options {
	const char *cert, *serial, *reason;
	bool all;
	struct pki_ca_options ca;
};

static const struct cli_option revoke_options[] = {
	{ .name = "cert",
	  .metavar = "PEM",
	  .type = CLI_TEXT,
	  .offset = offsetof(struct revoke_options, cert),
	  .conflicts = "serial",
	  .help = "the certificate to revoke" },
	CLI_OPTION_TEXT(struct revoke_options, serial, "serial", "HEX", NULL,
	                "its serial number, where the file is lost: see the index"),
	CLI_OPTION_FLAG(struct revoke_options, all, "all",
	                "with every other certificate of the same subject: those that it was "
	                "renewed from are valid until they expire"),
	CLI_OPTION_TEXT(struct revoke_options, reason, "reason", "REASON", "unspecified",
	                "unspecified, keyCompromise, cACompromise, affiliationChanged, "
	                "superseded or cessationOfOperation"),
	CLI_PKI_CA_OPTIONS(struct revoke_options, ca),
};

static hf_status revoke_one(struct revoke_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_revoke revoke = { .cert = o->cert, .serial = o->serial, .all = o->all };
	struct pki_revoked done;

	if (!o->cert && !o->serial)
		return hf_fail(err, HF_INVALID, "which certificate? Give --cert or --serial");
	if (!hf_ok(ca_reason_parse(o->reason, &revoke.reason)))
		return hf_fail(err, HF_INVALID, "--reason: \"%s\" is none of those in --help",
		               o->reason);
	HF_TRY(pki_ca_options(&o->ca, &passphrase, &revoke.ca, err));
	HF_TRY(pki_revoke(&revoke, &done, err));
	printf("Revoked: %s, serial number %s", done.entry.subject, done.entry.serial);
	if (done.others)
		printf(", and %zu more of this subject", done.others);
	printf(".\n");
	if (done.still_valid)
		printf("NOTE: %zu more certificates of this subject are still valid, such as those "
		       "that it was renewed from. If a host\n"
		       "or a key is lost, revoke them too: --all\n",
		       done.still_valid);
	printf("Next: nobody knows of it yet. Issue the authority's CRL (holdfast pki crl) and "
	       "bring it to the server's\n"
	       "--driver-crl file.\n");
	return HF_SUCCESS;
}

struct crl_options {
	struct pki_crl crl;
	struct pki_ca_options ca;
};

static const struct cli_option crl_options[] = {
	CLI_PKI_CA_OPTIONS(struct crl_options, ca),
	CLI_OPTION_NEEDED(struct crl_options, crl.out, "out", "PEM",
	                  "where to write the CRL; replaced in one step"),
	CLI_OPTION_NUMBER(struct crl_options, crl.days, "days", "30", 1, 397,
	                  "days until the next one is due"),
};

static hf_status make_crl(struct crl_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_crl_made made;
	char until[CA_TIME_MAX];

	HF_TRY(pki_ca_options(&o->ca, &passphrase, &o->crl.ca, err));
	HF_TRY(pki_crl(&o->crl, &made, err));
	ca_time_text(made.until_s, until);
	printf("CRL number %lld with %zu revoked certificates: %s. The next one is due by %s.\n",
	       (long long)made.number, made.revoked, o->crl.out, until);
	return HF_SUCCESS;
}

static int run_revoke(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = revoke_one(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki revoke", s, &err);
}

static int run_crl(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = make_crl(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki crl", s, &err);
}

const struct cli_command cmd_pki_revoke = {
	.name = "pki revoke",
	.summary = "enter a certificate into its authority's index as revoked",
	.details = "It takes effect when the authority's next CRL reaches the server.",
	.options = revoke_options,
	.n_options = HF_COUNT(revoke_options),
	.config_size = sizeof(struct revoke_options),
	.run = run_revoke,
};

const struct cli_command cmd_pki_crl = {
	.name = "pki crl",
	.summary = "issue an authority's CRL",
	.details = "Numbered, signed, with every certificate that the index has as revoked. Also "
	           "without a new revocation it has to be issued again before it is due.",
	.options = crl_options,
	.n_options = HF_COUNT(crl_options),
	.config_size = sizeof(struct crl_options),
	.run = run_crl,
};
