/* SPDX-License-Identifier: Apache-2.0
 * Status: the one error convention of Holdfast.
 *
 * A function that may fail returns hf_status, a struct rather than an int, so that a result
 * can be neither ignored nor confused with data. Where a person will read the reason (a job, an
 * HTTP request, a command), the function also takes a `struct hf_err *`, which may be NULL and
 * is written only on failure. Library code neither logs above debug nor exits. */
#ifndef HF_BASE_STATUS_H
#define HF_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

enum hf_code {
	HF_OK = 0,
	HF_NOMEM,       /* allocation failed */
	HF_INVALID,     /* the caller's input is malformed */
	HF_TOOBIG,      /* a named limit is exceeded */
	HF_NOTFOUND,    /* no such thing, or not yours */
	HF_EXISTS,      /* it is there already, and differs */
	HF_DENIED,      /* understood and refused */
	HF_UNAUTHENTIC, /* a signature, MAC or token does not verify */
	HF_IO,          /* the operating system or a peer failed us */
	HF_TIMEOUT,     /* a deadline passed */
	HF_CLOSED,      /* the other side is gone */
	HF_BUSY,        /* not now: try again later */
	HF_UNSUPPORTED, /* known, but not available here */
	HF_CORRUPT,     /* stored data contradicts itself */
	HF_STATE,       /* not possible in the present state */
	HF_STOP,        /* an operator has to act; trying again by itself would do harm */
	HF_INTERNAL,    /* a broken invariant of ours */
	HF_CODE_COUNT_
};

typedef struct {
	enum hf_code code;
} hf_status; /* not an int on purpose */

#define HF_MUST __attribute__((warn_unused_result))
#define HF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define HF_SUCCESS ((hf_status){ HF_OK })
#define HF_FAILURE(c) ((hf_status){ c })

/* The only two macros with control flow in them. */
#define HF_TRY(e)                                                                                  \
	do {                                                                                       \
		hf_status try_ = (e);                                                              \
		if (try_.code != HF_OK)                                                            \
			return try_;                                                               \
	} while (0)
#define HF_ENSURE(cond, c)                                                                         \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return HF_FAILURE(c);                                                      \
	} while (0)

static inline int hf_ok(hf_status s)
{
	return s.code == HF_OK;
}

/* For clean-up paths where a second failure has nobody to be told to. */
static inline void hf_ignore(hf_status s)
{
	(void)s;
}

/* The code's short name ("not-found"), a static string; never NULL. */
const char *hf_code_name(enum hf_code code);

#define HF_ERR_TEXT_MAX 1024

/* What a person reads: what went wrong, with what, and what to do next. */
struct hf_err {
	enum hf_code code;
	char text[HF_ERR_TEXT_MAX];
};

/* Writes the text (cut off at HF_ERR_TEXT_MAX) if err is not NULL, and returns `code` as status. */
HF_MUST HF_PRINTF(3, 4) hf_status
        hf_fail(struct hf_err *err, enum hf_code code, const char *fmt, ...);

/* Puts "context: " before err's text, and returns `s` unchanged. Does nothing when s is OK. */
HF_MUST HF_PRINTF(3, 4) hf_status hf_context(struct hf_err *err, hf_status s, const char *fmt, ...);

#endif
