/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/rv.h"

#include "base/scope.h"

/* PKCS#11 3.0, 3.6 and the sections on return values; then vendors' own. In the order of the codes:
 * it is searched so. */
/* clang-format off */
static const struct p11_rv_info table[] = {
	{ 0x0, "CKR_OK", RV_OK, SIDE_CLIENT, HF_OK,
	  "done" },
	{ 0x1, "CKR_CANCEL", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the call was cancelled at the token" },
	{ 0x2, "CKR_HOST_MEMORY", RV_BUSY, SIDE_SERVER, HF_BUSY,
	  "the module ran out of memory on this host: fewer sessions, or more memory" },
	{ 0x3, "CKR_SLOT_ID_INVALID", RV_REINIT, SIDE_CONFIG, HF_IO,
	  "the slot is gone: see that the HSM is connected and the slot still exists" },
	{ 0x5, "CKR_GENERAL_ERROR", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the module does not say what failed: see its own log" },
	{ 0x6, "CKR_FUNCTION_FAILED", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the module could not do it now, often a lost link or too many requests: see its own log" },
	{ 0x7, "CKR_ARGUMENTS_BAD", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the module refuses the arguments: run `holdfast hsm check` against it" },
	{ 0x8, "CKR_NO_EVENT", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "nothing happened" },
	{ 0x9, "CKR_NEED_TO_CREATE_THREADS", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module has to start threads and was not allowed to" },
	{ 0xa, "CKR_CANT_LOCK", RV_REQUEST, SIDE_SERVER, HF_UNSUPPORTED,
	  "the module cannot be used by several threads: use one thread in each signer" },
	{ 0x10, "CKR_ATTRIBUTE_READ_ONLY", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "an attribute of the template cannot be set on this module" },
	{ 0x11, "CKR_ATTRIBUTE_SENSITIVE", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the attribute is secret and does not leave the HSM" },
	{ 0x12, "CKR_ATTRIBUTE_TYPE_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module does not know an attribute of the template" },
	{ 0x13, "CKR_ATTRIBUTE_VALUE_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module refuses a value in the template" },
	{ 0x1a, "CKR_COPY_PROHIBITED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "this object may not be copied" },
	{ 0x1b, "CKR_ACTION_PROHIBITED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the token's policy forbids this for this object" },
	{ 0x20, "CKR_DATA_INVALID", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the input is not what the mechanism wants" },
	{ 0x21, "CKR_DATA_LEN_RANGE", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the input is too long or too short for this key and mechanism" },
	{ 0x30, "CKR_DEVICE_ERROR", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the HSM or the link to it failed: see that it is reachable and in service" },
	{ 0x31, "CKR_DEVICE_MEMORY", RV_BUSY, SIDE_SERVER, HF_BUSY,
	  "the HSM has no memory left for objects or sessions: fewer sessions, or remove objects" },
	{ 0x32, "CKR_DEVICE_REMOVED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the HSM or the link to it is gone: see that it is reachable and in service" },
	{ 0x40, "CKR_ENCRYPTED_DATA_INVALID", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key does not decrypt: it was altered, or wrapped by another master key" },
	{ 0x41, "CKR_ENCRYPTED_DATA_LEN_RANGE", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key has an impossible length: it was altered" },
	{ 0x42, "CKR_AEAD_DECRYPT_FAILED", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key does not authenticate: it was altered, or wrapped by another master key" },
	{ 0x50, "CKR_FUNCTION_CANCELED", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the call was cancelled" },
	{ 0x51, "CKR_FUNCTION_NOT_PARALLEL", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module has no parallel functions" },
	{ 0x54, "CKR_FUNCTION_NOT_SUPPORTED", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module does not have this function" },
	{ 0x60, "CKR_KEY_HANDLE_INVALID", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the key's handle is stale" },
	{ 0x62, "CKR_KEY_SIZE_RANGE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not have keys of this size" },
	{ 0x63, "CKR_KEY_TYPE_INCONSISTENT", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "this mechanism is not for this type of key" },
	{ 0x64, "CKR_KEY_NOT_NEEDED", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "a key was given where none is wanted" },
	{ 0x65, "CKR_KEY_CHANGED", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "the key is not the one of the saved state" },
	{ 0x66, "CKR_KEY_NEEDED", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "the saved state needs its key" },
	{ 0x67, "CKR_KEY_INDIGESTIBLE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "this key cannot be digested" },
	{ 0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the key's attributes forbid this use" },
	{ 0x69, "CKR_KEY_NOT_WRAPPABLE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not wrap this type of key: it can live as a resident key only (--allow-resident)" },
	{ 0x6a, "CKR_KEY_UNEXTRACTABLE", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the key is marked as never leaving the HSM, or the HSM's policy forbids wrapping private keys" },
	{ 0x70, "CKR_MECHANISM_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not have this mechanism, or its policy (FIPS mode) forbids it" },
	{ 0x71, "CKR_MECHANISM_PARAM_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM refuses the mechanism's parameter" },
	{ 0x82, "CKR_OBJECT_HANDLE_INVALID", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the object's handle is stale" },
	{ 0x90, "CKR_OPERATION_ACTIVE", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the session is busy with another operation" },
	{ 0x91, "CKR_OPERATION_NOT_INITIALIZED", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the session has lost its operation" },
	{ 0xa0, "CKR_PIN_INCORRECT", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN is wrong: correct it before it is tried again, since each try counts towards locking the token" },
	{ 0xa1, "CKR_PIN_INVALID", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN has characters that the token does not take" },
	{ 0xa2, "CKR_PIN_LEN_RANGE", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN is too long or too short for this token" },
	{ 0xa3, "CKR_PIN_EXPIRED", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN has expired: set a new one with the HSM's own tools" },
	{ 0xa4, "CKR_PIN_LOCKED", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN is locked: the security officer has to unlock it with the HSM's own tools" },
	{ 0xb0, "CKR_SESSION_CLOSED", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the session was closed under us" },
	{ 0xb1, "CKR_SESSION_COUNT", RV_BUSY, SIDE_SERVER, HF_BUSY,
	  "the token has no more sessions: use fewer signers (--sessions), or raise its limit" },
	{ 0xb3, "CKR_SESSION_HANDLE_INVALID", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the session's handle is stale" },
	{ 0xb4, "CKR_SESSION_PARALLEL_NOT_SUPPORTED", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module takes no parallel sessions" },
	{ 0xb5, "CKR_SESSION_READ_ONLY", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "the session is read-only: this needs one that may write" },
	{ 0xb6, "CKR_SESSION_EXISTS", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "another session is open on this token: end the other program first" },
	{ 0xb7, "CKR_SESSION_READ_ONLY_EXISTS", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "a read-only session is open, which keeps the security officer out" },
	{ 0xb8, "CKR_SESSION_READ_WRITE_SO_EXISTS", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the security officer is logged in on this token: log out there first" },
	{ 0xc0, "CKR_SIGNATURE_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNAUTHENTIC,
	  "the signature or MAC does not verify" },
	{ 0xc1, "CKR_SIGNATURE_LEN_RANGE", RV_REQUEST, SIDE_CLIENT, HF_UNAUTHENTIC,
	  "the signature or MAC has the wrong length" },
	{ 0xd0, "CKR_TEMPLATE_INCOMPLETE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module wants more in its template: run `holdfast hsm check` against it" },
	{ 0xd1, "CKR_TEMPLATE_INCONSISTENT", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the module refuses this template, or its policy does: run `holdfast hsm check` against it" },
	{ 0xe0, "CKR_TOKEN_NOT_PRESENT", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the token is not there: see that the HSM is connected and in service" },
	{ 0xe1, "CKR_TOKEN_NOT_RECOGNIZED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the module does not recognise the token: it may not be initialised" },
	{ 0xe2, "CKR_TOKEN_WRITE_PROTECTED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the token is write-protected" },
	{ 0xf0, "CKR_UNWRAPPING_KEY_HANDLE_INVALID", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the master key's handle is stale, or the token was lost" },
	{ 0xf1, "CKR_UNWRAPPING_KEY_SIZE_RANGE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the master key has the wrong size for this mechanism" },
	{ 0xf2, "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the master key has the wrong type for this mechanism" },
	{ 0x100, "CKR_USER_ALREADY_LOGGED_IN", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "logged in already" },
	{ 0x101, "CKR_USER_NOT_LOGGED_IN", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the login was lost" },
	{ 0x102, "CKR_USER_PIN_NOT_INITIALIZED", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the token has no user PIN yet: set it with the HSM's own tools" },
	{ 0x103, "CKR_USER_TYPE_INVALID", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the token does not know this kind of user" },
	{ 0x104, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "another user is logged in on this token: log out there first" },
	{ 0x105, "CKR_USER_TOO_MANY_TYPES", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "too many kinds of user are logged in on this token" },
	{ 0x110, "CKR_WRAPPED_KEY_INVALID", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key is not valid: it was altered, or wrapped by another master key" },
	{ 0x112, "CKR_WRAPPED_KEY_LEN_RANGE", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key has an impossible length: it was altered" },
	{ 0x113, "CKR_WRAPPING_KEY_HANDLE_INVALID", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the master key's handle is stale, or the token was lost" },
	{ 0x114, "CKR_WRAPPING_KEY_SIZE_RANGE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the master key has the wrong size for this mechanism" },
	{ 0x115, "CKR_WRAPPING_KEY_TYPE_INCONSISTENT", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the master key has the wrong type for this mechanism" },
	{ 0x120, "CKR_RANDOM_SEED_NOT_SUPPORTED", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM takes no seed" },
	{ 0x121, "CKR_RANDOM_NO_RNG", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM has no random numbers" },
	{ 0x130, "CKR_DOMAIN_PARAMS_INVALID", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not know this curve or this encoding of it" },
	{ 0x140, "CKR_CURVE_NOT_SUPPORTED", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not have this curve" },
	{ 0x150, "CKR_BUFFER_TOO_SMALL", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the HSM's answer is longer than anything we expect" },
	{ 0x160, "CKR_SAVED_STATE_INVALID", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the saved state is not valid" },
	{ 0x170, "CKR_INFORMATION_SENSITIVE", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the information is secret" },
	{ 0x180, "CKR_STATE_UNSAVEABLE", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the state cannot be saved" },
	{ 0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the module has lost its initialisation" },
	{ 0x191, "CKR_CRYPTOKI_ALREADY_INITIALIZED", RV_REQUEST, SIDE_CLIENT, HF_STATE,
	  "the module is initialised already" },
	{ 0x1a0, "CKR_MUTEX_BAD", RV_REINIT, SIDE_SERVER, HF_IO,
	  "a lock inside the module is broken" },
	{ 0x1a1, "CKR_MUTEX_NOT_LOCKED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "a lock inside the module is broken" },
	{ 0x1b0, "CKR_NEW_PIN_MODE", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the token wants a new PIN: set it with the HSM's own tools" },
	{ 0x1b1, "CKR_NEXT_OTP", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the token wants the next one-time password" },
	{ 0x1b5, "CKR_EXCEEDED_MAX_ITERATIONS", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the HSM gave up on generating parameters" },
	{ 0x1b6, "CKR_FIPS_SELF_TEST_FAILED", RV_STOP, SIDE_SERVER, HF_STOP,
	  "the HSM failed its self-test and is out of service: see the vendor's manual" },
	{ 0x1b7, "CKR_LIBRARY_LOAD_FAILED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the module could not load a library that it needs" },
	{ 0x1b8, "CKR_PIN_TOO_WEAK", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the PIN is too weak for this token" },
	{ 0x1b9, "CKR_PUBLIC_KEY_INVALID", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the public key is not valid" },
	{ 0x200, "CKR_FUNCTION_REJECTED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the HSM rejected the request, by policy or by its operator" },
	{ 0x201, "CKR_TOKEN_RESOURCE_EXCEEDED", RV_BUSY, SIDE_SERVER, HF_BUSY,
	  "the HSM is at its limit: fewer sessions or requests" },
	{ 0x202, "CKR_OPERATION_CANCEL_FAILED", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the operation could not be cancelled" },
	{ 0x203, "CKR_KEY_EXHAUSTED", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the key has reached its limit of uses" },
	{ 0x80000004, "CKR_RC_ERROR (Luna)", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the HSM or the link to it failed: see that it is reachable and in service" },
	{ 0x80000007, "CKR_USER_LOCKED_OUT (Luna)", RV_STOP, SIDE_CONFIG, HF_STOP,
	  "the user is locked out: the security officer has to reset the PIN" },
	{ 0x8000000d, "CKR_WRAPPING_ERROR (Luna)", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM did not wrap the key: see that partition policy 1 (private key wrapping) is on" },
	{ 0x8000000e, "CKR_UNWRAPPING_ERROR (Luna)", RV_REQUEST, SIDE_CLIENT, HF_CORRUPT,
	  "the wrapped key does not unwrap: it was altered, or wrapped by another master key" },
	{ 0x8000001a, "CKR_USER_NOT_AUTHORIZED (Luna)", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "this user's role may not do this" },
	{ 0x8000001b, "CKR_MAX_OBJECT_COUNT_EXCEEDED (Luna)", RV_BUSY, SIDE_CLIENT, HF_BUSY,
	  "the HSM has no room left for objects: remove some" },
	{ 0x8000001f, "CKR_UNABLE_TO_CONNECT (Luna)", RV_REINIT, SIDE_SERVER, HF_IO,
	  "no connection to the HSM: see the network and the client's registration" },
	{ 0x80000020, "CKR_PARTITION_DISABLED (Luna)", RV_STOP, SIDE_SERVER, HF_STOP,
	  "the partition is disabled: see the HSM's console" },
	{ 0x80000024, "CKR_TIMEOUT (Luna)", RV_RETRY_SESSION, SIDE_SERVER, HF_CLOSED,
	  "the HSM did not answer in time" },
	{ 0x80000025, "CKR_ECC_UNKNOWN_CURVE (Luna)", RV_REQUEST, SIDE_CLIENT, HF_UNSUPPORTED,
	  "the HSM does not have this curve" },
	{ 0x8000002a, "CKR_HSM_STORAGE_FULL (Luna)", RV_BUSY, SIDE_CLIENT, HF_BUSY,
	  "the HSM's storage is full: remove objects" },
	{ 0x8000002b, "CKR_DEVICE_TIMEOUT (Luna)", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the HSM did not answer in time" },
	{ 0x8000002c, "CKR_CONTAINER_OBJECT_STORAGE_FULL (Luna)", RV_BUSY, SIDE_CLIENT, HF_BUSY,
	  "the partition's storage is full: remove objects, or make it larger" },
	{ 0x8000002f, "CKR_ECC_POINT_INVALID (Luna)", RV_REQUEST, SIDE_CLIENT, HF_INVALID,
	  "the HSM refuses the encoding of a point" },
	{ 0x80000030, "CKR_OPERATION_NOT_ALLOWED (Luna)", RV_REQUEST, SIDE_CLIENT, HF_DENIED,
	  "the partition's policy forbids this" },
	{ 0x80000041, "CKR_AGAIN (Luna)", RV_BUSY, SIDE_SERVER, HF_BUSY,
	  "the HSM asks to try again" },
	{ 0x80000076, "CKR_HSM_TAMPERED (Luna)", RV_STOP, SIDE_SERVER, HF_STOP,
	  "the HSM reports tampering and is out of service: see the vendor's manual" },
	{ 0x8000008d, "CKR_HSM_RESTART_REQUIRED (Luna)", RV_STOP, SIDE_SERVER, HF_STOP,
	  "the HSM has to be restarted" },
	{ 0xce534351, "CKR_NSS_CERTDB_FAILED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the NSS certificate database cannot be used: see the path in --module-args" },
	{ 0xce534352, "CKR_NSS_KEYDB_FAILED", RV_REINIT, SIDE_SERVER, HF_IO,
	  "the NSS key database cannot be used: see the path in --module-args" },
};
/* clang-format on */

static const struct p11_rv_info unknown = {
	CKR_VENDOR_DEFINED,
	"unknown return code",
	RV_REINIT,
	SIDE_SERVER,
	HF_IO,
	"not in PKCS#11 and of no vendor that we know: look it up in the vendor's manual",
};

const struct p11_rv_info *p11_rv_table(size_t *ret_count)
{
	*ret_count = HF_COUNT(table);
	return table;
}

const struct p11_rv_info *p11_rv_info(CK_RV rv)
{
	size_t low = 0, high = HF_COUNT(table);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (table[mid].rv == rv)
			return &table[mid];
		if (table[mid].rv < rv)
			low = mid + 1;
		else
			high = mid;
	}
	return &unknown;
}

enum rv_class p11_class_of(enum hf_code code)
{
	switch (code) {
	case HF_OK:
		return RV_OK;
	case HF_CLOSED:
		return RV_RETRY_SESSION;
	case HF_BUSY:
	case HF_NOMEM:
		return RV_BUSY;
	case HF_IO:
	case HF_TIMEOUT:
	case HF_INTERNAL:
		return RV_REINIT;
	case HF_STOP:
		return RV_STOP;
	case HF_INVALID:
	case HF_TOOBIG:
	case HF_NOTFOUND:
	case HF_EXISTS:
	case HF_DENIED:
	case HF_UNAUTHENTIC:
	case HF_UNSUPPORTED:
	case HF_CORRUPT:
	case HF_STATE:
		return RV_REQUEST;
	case HF_CODE_COUNT_:
		break;
	}
	return RV_REINIT;
}

bool p11_is_unhealthy(CK_RV rv, enum hf_code code)
{
	const struct p11_rv_info *info = p11_rv_info(rv);

	if (rv != CKR_OK && info->code == code)
		return info->side == SIDE_SERVER;
	switch (p11_class_of(code)) {
	case RV_RETRY_SESSION:
	case RV_BUSY:
	case RV_REINIT:
		return true;
	case RV_OK:
	case RV_REQUEST:
	case RV_STOP:
		break;
	}
	return false;
}

bool p11_pin_is_wrong(CK_RV rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE;
}

const char *p11_class_name(enum rv_class class)
{
	switch (class) {
	case RV_OK:
		return "ok";
	case RV_RETRY_SESSION:
		return "retry-session";
	case RV_BUSY:
		return "busy";
	case RV_REINIT:
		return "reinit";
	case RV_REQUEST:
		return "request";
	case RV_STOP:
		return "stop";
	}
	return "reinit";
}

hf_status p11_fail(struct hf_err *err, CK_RV rv, const char *call)
{
	const struct p11_rv_info *info = p11_rv_info(rv);

	if (rv == CKR_OK)
		return HF_SUCCESS;
	return hf_fail(err, info->code, "%s: %s (0x%lx): %s", call, info->name, rv, info->next);
}
