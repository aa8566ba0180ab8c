/* SPDX-License-Identifier: Apache-2.0
 * Keeps the listeners' certificates, keys, authorities and CRLs those of their files: looks once a
 * second on a thread of its own. For listeners.c and server.c only. */
#ifndef HF_SERVER_CERTIFICATES_H
#define HF_SERVER_CERTIFICATES_H

#include "base/status.h"
#include "http/cert_dates.h"

struct server;

/* Once the listeners are open. */
HF_MUST hf_status certificates_watch(struct server *s, struct hf_err *err);
/* Before they are closed. NULL and twice are fine. */
void certificates_unwatch(struct server *s);
/* SIGHUP: looks now, and says at once what is wrong. */
void certificates_look(struct server *s);

/* For metrics and health; NULL before certificates_watch(). */
struct cert_dates *certificates_dates(struct server *s);

#endif
