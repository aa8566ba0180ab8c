/* SPDX-License-Identifier: Apache-2.0
 * holdfast pki, the side of whoever runs the server: root, template, signing, server certificates.
 */
#include "cli/commands.h"
#include "cli/pki_options.h"

#include <stdio.h>
#include <string.h>

struct root_options {
	const char *organisation, *name, *key_type, *passphrase_file;
	bool passphrase;
	struct pki_validity_options validity;
	struct pki_ca files;
};

static const struct cli_option root_options[] = {
	CLI_OPTION_NEEDED(struct root_options, organisation, "org", "NAME",
	                  "the organisation that runs the server: O in the subject"),
	CLI_OPTION_TEXT(struct root_options, name, "name", "NAME", "Holdfast root",
	                "name of the root: CN in the subject"),
	CLI_OPTION_NEEDED(struct root_options, files.cert, "cert", "PEM",
	                  "where to write the certificate"),
	CLI_OPTION_NEEDED(struct root_options, files.key, "key", "PEM",
	                  "where to write its private key"),
	CLI_PKI_KEY_TYPE_OPTION(struct root_options, key_type),
	CLI_PKI_VALIDITY_OPTIONS(struct root_options, validity, "3650", 7300),
	CLI_OPTION_TEXT(struct root_options, passphrase_file, "passphrase-file", "FILE", NULL,
	                "encrypt the key with the passphrase in this file"),
	CLI_OPTION_FLAG(struct root_options, passphrase, "passphrase",
	                "encrypt the key with a passphrase that is asked for"),
};

static hf_status init_root(struct root_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_root root = { .organisation = o->organisation,
		                 .common_name = o->name,
		                 .files = o->files };

	HF_TRY(pki_key_type(o->key_type, &root.key_type, err));
	HF_TRY(pki_until(&o->validity, &root.until_s, err));
	HF_TRY(pki_new_passphrase(o->passphrase_file, o->passphrase, &passphrase, err));
	root.files.passphrase = &passphrase;
	HF_TRY(pki_init_root(&root, err));
	printf("Root: %s, key: %s%s, index of what it issues: %s.index\n"
	       "Next: keep key and index offline, with a backup of both; give %s to everybody, and "
	       "its fingerprint by\n"
	       "another way (holdfast pki inspect %s).\n",
	       root.files.cert, root.files.key, passphrase.ptr ? " (encrypted)" : "",
	       root.files.key, root.files.cert, root.files.cert);
	return HF_SUCCESS;
}

struct template_options {
	const char *organisation, *name, *key_type, *dns, *uri, *out;
	int64_t path_length, days;
};

static const struct cli_option template_options[] = {
	CLI_OPTION_NEEDED(struct template_options, organisation, "org", "NAME",
	                  "the organisation that owns the drivers: O in each of their "
	                  "certificates"),
	CLI_OPTION_TEXT(struct template_options, name, "name", "PATTERN", "*",
	                "common name of its intermediate; a * stands for any text"),
	CLI_PKI_KEY_TYPE_OPTION(struct template_options, key_type),
	CLI_OPTION_NUMBER(struct template_options, path_length, "path-length", "0", 0, 3,
	                  "how many authorities may follow below it; 0: it signs leaves only"),
	CLI_OPTION_NUMBER(struct template_options, days, "days", "1825", 1, 7300,
	                  "how many days the intermediate is valid"),
	CLI_OPTION_TEXT(struct template_options, dns, "dns-subtree", "DOMAIN[,DOMAIN...]", NULL,
	                "domains that leaves may name beside their subject"),
	CLI_OPTION_TEXT(struct template_options, uri, "uri-subtree", "DOMAIN[,DOMAIN...]", NULL,
	                "the same for the hosts of URIs"),
	CLI_OPTION_NEEDED(struct template_options, out, "out", "FILE",
	                  "where to write the template"),
};

static hf_status split(const char *list, const char *option, struct template_subtrees *to,
                       struct hf_err *err)
{
	for (const char *p = list; p;) {
		size_t len = strcspn(p, ",");

		if (to->n == TEMPLATE_SUBTREES_MAX ||
		    !hf_ok(hf_span_to_text(HF_SPAN(p, len), to->host[to->n], sizeof(to->host[0]))))
			return hf_fail(err, HF_TOOBIG, "--%s: too many domains, or too long ones",
			               option);
		to->n++;
		p = p[len] ? p + len + 1 : NULL;
	}
	return HF_SUCCESS;
}

static hf_status copy_name(const char *from, const char *option, char to[TEMPLATE_NAME_MAX],
                           struct hf_err *err)
{
	if (!hf_ok(hf_span_to_text(hf_span_text(from), to, TEMPLATE_NAME_MAX)))
		return hf_fail(err, HF_TOOBIG, "--%s: a name has %d bytes at most", option,
		               TEMPLATE_NAME_MAX - 1);
	return HF_SUCCESS;
}

static hf_status make_template(const struct template_options *o, struct hf_err *err)
{
	struct csr_template t = { .path_length = (int)o->path_length, .days = (int)o->days };

	HF_TRY(copy_name(o->organisation, "org", t.organisation, err));
	HF_TRY(copy_name(o->name, "name", t.common_name, err));
	HF_TRY(pki_key_type(o->key_type, &t.key_type, err));
	HF_TRY(split(o->dns, "dns-subtree", &t.dns, err));
	HF_TRY(split(o->uri, "uri-subtree", &t.uri, err));
	HF_TRY(pki_template_write(o->out, &t, err));
	printf("Template: %s\nNext: send it to %s, who make their key and request with: holdfast "
	       "pki request --template %s\n",
	       o->out, t.organisation, o->out);
	return HF_SUCCESS;
}

