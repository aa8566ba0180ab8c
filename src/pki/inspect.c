/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/inspect.h"

#include "base/clock.h"
#include "base/text.h"
#include "pki/ca_index.h"
#include "crypto/digest.h"
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DAY_S = 86400, REVOKED_SHOWN = 20, LINE_MAX_ = 512 };

HF_PRINTF(3, 4)
static void line(struct hf_buf *to, const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hf_buf_printf(to, "  %-14s %s\n", label, text);
}

static const char *name_text(const X509_NAME *name, char to[LINE_MAX_])
{
	hf_ignore(tls_name(name, to, LINE_MAX_));
	return to[0] ? to : "(nobody)";
}

static void put_left(struct hf_buf *to, const char *label, const char *from, int64_t until_s,
                     const char *over)
{
	int64_t left = until_s - hf_wall_ms() / 1000;
	char until[CA_TIME_MAX];

	ca_time_text(until_s, until);
	if (left < 0)
		line(to, label, "%s until %s: %s %lld days ago", from, until, over,
		     (long long)(-left / DAY_S));
	else
		line(to, label, "%s until %s: %lld days left", from, until,
		     (long long)(left / DAY_S));
}

static void put_valid(struct hf_buf *to, const X509 *cert)
{
	int64_t from = tls_time(X509_get0_notBefore(cert));
	char text[CA_TIME_MAX];

	ca_time_text(from, text);
	put_left(to, "valid", text, tls_time(X509_get0_notAfter(cert)), "it expired");
	if (from > hf_wall_ms() / 1000)
		line(to, "", "not yet: is the clock of this machine right?");
}

static void put_key(struct hf_buf *to, EVP_PKEY *key)
{
	char group[64];

	if (!key)
		line(to, "key", "of a kind that this program does not know");
	else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	         EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
		line(to, "key", "EC, %s",
		     strcmp(group, "prime256v1") == 0  ? "P-256"
		     : strcmp(group, "secp384r1") == 0 ? "P-384"
		                                       : group);
	else
		line(to, "key", "%s, %d bits", EVP_PKEY_get0_type_name(key),
		     EVP_PKEY_get_bits(key));
}

/* SHA-256 of the SubjectPublicKeyInfo: what the server knows an organisation by. */
static void put_key_id(struct hf_buf *to, EVP_PKEY *key, const char *what)
{
	uint8_t digest[SHA256_LEN];
	unsigned char *der = NULL;
	char hex[2 * SHA256_LEN + 1];
	int len = key ? i2d_PUBKEY(key, &der) : 0;

	if (len > 0 && hf_ok(sha256(HF_SPAN(der, len), digest))) {
		hf_hex(digest, sizeof(digest), hex);
		line(to, "key id", "%s%s", hex, what);
	}
	OPENSSL_free(der);
}

static void put_extension(struct hf_buf *to, const char *label, const X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);
	BIO_SCOPED BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (at < 0 || !bio || X509V3_EXT_print(bio, X509_get_ext(cert, at), 0, 0) != 1)
		return;
	len = BIO_get_mem_data(bio, &text);
	hf_buf_printf(to, "  %-14s ", label);
	for (long i = 0; i < len; i++) /* it comes in lines, indented */
		if (text[i] == '\n')
			hf_buf_text(to, i + 1 < len ? " " : "");
		else if (text[i] != ' ' || (i > 0 && text[i - 1] != ' ' && text[i - 1] != '\n'))
			hf_buf_u8(to, (uint8_t)text[i]);
	hf_buf_u8(to, '\n');
}

static const char *role(const X509 *cert)
{
	uint32_t uses = X509_get_extended_key_usage((X509 *)cert);
	bool any = uses == UINT32_MAX, client = !any && (uses & XKU_SSL_CLIENT),
	     server = !any && (uses & XKU_SSL_SERVER);

	if (X509_check_ca((X509 *)cert))
		return client && !server   ? "an authority for drivers (clientAuth only)"
		       : server && !client ? "an authority for servers (serverAuth only)"
		                           : "an authority";
	return any                ? "a leaf without a stated use"
	       : client && server ? "a leaf of a driver and of a server"
	       : client           ? "a leaf of a driver (clientAuth)"
	       : server           ? "a leaf of a server (serverAuth)"
	                          : "a leaf for neither drivers nor servers";
}

