/* SPDX-License-Identifier: Apache-2.0
 * The sessions that are open in this process, and when each was last used. */
#ifndef HF_TESTS_SESSIONS_H
#define HF_TESTS_SESSIONS_H

#include "p11/ck.h"

#include <stdbool.h>
#include <stdint.h>

void session_opened(CK_SESSION_HANDLE s);
void session_closed(CK_SESSION_HANDLE s);
void sessions_forget(void);
unsigned sessions_open(void);

/* Around each call in a session: what is inside the module is not idle. */
void session_enter(CK_SESSION_HANDLE s);
void session_leave(CK_SESSION_HANDLE s);
/* A session that nobody used for that long, which is forgotten herewith; false: none. */
bool session_idle(int64_t idle_us, CK_SESSION_HANDLE *ret);

#endif
