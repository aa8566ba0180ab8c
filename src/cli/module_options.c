/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/module_options.h"

#include "os/prompt.h"
#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

static hf_status choose_module(const struct module_options *o, struct signer_setup *to,
                               struct hf_err *err)
{
	const char *path = o->module ? o->module : o->ibm ? o->ibm : o->thales;

	if (o->ep11)
		return hf_fail(err, HF_UNSUPPORTED,
		               "EP11_IBM_TARGET_HSM is set: Holdfast speaks PKCS#11 only; "
		               "configure the EP11 domain in "
		               "IBM's PKCS#11 library, give that with PKCS11_IBM_MODULE, and unset "
		               "this one");
	if (o->ibm && o->thales)
		return hf_fail(err, HF_INVALID,
		               "PKCS11_IBM_MODULE and PKCS11_THALES_MODULE contradict each other: "
		               "give one of them");
	if (!path)
		return hf_fail(
		        err, HF_INVALID,
		        "no PKCS#11 library: give --module /absolute/path (or PKCS11_IBM_MODULE, "
		        "PKCS11_THALES_MODULE)");
	if (path[0] != '/')
		return hf_fail(err, HF_INVALID, "--module %s: must be an absolute path", path);
	if (!hf_ok(hf_span_to_text(hf_span_text(path), to->module, sizeof(to->module))))
		return hf_fail(err, HF_TOOBIG, "--module: the path is too long");
	return HF_SUCCESS;
}

static hf_status load_pin(struct module_options *o, bool ask, struct hf_secret *ret,
                          struct hf_err *err)
{
	struct hf_err ignored = { 0 };
	hf_status s;

	if (o->pin_file) {
		hf_secret_done(&o->user_pin); /* the file was named, so it decides */
		return os_secret_file(o->pin_file, ret, err);
	}
	if (o->user_pin.ptr) {
		*ret = hf_secret_take(&o->user_pin);
		return HF_SUCCESS;
	}
	s = os_secret_credential("user-pin", ret, err);
	if (hf_ok(s) || s.code != HF_NOTFOUND)
		return s;
	if (ask && hf_ok(os_prompt_secret("PIN of the token: ", ret, &ignored)))
		return HF_SUCCESS;
	return hf_fail(
	        err, HF_INVALID,
	        "no PIN: give --pin-file FILE, USER_PIN, or the systemd credential user-pin");
}

static hf_status put_text(const char *option, const char *from, char *to, size_t cap,
                          struct hf_err *err)
{
	if (hf_ok(hf_span_to_text(hf_span_text(from), to, cap)))
		return HF_SUCCESS;
	return hf_fail(err, HF_TOOBIG, "--%s: longer than %zu characters", option, cap - 1);
}

hf_status module_options_setup(struct module_options *o, bool ask, struct signer_setup *ret,
                               struct hf_err *err)
{
	memset(ret, 0, sizeof(*ret));
	HF_TRY(choose_module(o, ret, err));
	HF_TRY(put_text("slot", o->slot, ret->slot, sizeof(ret->slot), err));
	HF_TRY(put_text("module-args", o->args, ret->module_args, sizeof(ret->module_args), err));
	HF_TRY(put_text("master-label", o->master_label, ret->master_label,
	                sizeof(ret->master_label), err));
	ret->allow_resident = o->allow_resident;
	ret->threads = 1;
	return load_pin(o, ask, &ret->pin, err);
}
