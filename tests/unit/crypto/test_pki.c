/* SPDX-License-Identifier: Apache-2.0 */
#include "test_pki.h"

#include "check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	CHECK(ext && X509_add_ext(cert, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void add_name(X509_NAME *to, int nid, const char *text, int len)
{
	CHECK(X509_NAME_add_entry_by_NID(to, nid, MBSTRING_UTF8, (const unsigned char *)text, len,
	                                 -1, 0) == 1);
}

static void name_it(X509 *cert, const struct identity_wish *wish)
{
	X509_NAME *name = X509_get_subject_name(cert);
	char unit[61];

	memset(unit, 'u', sizeof(unit) - 1);
	unit[60] = 0;
	add_name(name, NID_organizationName, "Acme Bank", -1);
	for (int i = 0; i < wish->units; i++)
		add_name(name, NID_organizationalUnitName, unit, -1);
	add_name(name, NID_commonName, wish->name, wish->name_len ? wish->name_len : -1);
}

struct identity identity_new(const struct identity_wish *wish, const struct identity *issuer)
{
	static long serial = 1;
	struct identity id = { X509_new(), EVP_EC_gen("P-256") };
	const struct identity *by = issuer ? issuer : &id;

	CHECK(id.cert && id.key);
	CHECK(X509_set_version(id.cert, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), -86400L * 30);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), 86400L * (wish->days ? wish->days : 10));
	name_it(id.cert, wish);
	CHECK(X509_set_issuer_name(id.cert, X509_get_subject_name(by->cert)) == 1);
	CHECK(X509_set_pubkey(id.cert, id.key) == 1);
	add_extension(id.cert, by->cert, NID_basic_constraints,
	              wish->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (wish->authority)
		add_extension(id.cert, by->cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (wish->usage)
		add_extension(id.cert, by->cert, NID_ext_key_usage, wish->usage);
	CHECK(X509_sign(id.cert, by->key, EVP_sha256()) > 0);
	return id;
}

void identity_done(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

void identity_write_certs(const char *file, const struct identity *const ids[])
{
	FILE *f = fopen(file, "w");

	CHECK(f);
	for (; *ids; ids++)
		CHECK(PEM_write_X509(f, (*ids)->cert) == 1);
	CHECK(fclose(f) == 0);
}

void identity_write_key(const char *file, const struct identity *id, int mode,
                        const char *passphrase)
{
	const EVP_CIPHER *cipher = passphrase ? EVP_aes_256_cbc() : NULL;
	FILE *f = fopen(file, "w");

	CHECK(f && chmod(file, (mode_t)mode) == 0);
	CHECK(PEM_write_PKCS8PrivateKey(f, id->key, cipher, NULL, 0, NULL, (void *)passphrase) ==
	      1);
	CHECK(fclose(f) == 0);
}
