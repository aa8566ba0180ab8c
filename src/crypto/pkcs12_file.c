/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs12_file.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <unistd.h>

HF_DEFINE_CLEANUP(PKCS12_free, PKCS12 *)

static hf_status read_bytes(const char *file, struct hf_buf *to, struct hf_err *err)
{
	HF_FD int fd = -1;
	uint8_t *at;
	ssize_t n;

	HF_TRY(pem_open_private(file, &fd, err));
	/* room at once: what grows leaves copies of the key behind */
	at = hf_buf_grow(to, PKCS12_FILE_MAX);
	HF_ENSURE(at, HF_NOMEM);
	to->len = 0;
	while (to->len < PKCS12_FILE_MAX) {
		n = read(fd, at + to->len, PKCS12_FILE_MAX - to->len);
		if (n < 0)
			return hf_fail(err, HF_IO, "cannot read %s: %s", file, strerror(errno));
		if (n == 0)
			return HF_SUCCESS;
		to->len += (size_t)n;
	}
	return hf_fail(err, HF_TOOBIG, "%s is too long for a PKCS#12 file", file);
}

/* Something that OpenSSL could not find an implementation of; the queue is cleared. */
static bool is_unsupported(void)
{
	bool found = false;
	unsigned long code;

	while ((code = ERR_get_error()) != 0) {
		const char *reason = ERR_reason_error_string(code);

		if (reason && strstr(reason, "unsupported"))
			found = true;
	}
	return found;
}

static hf_status explain(const char *file, bool with_password, struct hf_err *err)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == PKCS12_R_MAC_VERIFY_FAILURE) {
		ERR_clear_error();
		return hf_fail(err, HF_DENIED,
		               with_password ? "%s cannot be opened with this password"
		                             : "%s wants a password: give the file that holds it",
		               file);
	}
	if (is_unsupported())
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "%s is encrypted in a way that OpenSSL has given up (RC2, as old "
		        "tools write it): write it anew with `openssl pkcs12 -legacy -in OLD "
		        "-nodes | openssl pkcs12 -export -out NEW`",
		        file);
	return hf_fail(err, HF_INVALID, "%s is a damaged PKCS#12 file", file);
}

static hf_status parse(const char *file, PKCS12 *p12, const struct hf_secret *password,
                       EVP_PKEY **ret_key, certificates **ret_chain, struct hf_err *err)
{
	KEY_SCOPED EVP_PKEY *key = NULL;
	CERT_SCOPED X509 *leaf = NULL;
	CERTS_SCOPED certificates *chain = NULL;
	bool given = password && password->len;
	/* a C string: NUL-terminated where the secret is not */
	HF_SECRET struct hf_secret text = { 0 };
	int ok;

	HF_TRY(hf_secret_new((given ? password->len : 0) + 1, &text));
	if (given)
		memcpy(text.ptr, password->ptr, password->len);
	ERR_clear_error();
	ok = PKCS12_parse(p12, (const char *)text.ptr, &key, &leaf, &chain);
	if (!ok)
		return explain(file, given, err);
	if (!key || !leaf)
		return hf_fail(err, HF_INVALID,
		               "%s has to hold a private key and its certificate, and %s is "
		               "missing: openssl pkcs12 -export -inkey KEY -in CERT",
		               file, key ? "the certificate" : "the key");
	if (!chain)
		chain = sk_X509_new_null();
	HF_ENSURE(chain && sk_X509_unshift(chain, leaf), HF_NOMEM);
	leaf = NULL;
	*ret_key = hf_take(key);
	*ret_chain = hf_take(chain);
	return HF_SUCCESS;
}

hf_status pkcs12_read(const char *file, const struct hf_secret *password, EVP_PKEY **ret_key,
                      certificates **ret_chain, struct hf_err *err)
{
	struct hf_buf bytes = HF_BUF(PKCS12_FILE_MAX);
	HF_CLEANUP(PKCS12_free_at) PKCS12 *p12 = NULL;
	hf_status s = read_bytes(file, &bytes, err);
	const uint8_t *at = bytes.ptr;

	if (hf_ok(s)) {
		p12 = d2i_PKCS12(NULL, &at, (long)bytes.len);
		ERR_clear_error();
		s = p12 ? parse(file, p12, password, ret_key, ret_chain, err)
		        : hf_fail(err, HF_INVALID,
		                  "%s is no PKCS#12 file; a PEM certificate wants its key beside "
		                  "it "
		                  "(--key)",
		                  file);
	}
	pem_wipe(&bytes);
	return s;
}
