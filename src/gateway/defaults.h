/* SPDX-License-Identifier: Apache-2.0
 * A file of settings as /etc/default has them, for whoever brings one along from another HSM
 * gateway: lines of KEY=value as a shell reads them, with quotes, comments and `export`, but
 * without expansions, which are refused. */
#ifndef HF_GATEWAY_DEFAULTS_H
#define HF_GATEWAY_DEFAULTS_H

#include "base/buf.h"

#define DEFAULTS_FILE_MAX 65536
#define DEFAULTS_PATH_MAX 1024
#define DEFAULTS_KEY_MAX 64

/* "" and 0: not given, or given empty. */
struct defaults {
	char cert_file[DEFAULTS_PATH_MAX]; /* CERT_FILE: PKCS#12 */
	char ca_file[DEFAULTS_PATH_MAX];   /* CA_FILE: PEM, authorities of clients */
	char module[DEFAULTS_PATH_MAX];    /* PKCS11_LIB_PATH */
	uint16_t port;                     /* HMG_LISTEN_PORT */
};

/* Told of each key that is none of ours; they change nothing. */
typedef void (*defaults_unknown)(void *ctx, const char *key, unsigned line);

/* The last of several settings of one key wins, as in a shell. HF_INVALID with the line and what is
 * wrong with it; HF_TOOBIG: a value longer than its place. */
HF_MUST hf_status defaults_parse(struct hf_span text, defaults_unknown unknown, void *ctx,
                                 struct defaults *ret, struct hf_err *err);

/* A file that nobody else may write (os/trustedfile.h), since it names the library that signers
 * load. Keys that are not ours are warned about in the log. Words name the file. */
HF_MUST hf_status defaults_read(const char *path, struct defaults *ret, struct hf_err *err);

#endif
