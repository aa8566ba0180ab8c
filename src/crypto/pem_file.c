/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_ROUNDS = 600000, SALT_LEN = 16 };

HF_DEFINE_CLEANUP(PKCS8_PRIV_KEY_INFO_free, PKCS8_PRIV_KEY_INFO *)
HF_DEFINE_CLEANUP(X509_SIG_free, X509_SIG *)

const char *openssl_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "unknown reason";
}

hf_status pem_read(const char *file, struct hf_buf *to, struct hf_err *err)
{
	HF_FD int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint8_t piece[8192];
	ssize_t n;

	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot read %s: %s", file, strerror(errno));
	while ((n = read(fd, piece, sizeof(piece))) > 0 && hf_ok(hf_buf_status(to)))
		hf_buf_put(to, piece, (size_t)n);
	if (n < 0)
		return hf_fail(err, HF_IO, "cannot read %s: %s", file, strerror(errno));
	if (!hf_ok(hf_buf_status(to)))
		return hf_fail(err, HF_TOOBIG, "%s is too long for a file of its kind", file);
	return HF_SUCCESS;
}

static hf_status open_bio(const char *file, struct hf_buf *bytes, BIO **ret, struct hf_err *err)
{
	HF_TRY(pem_read(file, bytes, err));
	*ret = BIO_new_mem_buf(bytes->len ? bytes->ptr : (const void *)"", (int)bytes->len);
	HF_ENSURE(*ret, HF_NOMEM);
	return HF_SUCCESS;
}

hf_status pem_certificate(const char *file, X509 **ret, struct hf_err *err)
{
	CERTS_SCOPED certificates *all = NULL;

	HF_TRY(pem_certificates(file, &all, err));
	*ret = sk_X509_shift(all);
	return HF_SUCCESS;
}

hf_status pem_certificates(const char *file, certificates **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PEM_FILE_MAX);
	CERTS_SCOPED certificates *all = sk_X509_new_null();
	BIO_SCOPED BIO *bio = NULL;
	X509 *one;

	HF_ENSURE(all, HF_NOMEM);
	HF_TRY(open_bio(file, &bytes, &bio, err));
	ERR_clear_error();
	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (!sk_X509_push(all, one)) {
			X509_free(one);
			return HF_FAILURE(HF_NOMEM);
		}
	/* the end of the file shows as "no start line"; anything else is a damaged certificate */
	if (sk_X509_num(all) == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return hf_fail(err, HF_INVALID,
		               "%s: %s after %d certificates; it has to be PEM, \"-----BEGIN "
		               "CERTIFICATE-----\"",
		               file, openssl_reason(), sk_X509_num(all));
	ERR_clear_error();
	*ret = hf_take(all);
	return HF_SUCCESS;
}

hf_status pem_request(const char *file, X509_REQ **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PEM_FILE_MAX);
	BIO_SCOPED BIO *bio = NULL;
	X509_REQ *request;

	HF_TRY(open_bio(file, &bytes, &bio, err));
	ERR_clear_error();
	request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	if (!request)
		return hf_fail(err, HF_INVALID,
		               "%s holds no certificate signing request (%s): it has to be PEM, "
		               "\"-----BEGIN CERTIFICATE REQUEST-----\"",
		               file, openssl_reason());
	*ret = request;
	return HF_SUCCESS;
}

hf_status pem_open_private(const char *file, int *ret, struct hf_err *err)
{
	HF_FD int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return hf_fail(err, HF_IO, "cannot read %s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hf_fail(err, HF_INVALID, "%s is not a regular file", file);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hf_fail(
		        err, HF_DENIED,
		        "the private key %s is open to other users (mode %03o): chmod 600 it, "
		        "and replace the key if others may have read it",
		        file, (unsigned)(st.st_mode & 0777));
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}

/* A key with a passphrase is refused where none was given, rather than asked for on the terminal
 * of a service. */
static int give_passphrase(char *to, int size, int writing, void *arg)
{
	const struct hf_secret *passphrase = arg;

	if (!passphrase || !passphrase->ptr || passphrase->len > (size_t)size)
		return -1;
	memcpy(to, passphrase->ptr, passphrase->len);
	return (int)passphrase->len;
}

hf_status pem_private_key(const char *file, const struct hf_secret *passphrase, EVP_PKEY **ret,
                          struct hf_err *err)
{
	BIO_SCOPED BIO *bio = NULL;
	HF_FD int fd = -1;
	EVP_PKEY *key;

