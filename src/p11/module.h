/* SPDX-License-Identifier: Apache-2.0
 * Loading a vendor's PKCS#11 library. It is never unloaded: several crash when they are. One thread
 * opens, re-initialises and closes, while no other is inside a call (some libraries crash
 * otherwise). Never fork after opening. */
#ifndef HF_P11_MODULE_H
#define HF_P11_MODULE_H

#include "base/status.h"
#include "p11/ck.h"

#include <stdbool.h>

#define P11_PATH_MAX 4096
#define P11_INIT_ARGS_MAX 1024

struct p11_module {
	CK_FUNCTION_LIST *fn;
	char path[P11_PATH_MAX];
	char init_args[P11_INIT_ARGS_MAX];
	char description[128]; /* "SoftHSM 2.6 (PKCS#11 2.40)" */
	bool initialized;
};

/* Loads by absolute path and initialises for several threads. `init_args` is "" or a string for
 * modules that want one in C_Initialize (NSS: "configdir='sql:/path' …"). HF_INVALID: a relative
 * path, no file, no PKCS#11 library. HF_DENIED: others may write the file or its folder. Otherwise
 * by p11/rv.h. */
HF_MUST hf_status p11_module_open(const char *path, const char *init_args, struct p11_module *ret,
                                  struct hf_err *err);

/* C_Finalize. The library stays mapped. */
void p11_module_close(struct p11_module *m);

#endif