static void put_path_length(struct hf_buf *to, X509 *cert)
{
	long most = X509_get_pathlen(cert);

	if (most < 0)
		line(to, "path length", "any: authorities may follow below it");
	else if (most == 0)
		line(to, "path length", "0: it signs leaves only");
	else
		line(to, "path length", "%ld more authorities may follow below it", most);
}

static void put_numbers(struct hf_buf *to, const X509 *cert)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL, print[2 * SHA256_LEN + 1];
	uint8_t digest[SHA256_LEN];
	unsigned len = sizeof(digest);

	line(to, "serial number", "%s", hex ? hex : "?");
	OPENSSL_free(hex);
	BN_free(number);
	if (X509_digest(cert, EVP_sha256(), digest, &len) != 1)
		return;
	hf_hex(digest, sizeof(digest), print);
	line(to, "fingerprint", "%s (SHA-256)", print);
}

static void describe_certificate(X509 *cert, struct hf_buf *to)
{
	char who[LINE_MAX_], by[LINE_MAX_];
	bool ca = X509_check_ca(cert) != 0;
	bool itself = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;

	line(to, "certificate of", "%s", name_text(X509_get_subject_name(cert), who));
	line(to, "issued by", "%s%s", name_text(X509_get_issuer_name(cert), by),
	     itself ? " (itself: a root)" : "");
	put_valid(to, cert);
	line(to, "is", "%s", role(cert));
	if (ca)
		put_path_length(to, cert);
	put_extension(to, "signs only", cert, NID_name_constraints);
	put_extension(to, "key usage", cert, NID_key_usage);
	put_extension(to, "names", cert, NID_subject_alt_name);
	put_extension(to, "CRL", cert, NID_crl_distribution_points);
	put_key(to, X509_get0_pubkey(cert));
	put_key_id(to, X509_get0_pubkey(cert),
	           ca ? ": the queue of the key stores that are bound to it" : "");
	put_numbers(to, cert);
}

static void describe_request(X509_REQ *r, struct hf_buf *to)
{
	STACK_OF(X509_EXTENSION) *asked = X509_REQ_get_extensions(r);
	EVP_PKEY *key = X509_REQ_get0_pubkey(r);
	char who[LINE_MAX_], name[80];

	line(to, "request of", "%s", name_text(X509_REQ_get_subject_name(r), who));
	line(to, "signature", "%s",
	     key && X509_REQ_verify(r, key) == 1
	             ? "good: whoever made it has the key"
	             : "WRONG: it was altered, or made with another key");
	for (int i = 0; i < sk_X509_EXTENSION_num(asked); i++) {
		OBJ_obj2txt(name, sizeof(name),
		            X509_EXTENSION_get_object(sk_X509_EXTENSION_value(asked, i)), 0);
		line(to, "asks for", "%s", name);
	}
	sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
	put_key(to, key);
	put_key_id(to, key, "");
}

static void describe_revoked(X509_REVOKED *r, struct hf_buf *to)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(r), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL, when[CA_TIME_MAX];
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	const char *why = ca_reason_name(reason ? (enum ca_reason)ASN1_ENUMERATED_get(reason) : 0);

	ca_time_text(tls_time(X509_REVOKED_get0_revocationDate(r)), when);
	line(to, "revoked", "%s since %s (%s)", hex ? hex : "?", when, why ? why : "other");
	ASN1_ENUMERATED_free(reason);
	OPENSSL_free(hex);
	BN_free(number);
}