	HF_TRY(pem_open_private(file, &fd, err));
	/* read from the descriptor: a FILE would leave the key's bytes in its buffer */
	bio = BIO_new_fd(fd, BIO_NOCLOSE);
	HF_ENSURE(bio, HF_NOMEM);
	ERR_clear_error();
	key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *)passphrase);
	if (!key && passphrase && passphrase->ptr)
		return hf_fail(err, HF_DENIED, "%s cannot be opened with this passphrase (%s)",
		               file, openssl_reason());
	if (!key)
		return hf_fail(err, HF_INVALID,
		               "%s holds no private key that can be used: %s. It has to be PEM "
		               "without a passphrase",
		               file, openssl_reason());
	*ret = key;
	return HF_SUCCESS;
}

static hf_status write_synced(int fd, struct hf_span bytes)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		HF_ENSURE(n > 0, HF_IO);
		done += (size_t)n;
	}
	HF_ENSURE(fsync(fd) == 0, HF_IO);
	return HF_SUCCESS;
}

static void sync_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char folder[4096];
	int n = slash ? snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file) + 1, file)
	              : snprintf(folder, sizeof(folder), ".");
	HF_FD int fd = n < (int)sizeof(folder) ? open(folder, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		(void)!fsync(fd);
}

hf_status pem_create(const char *file, struct hf_span bytes, mode_t mode, struct hf_err *err)
{
	HF_FD int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0 && errno == EEXIST)
		return hf_fail(err, HF_EXISTS,
		               "%s is there already: choose another name, or move it away", file);
	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot write %s: %s", file, strerror(errno));
	if (!hf_ok(write_synced(fd, bytes))) {
		hf_status s = hf_fail(err, HF_IO, "cannot write %s: %s", file, strerror(errno));

		unlink(file);
		return s;
	}
	sync_folder(file);
	return HF_SUCCESS;
}

hf_status pem_replace(const char *file, struct hf_span bytes, mode_t mode, struct hf_err *err)
{
	char beside[4096];
	int n = snprintf(beside, sizeof(beside), "%s.new", file);

	HF_ENSURE(n < (int)sizeof(beside), HF_TOOBIG);
	unlink(beside); /* left by one that was interrupted */
	HF_TRY(pem_create(beside, bytes, mode, err));
	if (rename(beside, file) != 0) {
		hf_status s = hf_fail(err, HF_IO, "cannot replace %s: %s", file, strerror(errno));

		unlink(beside);
		return s;
	}
	sync_folder(file);
	return HF_SUCCESS;
}

static hf_status put_bio(struct hf_buf *to, BIO *bio, int written)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	HF_ENSURE(written == 1 && len > 0, HF_NOMEM);
	hf_buf_put(to, text, (size_t)len);
	return hf_buf_status(to);
}

hf_status pem_put_certificate(struct hf_buf *to, X509 *cert)
{
	BIO_SCOPED BIO *bio = BIO_new(BIO_s_mem());

	HF_ENSURE(bio, HF_NOMEM);
	return put_bio(to, bio, PEM_write_bio_X509(bio, cert));
}

hf_status pem_put_request(struct hf_buf *to, X509_REQ *request)
{
	BIO_SCOPED BIO *bio = BIO_new(BIO_s_mem());

	HF_ENSURE(bio, HF_NOMEM);
	return put_bio(to, bio, PEM_write_bio_X509_REQ(bio, request));
}

hf_status pem_put_crl(struct hf_buf *to, X509_CRL *crl)
{
	BIO_SCOPED BIO *bio = BIO_new(BIO_s_mem());

	HF_ENSURE(bio, HF_NOMEM);
	return put_bio(to, bio, PEM_write_bio_X509_CRL(bio, crl));
}

/* More rounds than OpenSSL's own 2048, since such a file may lie in a safe for years. */
static hf_status put_encrypted(BIO *bio, EVP_PKEY *key, const struct hf_secret *passphrase)
{
	HF_CLEANUP(PKCS8_PRIV_KEY_INFO_free_at)
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
	HF_CLEANUP(X509_SIG_free_at) X509_SIG *sealed = NULL;

	HF_ENSURE(plain, HF_NOMEM);
	sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase->ptr,
	                       (int)passphrase->len, NULL, SALT_LEN, KEY_ROUNDS, plain);
	HF_ENSURE(sealed, HF_INTERNAL);
	HF_ENSURE(PEM_write_bio_PKCS8(bio, sealed) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

hf_status pem_put_key(struct hf_buf *to, EVP_PKEY *key, const struct hf_secret *passphrase)
{
	BIO_SCOPED BIO *bio = BIO_new(BIO_s_secmem());

	HF_ENSURE(bio, HF_NOMEM);
	if (passphrase && passphrase->ptr)
		HF_TRY(put_encrypted(bio, key, passphrase));
	else
		HF_ENSURE(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1,
		          HF_NOMEM);
	return put_bio(to, bio, 1);
}

void pem_wipe(struct hf_buf *b)
{
	if (b->ptr)
		hf_wipe(b->ptr, b->len);
	hf_buf_done(b);
}
