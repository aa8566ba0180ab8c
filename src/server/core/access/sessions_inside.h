/* SPDX-License-Identifier: Apache-2.0
 * What sessions.c (sessions in the database) and session_memory.c (who has proved what) share. For
 * these two only. */
#ifndef HF_SERVER_CORE_ACCESS_SESSIONS_INSIDE_H
#define HF_SERVER_CORE_ACCESS_SESSIONS_INSIDE_H

#include "server/core/access/sessions.h"

/* How long a session of an app lasts without a use, and one of a user in all. */
int64_t sessions_app_idle_ms(const struct crypto_sessions *s);
int64_t sessions_user_ms(const struct crypto_sessions *s);

/* `ms`, but not beyond `end_ms` (0: no such time). */
static inline int64_t session_no_later(int64_t ms, int64_t end_ms)
{
	return end_ms && ms > end_ms ? end_ms : ms;
}

#endif
