/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/errors.h"

void crypto_error_body(struct hf_buf *to, int status, const char *message)
{
	hf_buf_text(to, message);
}

int crypto_error_status(enum hf_code code)
{
	switch (code) {
	case HF_OK:
		return 200;
	case HF_INVALID:
	case HF_STATE:
	case HF_UNAUTHENTIC:
		return 400;
	case HF_DENIED:
		return 403;
	case HF_NOTFOUND:
		return 404;
	case HF_EXISTS:
		return 409;
	case HF_TOOBIG:
		return 413;
	case HF_UNSUPPORTED:
		return 501;
	case HF_IO:
		return 502;
	case HF_BUSY:
	case HF_CLOSED:
	case HF_STOP:
		return 503;
	case HF_TIMEOUT:
		return 504;
	case HF_NOMEM:
	case HF_CORRUPT:
	case HF_INTERNAL:
	case HF_CODE_COUNT_:
		return 500;
	}
	return 500;
}

const char *crypto_error_words(enum hf_code code)
{
	switch (code) {
	case HF_BUSY:
		return "the server is busy, or its database cannot be reached: try again";
	case HF_TIMEOUT:
		return "no answer came in time: try again";
	case HF_CLOSED:
		return "the server is stopping: try again";
	case HF_STOP:
		return "an operator has to act first: see the server's log";
	case HF_NOTFOUND:
		return "not found";
	case HF_INVALID:
		return "the request is malformed";
	case HF_TOOBIG:
		return "the request, or its answer, is too large";
	case HF_DENIED:
		return "not permitted";
	case HF_UNAUTHENTIC:
		return "the data does not verify";
	case HF_EXISTS:
		return "it exists already";
	case HF_STATE:
		return "not possible in the present state";
	case HF_UNSUPPORTED:
		return "not supported here";
	case HF_IO:
		return "the HSM, or what stands before it, did not answer";
	case HF_OK:
	case HF_NOMEM:
	case HF_CORRUPT:
	case HF_INTERNAL:
	case HF_CODE_COUNT_:
		break;
	}
	return "internal error: see the server's log";
}
