/* SPDX-License-Identifier: Apache-2.0
 * holdfast pki, the side of the organisation that owns the drivers: request, leaves, renewal. */
#include "cli/commands.h"
#include "cli/pki_options.h"

#include <stdio.h>
#include <string.h>

struct request_options {
	const char *template, *name, *key, *csr, *passphrase_file;
	bool passphrase;
};

static const struct cli_option request_options[] = {
	CLI_OPTION_NEEDED(struct request_options, template, "template", "FILE",
	                  "the template that the operator has sent"),
	CLI_OPTION_TEXT(struct request_options, name, "name", "NAME", NULL,
	                "common name, where the template leaves it open"),
	CLI_OPTION_NEEDED(struct request_options, key, "key", "PEM",
	                  "where to write the intermediate's private key"),
	CLI_OPTION_NEEDED(struct request_options, csr, "csr", "PEM", "where to write the request"),
	CLI_OPTION_TEXT(struct request_options, passphrase_file, "passphrase-file", "FILE", NULL,
	                "encrypt the key with the passphrase in this file"),
	CLI_OPTION_FLAG(struct request_options, passphrase, "passphrase",
	                "encrypt the key with a passphrase that is asked for"),
};

static hf_status request(struct request_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct csr_template template;
	struct pki_request request = {
		.template = &template,
		.common_name = o->name,
		.key = o->key,
		.csr = o->csr,
		.passphrase = &passphrase,
	};

	HF_TRY(pki_template_read(o->template, &template, err));
	HF_TRY(pki_new_passphrase(o->passphrase_file, o->passphrase, &passphrase, err));
	HF_TRY(pki_request(&request, err));
	printf("Request: %s, private key: %s%s, index of what it will issue: %s.index\n"
	       "Next: send %s to the operator. The key never leaves you: without it no further "
	       "driver gets a certificate, so\n"
	       "back it up with its index. When the certificate comes back, check it with: "
	       "holdfast pki accept\n",
	       o->csr, o->key, passphrase.ptr ? " (encrypted)" : "", o->key, o->csr);
	return HF_SUCCESS;
}

struct accept_options {
	const char *cert, *key, *root, *template, *passphrase_file;
};

static const struct cli_option accept_options[] = {
	CLI_OPTION_NEEDED(struct accept_options, cert, "cert", "PEM",
	                  "the intermediate's certificate that came back"),
	CLI_OPTION_NEEDED(struct accept_options, key, "key", "PEM",
	                  "the private key that the request was made with"),
	CLI_OPTION_NEEDED(struct accept_options, root, "root", "PEM", "the operator's root"),
	CLI_OPTION_TEXT(struct accept_options, template, "template", "FILE", NULL,
	                "the template, to be compared too"),
	CLI_PKI_PASSPHRASE_OPTION(struct accept_options, passphrase_file),
};

static hf_status accept_cert(struct accept_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct csr_template template;
	struct pki_accept accept = {
		.cert = o->cert, .key = o->key, .root = o->root, .passphrase = &passphrase
	};

	if (o->template) {
		HF_TRY(pki_template_read(o->template, &template, err));
		accept.template = &template;
	}
	HF_TRY(pki_passphrase(o->key, o->passphrase_file, &passphrase, err));
	HF_TRY(pki_accept(&accept, err));
	printf("%s fits %s and was signed by %s%s.\n"
	       "Next: compare the root's fingerprint with the operator's by another way (holdfast "
	       "pki inspect %s), then make\n"
	       "a leaf for each driver: holdfast pki leaf --name driver-1 --ca-cert %s --ca-key "
	       "%s\n",
	       o->cert, o->key, o->root, o->template ? ", as the template asks" : "", o->root,
	       o->cert, o->key);
	return HF_SUCCESS;
}

struct leaf_options {
	const char *name, *names, *key_type, *cert, *key;
	struct pki_validity_options validity;
	struct pki_ca_options ca;
};

static const struct cli_option leaf_options[] = {
	CLI_OPTION_NEEDED(struct leaf_options, name, "name", "NAME",
	                  "the driver's name, as the server's logs will call it: driver-1"),
	CLI_OPTION_TEXT(struct leaf_options, names, "names", "NAMES", NULL,
	                "further names, within the intermediate's constraints: "
	                "DNS:driver-1.example.com"),
	CLI_PKI_CA_OPTIONS(struct leaf_options, ca),
	CLI_OPTION_NEEDED(struct leaf_options, cert, "cert", "PEM",
	                  "where to write the certificate"),
	CLI_OPTION_NEEDED(struct leaf_options, key, "key", "PEM", "where to write its private key"),
	CLI_PKI_KEY_TYPE_OPTION(struct leaf_options, key_type),
	CLI_PKI_VALIDITY_OPTIONS(struct leaf_options, validity, "90", 1825),
};

