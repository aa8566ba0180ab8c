/* SPDX-License-Identifier: Apache-2.0
 * Starting a thread of a program whose signals belong to its main thread: the new one takes none,
 * not even for the moment in which it starts, and so a peer that is gone is an error to handle
 * there, not a SIGPIPE. */
#ifndef HF_BASE_THREAD_H
#define HF_BASE_THREAD_H

#include "base/status.h"

#include <pthread.h>

/* `what` is for people: "database", "health". The caller joins *ret. HF_NOMEM with words. Any
 * thread. */
HF_MUST hf_status hf_thread_start(const char *what, void *(*run)(void *arg), void *arg,
                                  pthread_t *ret, struct hf_err *err);

#endif
