/* SPDX-License-Identifier: Apache-2.0 */
#include "os/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static hf_status open_set(const sigset_t *set, int *ret)
{
	int fd;

	HF_ENSURE(sigprocmask(SIG_BLOCK, set, NULL) == 0, HF_IO);
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	HF_ENSURE(fd >= 0, HF_IO);
	*ret = fd;
	return HF_SUCCESS;
}

hf_status os_signals_open(int *ret)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	return open_set(&set, ret);
}

hf_status os_signals_open_hup(int *ret)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	return open_set(&set, ret);
}

int os_signals_read(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void os_signals_ignore(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}
