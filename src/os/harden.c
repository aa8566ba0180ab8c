/* SPDX-License-Identifier: Apache-2.0 */
#include "os/harden.h"

#include "base/scope.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The leak checker of the sanitizers attaches to its own process. */
#if defined(__SANITIZE_ADDRESS__)
#define TRACED_BY_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRACED_BY_SANITIZER 1
#endif
#endif
#ifndef TRACED_BY_SANITIZER
#define TRACED_BY_SANITIZER 0
#endif

void os_harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (!TRACED_BY_SANITIZER)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* also makes /proc/self/mem root's */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Not in the list, on purpose: connect (network HSMs), bind (glibc's resolver and libusb bind
 * netlink sockets; without listen it opens no service), clone (threads), ioctl (device files),
 * shmget and friends (openCryptoki, IBM and Thales clients share memory with their daemons). */
static const int forbidden[] = {
	/* Looking into other processes: the driver's memory holds its TLS key. */
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	/* Becoming another program: whoever takes over the process gets no shell. */
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	/* Offering a service. */
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	/* The kernel itself. */
	SCMP_SYS(bpf),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	/* Other views of the file system and of the machine. */
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(open_by_handle_at),
};

static int fill(scmp_filter_ctx ctx)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < HF_COUNT(forbidden); i++)
		e = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
	if (e == 0 && !TRACED_BY_SANITIZER)
		e = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ptrace), 0);
	return e;
}

hf_status os_sandbox_module(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int e;

	HF_ENSURE(ctx, HF_NOMEM);
	e = fill(ctx);
	if (e == 0)
		e = seccomp_load(ctx);
	seccomp_release(ctx);
	HF_ENSURE(e == 0, HF_UNSUPPORTED);
	return HF_SUCCESS;
}