struct sign_options {
	const char *template, *csr, *cert, *crl_url;
	struct pki_ca_options ca;
};

static const struct cli_option sign_options[] = {
	CLI_OPTION_NEEDED(struct sign_options, template, "template", "FILE",
	                  "the template that was sent to the organisation"),
	CLI_OPTION_NEEDED(struct sign_options, csr, "csr", "PEM", "the request that came back"),
	CLI_PKI_CA_OPTIONS(struct sign_options, ca),
	CLI_OPTION_NEEDED(struct sign_options, cert, "cert", "PEM",
	                  "where to write the intermediate's certificate"),
	CLI_OPTION_TEXT(struct sign_options, crl_url, "crl-url", "URL", NULL,
	                "where this authority's CRL is published, to stand in the certificate"),
};

static hf_status sign(struct sign_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct csr_template template;
	struct pki_sign sign = {
		.template = &template, .csr = o->csr, .crl_url = o->crl_url, .cert = o->cert
	};

	HF_TRY(pki_template_read(o->template, &template, err));
	HF_TRY(pki_ca_options(&o->ca, &passphrase, &sign.ca, err));
	HF_TRY(pki_sign(&sign, err));
	printf("The request is what the template asks for. Signed: %s\n"
	       "Next: send it to %s together with %s; at the server, tie their key store to it "
	       "(holdfast server init\n--driver-ca %s).\n",
	       o->cert, template.organisation, o->ca.cert, o->cert);
	return HF_SUCCESS;
}

struct server_options {
	const char *name, *names, *organisation, *key_type, *cert, *key;
	struct pki_validity_options validity;
	struct pki_ca_options ca;
};

static const struct cli_option server_options[] = {
	CLI_OPTION_NEEDED(struct server_options, names, "names", "NAMES",
	                  "what clients call the server: DNS:api.example.com,IP:10.0.0.1"),
	CLI_OPTION_TEXT(struct server_options, name, "name", "NAME", "Holdfast server",
	                "common name, for people"),
	CLI_OPTION_TEXT(struct server_options, organisation, "org", "NAME", NULL,
	                "O in the subject; without it, the authority's"),
	CLI_PKI_CA_OPTIONS(struct server_options, ca),
	CLI_OPTION_NEEDED(struct server_options, cert, "cert", "PEM",
	                  "where to write the certificate"),
	CLI_OPTION_NEEDED(struct server_options, key, "key", "PEM",
	                  "where to write its private key"),
	CLI_PKI_KEY_TYPE_OPTION(struct server_options, key_type),
	CLI_PKI_VALIDITY_OPTIONS(struct server_options, validity, "397", 1825),
};

static hf_status server_cert(struct server_options *o, struct hf_err *err)
{
	HF_SECRET struct hf_secret passphrase = { 0 };
	struct pki_leaf leaf = {
		.server = true,
		.organisation = o->organisation,
		.common_name = o->name,
		.names = o->names,
		.cert = o->cert,
		.key = o->key,
	};

	HF_TRY(pki_key_type(o->key_type, &leaf.key_type, err));
	HF_TRY(pki_until(&o->validity, &leaf.until_s, err));
	HF_TRY(pki_ca_options(&o->ca, &passphrase, &leaf.ca, err));
	HF_TRY(pki_leaf(&leaf, err));
	printf("Server certificate for %s: %s, key: %s\n", o->names, o->cert, o->key);
	return HF_SUCCESS;
}

static int run_init_root(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = init_root(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki init-root", s, &err);
}

static int run_template(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = make_template(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki template", s, &err);
}

static int run_sign(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = sign(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki sign", s, &err);
}

static int run_server_cert(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = server_cert(config, &err);

	return hf_ok(s) ? 0 : cli_failed("pki server-cert", s, &err);
}

const struct cli_command cmd_pki_init_root = {
	.name = "pki init-root",
	.summary = "operator: make the root authority",
	.details = "The root signs the intermediates of organisations and the certificates of the "
	           "server. Its key belongs offline. Nothing is overwritten.",
	.options = root_options,
	.n_options = HF_COUNT(root_options),
	.config_size = sizeof(struct root_options),
	.run = run_init_root,
};

const struct cli_command cmd_pki_template = {
	.name = "pki template",
	.summary = "operator: write the template that an organisation's request has to follow",
	.details = "A small text file: subject, key type, path length, validity, and the names "
	           "that the organisation's leaves may bear. It holds no secret.",
	.options = template_options,
	.n_options = HF_COUNT(template_options),
	.config_size = sizeof(struct template_options),
	.run = run_template,
};

const struct cli_command cmd_pki_sign = {
	.name = "pki sign",
	.summary = "operator: check an organisation's request against its template, and sign it",
	.details = "Every field is compared, and each difference is named; then nothing is signed. "
	           "The extensions of the certificate come from the template and never from the "
	           "request: path length, name constraints, clientAuth only.",
	.options = sign_options,
	.n_options = HF_COUNT(sign_options),
	.config_size = sizeof(struct sign_options),
	.run = run_sign,
};

const struct cli_command cmd_pki_server_cert = {
	.name = "pki server-cert",
	.summary = "operator: make a certificate and key for the server",
	.details = "For the Signing API (--api-cert, --api-key) or the drivers' endpoint "
	           "(--driver-cert, --driver-key).",
	.options = server_options,
	.n_options = HF_COUNT(server_options),
	.config_size = sizeof(struct server_options),
	.run = run_server_cert,
};
