/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"

#include "base/scope.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

extern char **environ;

static const char *const kept_back[] = { "USER_PIN=", "CREDENTIALS_DIRECTORY=", "PGPASSWORD=",
	                                 "HOLDFAST_POSTGRES_URL=" };

static bool passes(const char *entry)
{
	for (size_t i = 0; i < HF_COUNT(kept_back); i++)
		if (strncmp(entry, kept_back[i], strlen(kept_back[i])) == 0)
			return false;
	return true;
}

/* Pointers into our own environment: the child copies them by its exec. */
static char **child_environment(const char *const *more)
{
	size_t n = 0, kept = 0, added = 0;
	char **env;

	while (environ && environ[n])
		n++;
	while (more && more[added])
		added++;
	env = calloc(n + added + 1, sizeof(*env));
	for (size_t i = 0; env && i < n; i++)
		if (passes(environ[i]))
			env[kept++] = environ[i];
	for (size_t i = 0; env && i < added; i++)
		env[kept++] = (char *)(uintptr_t)more[i];
	return env;
}

struct ends {
	int in[2], out[2], told[2]; /* told: the errno of a failed exec */
};

static void ends_close(struct ends *e)
{
	for (int i = 0; i < 2; i++) {
		hf_fd_close_at(&e->in[i]);
		hf_fd_close_at(&e->out[i]);
		hf_fd_close_at(&e->told[i]);
	}
}

/* Between fork and exec: async-signal-safe calls only. Never returns. */
static void become(const char *path, char *const argv[], char **env, const struct ends *e,
                   pid_t parent)
{
	static const int defaults[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t none;
	int error;

	sigemptyset(&none);
	for (size_t i = 0; i < HF_COUNT(defaults); i++)
		signal(defaults[i], SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(1);
	/* 3 reports a failed exec, and is closed by a successful one. The sources are above 3. */
	if (dup2(e->in[0], 0) == 0 && dup2(e->out[1], 1) == 1 &&
	    dup3(e->told[1], 3, O_CLOEXEC) == 3 && close_range(4, ~0u, 0) == 0)
		execve(path, argv, env);
	error = errno;
	if (write(3, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static hf_status pipe_high(int fds[2])
{
	int low[2];

	HF_ENSURE(pipe2(low, O_CLOEXEC) == 0, HF_IO);
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 4);
		close(low[i]);
	}
	HF_ENSURE(fds[0] >= 0 && fds[1] >= 0, HF_IO);
	return HF_SUCCESS;
}

/* 0 when the exec succeeded: the pipe closes without a word. */
static int exec_error(int told)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(told, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == 0 ? 0 : n == sizeof(error) ? error : EIO;
}

static hf_status start(const char *path, char *const argv[], const char *const *more,
                       struct ends *e, struct os_process *ret, int *exec_errno)
{
	HF_FREE char **env = child_environment(more);
	pid_t parent = getpid(), pid;
	int pidfd;

	HF_ENSURE(env, HF_NOMEM);
	HF_TRY(pipe_high(e->in));
	HF_TRY(pipe_high(e->out));
	HF_TRY(pipe_high(e->told));
	HF_TRY(os_fd_nonblock(e->in[1]));
	HF_TRY(os_fd_nonblock(e->out[0]));
	pid = fork();
	HF_ENSURE(pid >= 0, HF_IO);
	if (pid == 0)
		become(path, argv, env, e, parent);
	hf_fd_close_at(&e->told[1]);
	e->told[1] = -1;
	*exec_errno = exec_error(e->told[0]);
	pidfd = *exec_errno ? -1 : pidfd_open(pid, 0);
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return HF_FAILURE(*exec_errno == ENOENT ? HF_NOTFOUND : HF_IO);
	}
	*ret = (struct os_process){ .pid = pid, .pidfd = pidfd, .to = e->in[1], .from = e->out[0] };
	e->in[1] = e->out[0] = -1;
	return HF_SUCCESS;
}

hf_status os_spawn(const char *path, char *const argv[], const char *const *more,
                   struct os_process *ret, struct hf_err *err)
{
	struct ends e = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int exec_errno = 0;
	hf_status s = start(path, argv, more, &e, ret, &exec_errno);
	int saved = exec_errno ? exec_errno : errno;

	ends_close(&e);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot start %s: %s", path, strerror(saved));
	return s;
}

void os_process_hang_up(struct os_process *p)
{
	hf_fd_close_at(&p->to);
	p->to = -1;
}

void os_process_kill(const struct os_process *p)
{
	if (p->pid > 0)
		pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
}

hf_status os_process_wait(struct os_process *p, int timeout_ms, struct os_exit *ret)
{
	struct pollfd poll_fd = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t info = { 0 };
	int n;

	HF_ENSURE(p->pid > 0, HF_NOTFOUND);
	do {
		n = poll(&poll_fd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	HF_ENSURE(n > 0, n == 0 ? HF_TIMEOUT : HF_IO);
	HF_ENSURE(waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) == 0, HF_IO);
	p->pid = 0;
	*ret = (struct os_exit){ .by_signal = info.si_code != CLD_EXITED, .value = info.si_status };
	return HF_SUCCESS;
}

void os_process_done(struct os_process *p)
{
	struct os_exit gone;

	if (p->pid > 0) {
		os_process_kill(p);
		hf_ignore(os_process_wait(p, -1, &gone));
	}
	if (p->pidfd > 0)
		close(p->pidfd);
	if (p->to > 0)
		close(p->to);
	if (p->from > 0)
		close(p->from);
	*p = (struct os_process){ .pidfd = -1, .to = -1, .from = -1 };
}

uint64_t os_process_rss(pid_t pid)
{
	char path[64];
	unsigned long long resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu", &resident) != 1)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

int64_t os_process_cpu_us(pid_t pid)
{
	unsigned long long user = 0, system = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* proc(5): fields 14 and 15; our programs have no parenthesis in their names */
	if (fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
	           &system) != 2)
		user = system = 0;
	fclose(f);
	return (int64_t)((user + system) * 1000000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static int64_t children_of_thread_cpu_us(pid_t pid, const char *thread)
{
	int64_t sum = 0;
	char path[300];
	FILE *f;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%.200s/children", (int)pid, thread);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fscanf(f, "%d", &child) == 1)
		sum += os_process_cpu_us(child);
	fclose(f);
	return sum;
}

int64_t os_process_children_cpu_us(pid_t pid)
{
	const struct dirent *entry;
	int64_t sum = 0;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return 0;
	while ((entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			sum += children_of_thread_cpu_us(pid, entry->d_name);
	closedir(threads);
	return sum;
}

void os_die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

void os_outlive_parent(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
}
