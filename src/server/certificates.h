/* SPDX-License-Identifier: Apache-2.0
 * Keeps the listeners' certificates, keys, authorities and CRLs those of their files: looks once a
 * second on a thread of its own. For listeners.c and server.c only. */
#ifndef HF_SERVER_CERTIFICATES_H
#define HF_SERVER_CERTIFICATES_H

#include "base/status.h"
#include "http/cert_dates.h"

struct server;
struct certificates;

/* Once the files have been read: from here on s->certificates and s->health.dates are there. */
HF_MUST hf_status certificates_new(struct server *s);
/* Once the listeners are open. */
HF_MUST hf_status certificates_watch(struct server *s, struct hf_err *err);
/* Before they are closed. */
void certificates_unwatch(struct server *s);
/* After that. NULL is fine. */
void certificates_free(struct certificates *c);

/* SIGHUP: looks now, and says at once what is wrong. */
void certificates_look(struct server *s);

#endif
