/* SPDX-License-Identifier: Apache-2.0
 * Object handles as a module with small tables gives them: a number that was destroyed is the next
 * one to be given out. Without handles_begin(true), all numbers are the real module's. */
#ifndef HF_TESTS_HANDLES_H
#define HF_TESTS_HANDLES_H

#include "p11/ck.h"

#include <stdbool.h>

/* Forgets all, and says how it is from now on. */
void handles_begin(bool reuse);
/* Our number for a real one; `session` owns it, 0: a token object. */
CK_OBJECT_HANDLE handle_give(CK_OBJECT_HANDLE real, CK_SESSION_HANDLE session);
/* The real number, or 0 when there is no such object any more. */
CK_OBJECT_HANDLE handle_real(CK_OBJECT_HANDLE ours);
void handle_gone(CK_OBJECT_HANDLE ours);
/* The session's objects went with it. */
void handles_session_gone(CK_SESSION_HANDLE session);

#endif
