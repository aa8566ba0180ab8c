/* SPDX-License-Identifier: Apache-2.0
 * Until when the certificates and CRLs that this process uses are good: warnings in the log 14, 3
 * and 1 days before and when it is over, each once, and metrics. Any thread. */
#ifndef HF_HTTP_CERT_DATES_H
#define HF_HTTP_CERT_DATES_H

#include "crypto/tls.h"
#include "http/server.h"

struct cert_dates;

HF_MUST hf_status cert_dates_new(struct cert_dates **ret);
void cert_dates_free(struct cert_dates *c);
HF_DEFINE_CLEANUP(cert_dates_free, struct cert_dates *)

/* Replaces those of this use ("api", "driver": a text that stays). Beyond TLS_DATES_MAX in all they
 * are left out. */
void cert_dates_set(struct cert_dates *c, const char *use, const struct tls_date *dates, size_t n);

/* Logs what has come closer to its end since it was said last. */
void cert_dates_warn(struct cert_dates *c, int64_t now_s);
/* What will be over within 14 days, or is: for /health. Calls `say` for each. */
void cert_dates_near(struct cert_dates *c, int64_t now_s, void (*say)(void *ctx, const char *words),
                     void *ctx);
/* Answers /health?verbose=1 of a process that is well: a line for each of these. `c` may be NULL.
 */
void cert_dates_reply(struct cert_dates *c, struct http_request *req);
/* holdfast_certificate_expires_seconds, holdfast_crl_due_seconds. */
void cert_dates_write(struct cert_dates *c, int64_t now_s, struct hf_buf *to);

#endif
