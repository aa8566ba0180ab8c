/* SPDX-License-Identifier: Apache-2.0
 * The one table of PKCS#11 return codes: what each means for us. Health, retry, failover and error
 * texts all read it.
 *
 * The class and the hf_code say the same thing, so that a caller who holds only a status knows what
 * to do next:
 *
 *   RV_RETRY_SESSION  HF_CLOSED   open a new session and try again; twice in a row is RV_REINIT
 *   RV_BUSY           HF_BUSY     alive but overloaded: wait with jitter, ask less, do not tear
 * down RV_REINIT         HF_IO       link or device lost: C_Finalize, C_Initialize, log in; then a
 * new process RV_REQUEST        the others  this request's own fault; the HSM is healthy, the
 * session stays RV_STOP           HF_STOP     an operator has to act; trying again by itself may
 * lock the token
 *
 * A code that is not in the table is RV_REINIT: of the two mistakes, re-initialising once too often
 * costs milliseconds, using a broken session for ever costs the service. A job that meets one again
 * and again ends by its own number of attempts. */
#ifndef HF_P11_RV_H
#define HF_P11_RV_H

#include "base/status.h"
#include "p11/ck.h"

#include <stdbool.h>

enum rv_class { RV_OK, RV_RETRY_SESSION, RV_BUSY, RV_REINIT, RV_REQUEST, RV_STOP };

/* Whose fault it is: what a load balancer in front of several HSMs wants to know. What a new
 * session may cure is SERVER once that was tried. */
enum rv_side {
	SIDE_CLIENT, /* the request's, whichever HSM has it: says nothing about this one */
	SIDE_SERVER, /* the HSM's, its link's or its library's: the slot is ill */
	SIDE_CONFIG, /* the operator's: the PIN, the slot's number. Not ill, but not to be used */
};

struct p11_rv_info {
	CK_RV rv;
	const char *name; /* "CKR_DEVICE_ERROR" */
	enum rv_class class;
	enum rv_side side;
	enum hf_code code;
	const char *next; /* what it means or what to do, for a person */
};

/* Never NULL; an unknown code gives an entry named "unknown return code". */
const struct p11_rv_info *p11_rv_info(CK_RV rv);

/* All rows, in the order of their codes. */
const struct p11_rv_info *p11_rv_table(size_t *ret_count);

/* What to do after a failure with this code, by the list above. */
enum rv_class p11_class_of(enum hf_code code);
/* Does a failure with this code say that the slot is ill? `rv`: of the last call that failed, or
 * CKR_OK; it counts if it is what the code came from. */
bool p11_is_unhealthy(CK_RV rv, enum hf_code code);
/* Is it the PIN that was put to the token that is wrong? Of a PIN that is locked or has expired,
 * and the like, the token does not say so: it may be right. */
bool p11_pin_is_wrong(CK_RV rv);
/* "ok", "retry-session", "busy", "reinit", "request", "stop" */
const char *p11_class_name(enum rv_class class);

/* "C_Sign: CKR_DEVICE_ERROR (0x30): what to do", with the code of the table. CKR_OK gives
 * HF_SUCCESS. */
HF_MUST hf_status p11_fail(struct hf_err *err, CK_RV rv, const char *call);

#endif
