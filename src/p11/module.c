/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/module.h"

#include "base/scope.h"
#include "p11/rv.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* NSS's layout: one field before pReserved. A module of the standard's layout finds the string
 * where pReserved is. */
struct init_args_with_string {
	CK_CREATEMUTEX create_mutex;
	CK_DESTROYMUTEX destroy_mutex;
	CK_LOCKMUTEX lock_mutex;
	CK_UNLOCKMUTEX unlock_mutex;
	CK_FLAGS flags;
	const char *string;
	void *reserved;
};

static hf_status refuse_writable(const char *path, const char *what, struct hf_err *err)
{
	struct stat st;

	if (stat(path, &st))
		return hf_fail(err, HF_INVALID, "module %s: %s: check the path given by --module",
		               path, strerror(errno));
	/* A sticky folder (/tmp) lets others add files, but not replace this one. */
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX)))
		return hf_fail(err, HF_DENIED,
		               "module %s %s can be changed by its group or by others, who could "
		               "then read "
		               "the PIN: chmod go-w %s",
		               what, path, path);
	return HF_SUCCESS;
}

static hf_status check_file(const char *path, struct hf_err *err)
{
	char real[PATH_MAX];
	struct stat st;

	if (path[0] != '/')
		return hf_fail(err, HF_INVALID,
		               "module \"%s\": give its absolute path (--module "
		               "/usr/lib/…/lib….so): a name "
		               "searched for along a path may find another file",
		               path);
	if (!realpath(path, real))
		return hf_fail(err, HF_INVALID, "module %s: %s: check the path given by --module",
		               path, strerror(errno));
	if (stat(real, &st) || !S_ISREG(st.st_mode))
		return hf_fail(
		        err, HF_INVALID,
		        "module %s is not a file: give the path of the vendor's PKCS#11 library",
		        path);
	HF_TRY(refuse_writable(real, "file", err));
	*strrchr(real, '/') = 0;
	return real[0] ? refuse_writable(real, "folder", err) : HF_SUCCESS;
}

static hf_status load(const char *path, CK_FUNCTION_LIST **ret, struct hf_err *err)
{
	CK_FUNCTION_LIST *fn = NULL;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;
	CK_RV rv;

	if (!handle)
		return hf_fail(err, HF_INVALID,
		               "module %s does not load: %s: install what the library needs, or "
		               "check that it "
		               "is for this machine",
		               path, dlerror());
	get = (CK_C_GetFunctionList)(uintptr_t)dlsym(handle, "C_GetFunctionList");
	if (!get)
		return hf_fail(err, HF_INVALID,
		               "module %s is no PKCS#11 library: it has no C_GetFunctionList",
		               path);
	rv = get(&fn);
	if (rv != CKR_OK)
		return p11_fail(err, rv, "C_GetFunctionList");
	if (!fn || fn->version.major < 2)
		return hf_fail(err, HF_UNSUPPORTED,
		               "module %s speaks a PKCS#11 older than version 2", path);
	*ret = fn;
	return HF_SUCCESS;
}

static hf_status initialize(struct p11_module *m, struct hf_err *err)
{
	struct init_args_with_string with_string = { .flags = CKF_OS_LOCKING_OK,
		                                     .string = m->init_args };
	CK_C_INITIALIZE_ARGS plain = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv = m->fn->C_Initialize(m->init_args[0] ? (void *)&with_string : (void *)&plain);

	if (rv != CKR_OK)
		return hf_context(err, p11_fail(err, rv, "C_Initialize"), "module %s", m->path);
	m->initialized = true;
	return HF_SUCCESS;
}

static void describe(struct p11_module *m)
{
	CK_INFO info = { 0 };
	int len = sizeof(info.libraryDescription);

	if (m->fn->C_GetInfo(&info) != CKR_OK) {
		snprintf(m->description, sizeof(m->description), "unknown module");
		return;
	}
	while (len &&
	       (info.libraryDescription[len - 1] == ' ' || !info.libraryDescription[len - 1]))
		len--;
	for (int i = 0; i < len; i++)
		if (info.libraryDescription[i] < 0x20 || info.libraryDescription[i] > 0x7e)
			info.libraryDescription[i] = '?';
	snprintf(m->description, sizeof(m->description), "%.*s %u.%u (PKCS#11 %u.%u)", len,
	         info.libraryDescription, info.libraryVersion.major, info.libraryVersion.minor,
	         info.cryptokiVersion.major, info.cryptokiVersion.minor);
}

hf_status p11_module_open(const char *path, const char *init_args, struct p11_module *ret,
                          struct hf_err *err)
{
	struct p11_module m = { 0 };

	if (strlen(path) >= sizeof(m.path) || strlen(init_args) >= sizeof(m.init_args))
		return hf_fail(err, HF_TOOBIG, "module path or arguments are too long");
	snprintf(m.path, sizeof(m.path), "%s", path);
	snprintf(m.init_args, sizeof(m.init_args), "%s", init_args);
	HF_TRY(check_file(path, err));
	HF_TRY(load(path, &m.fn, err));
	HF_TRY(initialize(&m, err));
	describe(&m);
	*ret = m;
	return HF_SUCCESS;
}

void p11_module_close(struct p11_module *m)
{
	if (m->initialized)
		m->fn->C_Finalize(NULL);
	m->initialized = false;
}
