/* SPDX-License-Identifier: Apache-2.0
 * Certificates for tests, made on the spot. What goes wrong here ends the test. */
#ifndef HF_TESTS_PKI_H
#define HF_TESTS_PKI_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

struct identity_wish {
	const char *name; /* common name; may have a NUL inside: then name_len is set */
	int name_len;     /* 0: the whole of `name` */
	int units; /* so many organisational units of 60 characters, to make the subject long */
	bool authority;
	const char *usage; /* "clientAuth", "serverAuth" or NULL */
	int days;          /* valid until; negative: it has expired */
};

/* Signed by `issuer`; NULL: by itself. */
struct identity identity_new(const struct identity_wish *wish, const struct identity *issuer);
void identity_done(struct identity *id);

/* Certificates one after another, ended by NULL. */
void identity_write_certs(const char *file, const struct identity *const ids[]);
/* PKCS#8 with the mode; encrypted where a passphrase is given. */
void identity_write_key(const char *file, const struct identity *id, int mode,
                        const char *passphrase);

#endif