static hf_status leaf(struct leaf_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_leaf leaf = {
		.common_name = o->name, .names = o->names, .cert = o->cert, .key = o->key
	};

	HF_TRY(pki_key_type(o->key_type, &leaf.key_type, err));
	HF_TRY(pki_until(&o->validity, &leaf.until_s, err));
	HF_TRY(pki_ca_options(&o->ca, &passphrase, &leaf.ca, err));
	HF_TRY(pki_leaf(&leaf, err));
	printf("Leaf of %s: %s, key: %s\n"
	       "Next: on the driver's host, --client-cert %s --client-key %s, and as --ca-cert the "
	       "intermediate with\n"
	       "the root (holdfast pki bundle --out org-chain.pem %s root.pem).\n",
	       o->name, o->cert, o->key, o->cert, o->key, o->ca.cert);
	return HF_SUCCESS;
}

struct bundle_options {
	const char *out;
};

static const struct cli_option bundle_options[] = {
	CLI_OPTION_NEEDED(struct bundle_options, out, "out", "PEM", "where to write the chain"),
};

static hf_status bundle(const struct bundle_options *o, const char *const *files, size_t n,
                        struct hf_err *err)
{
	if (n == 0)
		return hf_fail(err, HF_INVALID,
		               "which certificates? holdfast pki bundle --out %s FILE...", o->out);
	return pki_bundle(files, n, o->out, err);
}

struct renew_options {
	const char *cert, *key;
	bool keep_key;
	struct pki_validity_options validity;
	struct pki_ca_options ca;
};

static const struct cli_option renew_options[] = {
	CLI_OPTION_NEEDED(struct renew_options, cert, "cert", "PEM",
	                  "the certificate to be replaced"),
	CLI_OPTION_NEEDED(struct renew_options, key, "key", "PEM", "its private key"),
	CLI_OPTION_FLAG(struct renew_options, keep_key, "keep-key",
	                "keep the private key; without it a fresh one is made"),
	CLI_PKI_CA_OPTIONS(struct renew_options, ca),
	CLI_PKI_VALIDITY_OPTIONS(struct renew_options, validity, "90", 1825),
};

static hf_status renew(struct renew_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_renew renew = { .cert = o->cert, .key = o->key, .keep_key = o->keep_key };

	HF_TRY(pki_until(&o->validity, &renew.until_s, err));
	HF_TRY(pki_ca_options(&o->ca, &passphrase, &renew.ca, err));
	HF_TRY(pki_renew(&renew, err));
	printf("Renewed: %s%s. Whoever uses it here takes it up within two seconds, without a "
	       "restart.\n",
	       o->cert, o->keep_key ? "" : ", with a fresh key");
	return HF_SUCCESS;
}

static int run_request(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = request(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki request", s, &err);
}

static int run_accept(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = accept_cert(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki accept", s, &err);
}

static int run_leaf(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = leaf(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki leaf", s, &err);
}

static int run_bundle(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = bundle(config, args, n_args, &err);

	return hf_ok(s) ? 0 : cli_failed("pki bundle", s, &err);
}

static int run_renew(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = renew(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki renew", s, &err);
}

const struct cli_command cmd_pki_request = {
	.name = "pki request",
	.summary = "organisation: make the intermediate's key and the request for its certificate",
	.details = "By the template that the operator has sent. The private key stays where it is "
	           "written.",
	.options = request_options,
	.n_options = HF_COUNT(request_options),
	.config_size = sizeof(struct request_options),
	.run = run_request,
};

const struct cli_command cmd_pki_accept = {
	.name = "pki accept",
	.summary = "organisation: check the intermediate's certificate that came back",
	.details = "Does it fit the key, was it signed by the root, is it what the template asks "
	           "for?",
	.options = accept_options,
	.n_options = HF_COUNT(accept_options),
	.config_size = sizeof(struct accept_options),
	.run = run_accept,
};

const struct cli_command cmd_pki_leaf = {
	.name = "pki leaf",
	.summary = "organisation: make a certificate and key for a driver",
	.details = "One for each driver, signed by the organisation's intermediate; the operator "
	           "is not asked.",
	.options = leaf_options,
	.n_options = HF_COUNT(leaf_options),
	.config_size = sizeof(struct leaf_options),
	.run = run_leaf,
};

const struct cli_command cmd_pki_bundle = {
	.name = "pki bundle",
	.summary = "put certificates into one file, each followed by its issuer",
	.details = "The files may come in any order; what is no chain is refused. A driver takes "
	           "intermediate and root as --ca-cert, and leaf alone or leaf and intermediate "
	           "as --client-cert.",
	.positional = "FILE...",
	.options = bundle_options,
	.n_options = HF_COUNT(bundle_options),
	.config_size = sizeof(struct bundle_options),
	.run = run_bundle,
};

const struct cli_command cmd_pki_renew = {
	.name = "pki renew",
	.summary = "replace a leaf by a new one with the same names, and by default a fresh key",
	.details = "The files are replaced each in one step. Drivers and servers read them again "
	           "by themselves. What has been revoked is not renewed.",
	.options = renew_options,
	.n_options = HF_COUNT(renew_options),
	.config_size = sizeof(struct renew_options),
	.run = run_renew,
};