static void describe_crl(X509_CRL *crl, struct hf_buf *to)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	int64_t from = tls_time(X509_CRL_get0_lastUpdate(crl)),
	        due = tls_time(X509_CRL_get0_nextUpdate(crl));
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	char who[LINE_MAX_], text[CA_TIME_MAX];

	line(to, "CRL of", "%s", name_text(X509_CRL_get_issuer(crl), who));
	if (number)
		line(to, "number", "%lld", (long long)ASN1_INTEGER_get(number));
	ASN1_INTEGER_free(number);
	ca_time_text(from, text);
	if (due)
		put_left(to, "in force", text, due, "the next one was due");
	line(to, "revokes", "%d certificates",
	     sk_X509_REVOKED_num(all) < 0 ? 0 : sk_X509_REVOKED_num(all));
	for (int i = 0; i < sk_X509_REVOKED_num(all) && i < REVOKED_SHOWN; i++)
		describe_revoked(sk_X509_REVOKED_value(all, i), to);
	if (sk_X509_REVOKED_num(all) > REVOKED_SHOWN)
		line(to, "", "and %d more", sk_X509_REVOKED_num(all) - REVOKED_SHOWN);
}

static void describe_private(const char *file, bool encrypted, EVP_PKEY *key, struct hf_buf *to)
{
	struct stat st;

	line(to, "private key", "%s", encrypted ? "with a passphrase" : "without a passphrase");
	if (stat(file, &st) == 0 && (st.st_mode & 077))
		line(to, "",
		     "OPEN TO OTHER USERS (mode %03o): chmod 600 it, and replace the key if "
		     "others may have read it",
		     (unsigned)(st.st_mode & 0777));
	if (!key)
		return;
	put_key(to, key);
	put_key_id(to, key, "");
}

/* One PEM block. false: of no kind that is known here. */
static bool describe(const char *file, const char *kind, const unsigned char *der, long len,
                     struct hf_buf *to)
{
	const unsigned char *p = der;

	if (strcmp(kind, PEM_STRING_X509) == 0 || strcmp(kind, PEM_STRING_X509_TRUSTED) == 0) {
		CERT_SCOPED X509 *cert = d2i_X509(NULL, &p, len);

		if (cert)
			describe_certificate(cert, to);
		return cert != NULL;
	}
	if (strcmp(kind, PEM_STRING_X509_REQ) == 0 || strcmp(kind, PEM_STRING_X509_REQ_OLD) == 0) {
		HF_CLEANUP(X509_REQ_free_at) X509_REQ *request = d2i_X509_REQ(NULL, &p, len);

		if (request)
			describe_request(request, to);
		return request != NULL;
	}
	if (strcmp(kind, PEM_STRING_X509_CRL) == 0) {
		HF_CLEANUP(X509_CRL_free_at) X509_CRL *crl = d2i_X509_CRL(NULL, &p, len);

		if (crl)
			describe_crl(crl, to);
		return crl != NULL;
	}
	if (strstr(kind, "PRIVATE KEY")) {
		bool encrypted = strcmp(kind, PEM_STRING_PKCS8) == 0;
		KEY_SCOPED EVP_PKEY *key = encrypted ? NULL : d2i_AutoPrivateKey(NULL, &p, len);

		describe_private(file, encrypted, key, to);
		return true;
	}
	return false;
}

static hf_status describe_all(const char *file, BIO *bio, struct hf_buf *to, struct hf_err *err)
{
	char *kind = NULL, *header = NULL;
	unsigned char *der = NULL;
	unsigned known = 0, found = 0;
	long len;

	for (; PEM_read_bio(bio, &kind, &header, &der, &len) == 1; found++) {
		bool yes;

		hf_buf_printf(to, "%s%s%s\n", to->len ? "\n" : "", file,
		              found ? ", further down:" : ":");
		yes = describe(file, kind, der, len, to);
		if (!yes)
			line(to, kind, "damaged, or of a kind that is not known here");
		known += yes;
		OPENSSL_free(kind);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	ERR_clear_error();
	if (!known)
		return hf_fail(err, HF_INVALID,
		               "%s: no certificate, request, CRL or key in PEM in it", file);
	return hf_buf_status(to);
}

hf_status inspect_file(const char *file, struct hf_buf *to, struct hf_err *err)
{
	HF_CLEANUP(pem_wipe) struct hf_buf bytes = HF_BUF(PEM_FILE_MAX);
	BIO_SCOPED BIO *bio = NULL;

	HF_TRY(pem_read(file, &bytes, err));
	bio = BIO_new_mem_buf(bytes.len ? bytes.ptr : (const void *)"", (int)bytes.len);
	HF_ENSURE(bio, HF_NOMEM);
	return describe_all(file, bio, to, err);
}
