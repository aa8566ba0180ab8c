/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/authority.h"

#include "base/clock.h"
#include "base/text.h"
#include "crypto/tls_impl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum { LOCK_TRIES = 200, LOCK_PAUSE_MS = 50 };

static hf_status index_name(const char *key_file, char to[4096])
{
	HF_ENSURE(snprintf(to, 4096, "%s.index", key_file) < 4096, HF_TOOBIG);
	return HF_SUCCESS;
}

hf_status authority_start_index(const char *key_file, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CA_INDEX_MAX);
	char file[4096];

	HF_TRY(index_name(key_file, file));
	ca_index_encode(&text, &(struct ca_index){ 0 });
	HF_TRY(hf_buf_status(&text));
	return pem_create(file, hf_buf_span(&text), 0600, err);
}

/* The lock is on the key file, which stays; the index is replaced by each change. */
static hf_status lock_key(const char *key_file, int *ret, struct hf_err *err)
{
	HF_FD int fd = open(key_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot read %s: %s", key_file, strerror(errno));
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
		if (tries < LOCK_TRIES) {
			hf_pause_ms(LOCK_PAUSE_MS);
			continue;
		}
		return hf_fail(err, HF_BUSY, "another command works with %s: wait until it is done",
		               key_file);
	}
	*ret = fd;
	fd = -1;
	return HF_SUCCESS;
}

static hf_status read_index(struct authority *a, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CA_INDEX_MAX);

	if (access(a->index_file, F_OK) != 0)
		return hf_fail(
		        err, HF_STATE,
		        "%s is missing, which says what this authority has issued and revoked: "
		        "bring it back from a backup, since a CRL without it would take "
		        "revocations back. If there were none, make it empty: touch %s; if "
		        "there is no backup, docs/pki.md says how to begin again",
		        a->index_file, a->index_file);
	HF_TRY(pem_read(a->index_file, &text, err));
	return hf_context(err, ca_index_decode(hf_buf_span(&text), &a->index, err), "%s",
	                  a->index_file);
}

static hf_status open_all(const struct pki_ca *ca, struct authority *a, struct hf_err *err)
{
	HF_TRY(index_name(ca->key, a->index_file));
	HF_TRY(pem_certificate(ca->cert, &a->cert, err));
	HF_TRY(lock_key(ca->key, &a->lock, err));
	HF_TRY(pem_private_key(ca->key, ca->passphrase, &a->key, err));
	if (X509_check_private_key(a->cert, a->key) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID, "%s is not the private key of %s", ca->key,
		               ca->cert);
	}
	if (X509_check_ca(a->cert) != 1 || !(X509_get_key_usage(a->cert) & KU_KEY_CERT_SIGN))
		return hf_fail(err, HF_INVALID,
		               "%s is no authority's certificate: it may not sign others",
		               ca->cert);
	return read_index(a, err);
}

hf_status authority_open(const struct pki_ca *ca, struct authority *ret, struct hf_err *err)
{
	struct authority a = { .lock = -1 };
	hf_status s = open_all(ca, &a, err);

	if (!hf_ok(s)) {
		authority_close(&a);
		return s;
	}
	*ret = a;
	return HF_SUCCESS;
}

void authority_close(struct authority *a)
{
	X509_free(hf_take(a->cert));
	EVP_PKEY_free(hf_take(a->key));
	ca_index_done(&a->index);
	if (a->lock >= 0)
		close(a->lock);
	a->lock = -1;
}

/* Since 1970. */
static int64_t certificate_until(const X509 *cert)
{
	return tls_time(X509_get0_notAfter(cert));
}

hf_status authority_entry(const X509 *cert, struct ca_entry *ret)
{
	struct ca_entry e = { .issued_s = hf_wall_ms() / 1000, .until_s = certificate_until(cert) };
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;
	const char *digits = hex ? hex + strspn(hex, "0") : "";
	hf_status s = *digits && strlen(digits) < sizeof(e.serial) && *digits != '-'
	                      ? HF_SUCCESS
	                      : HF_FAILURE(HF_INVALID);

	if (hf_ok(s))
		snprintf(e.serial, sizeof(e.serial), "%s", digits);
	OPENSSL_free(hex);
	BN_free(number);
	HF_TRY(s);
	HF_TRY(tls_name(X509_get_subject_name(cert), e.subject, sizeof(e.subject)));
	HF_ENSURE(e.subject[0], HF_INVALID);
	*ret = e;
	return HF_SUCCESS;
}

hf_status authority_save(struct authority *a, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CA_INDEX_MAX);

	ca_index_encode(&text, &a->index);
	HF_TRY(hf_buf_status(&text));
	return pem_replace(a->index_file, hf_buf_span(&text), 0600, err);
}

hf_status authority_issue(struct authority *a, const struct issue_what *what, EVP_PKEY *subject_key,
                          X509 **ret, struct hf_err *err)
{
	CERT_SCOPED X509 *cert = NULL;
	struct ca_entry entry;

	HF_TRY(issue_certificate(what, subject_key, a->cert, a->key, &cert, err));
	HF_TRY(authority_entry(cert, &entry));
	HF_TRY(ca_index_add(&a->index, &entry));
	HF_TRY(authority_save(a, err));
	*ret = hf_take(cert);
	return HF_SUCCESS;
}
