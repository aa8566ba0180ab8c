/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <signal.h>
#include <string.h>

hf_status hf_thread_start(const char *what, void *(*run)(void *arg), void *arg, pthread_t *ret,
                          struct hf_err *err)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(ret, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return hf_fail(err, HF_NOMEM, "cannot start the %s thread: %s", what,
		               strerror(failed));
	return HF_SUCCESS;
}
