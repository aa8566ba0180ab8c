/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include "places_impl.h"

#include "base/clock.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_MS = 60000,
	STOP_MS = 5000,
	LISTENED_AT = 1 << 16, /* a socket's flag in /proc/net/unix */
};

/* Vendors' libraries leak a little by themselves (signers are recycled for that); their frames are
 * seen only by the slow unwinder. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2.so\nleak:libopencryptoki.so\nleak:libpkcs11_sw.so\n"
	       "leak:libtpm2_pkcs11.so\nleak:libsoftokn3.so\nleak:libtss2\n";
}

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

static const struct place_kind *const kinds[] = { &place_softhsm, &place_nss, &place_opencryptoki,
	                                          &place_tpm2 };

const struct place_kind *place_kind(const char *name)
{
	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	fprintf(stderr, "there is no token called %s\n", name);
	exit(1);
}

void place_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void place_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		place_fail(path);
}

void place_daemon(struct place *p, char *const argv[])
{
	pid_t parent = getpid(), pid = fork();
	int null;

	if (pid < 0)
		place_fail("fork");
	if (pid > 0) {
		p->daemons[p->n_daemons++] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* whatever becomes of the test */
	if (getppid() != parent)
		_exit(1);
	null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/* A socket's file is there a moment before anybody listens. To connect would tell, too, but would
 * not go unnoticed. */
static bool is_listened_at(const char *path)
{
	struct stat here, there;
	char line[512], at[256];
	unsigned flags;
	bool found = false;
	FILE *f;

	if (stat(path, &here) != 0)
		return false;
	f = fopen("/proc/net/unix", "r");
	if (!f)
		place_fail("/proc/net/unix");
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*s %*s %x %*s %*s %*s %255s", &flags, at) == 2 &&
		        (flags & LISTENED_AT) && stat(at, &there) == 0 &&
		        there.st_dev == here.st_dev && there.st_ino == here.st_ino;
	fclose(f);
	return found;
}

bool place_wait_for(const char *path)
{
	int64_t until = hf_mono_ms() + START_MS;

	while (!is_listened_at(path)) {
		if (hf_mono_ms() > until)
			return false;
		usleep(5000);
	}
	return true;
}

static bool wait_end(pid_t pid, int ms, int *status)
{
	int64_t until = hf_mono_ms() + ms;

	while (waitpid(pid, status, WNOHANG) == 0) {
		if (hf_mono_ms() > until)
			return false;
		usleep(2000);
	}
	return true;
}

/* In a process of its own, since vendors' libraries are neither unloaded nor forked well. Tried
 * again while a daemon that was started a moment ago does not answer yet. */
static void initialise(struct place *p)
{
	int64_t until = hf_mono_ms() + START_MS;
	int status = 0;

	do {
		pid_t pid = fork();

		if (pid == 0) {
			p->kind->initialise(p);
			_exit(0);
		}
		if (pid < 0 || !wait_end(pid, START_MS, &status))
			place_fail("making a token");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		usleep(20000);
	} while (WIFEXITED(status) && WEXITSTATUS(status) == PLACE_NOT_YET && hf_mono_ms() < until);
	fprintf(stderr, "%s: the token could not be made (status 0x%x)\n", p->kind->name, status);
	place_remove(p);
	exit(1);
}

static void skip(struct place *p, const char *why)
{
	place_remove(p);
	printf("1..0 # SKIP %s: %s\n", p->kind->name, why);
	exit(77);
}

static void find_module(struct place *p)
{
	static const char *const folders[] = { "/usr/lib", "/usr/lib/x86_64-linux-gnu",
		                               "/usr/lib/aarch64-linux-gnu" };

	for (size_t i = 0; i < HF_COUNT(folders); i++) {
		snprintf(p->module, sizeof(p->module), "%s/%s", folders[i], p->kind->module);
		if (access(p->module, R_OK) == 0)
			return;
	}
	skip(p, "its library is not installed (script/lib.sh names the package)");
}

static struct place *made;

/* For tests that end half-way. */
static void remove_made(void)
{
	if (made)
		place_remove(made);
}

void place_make(const struct place_kind *kind, struct place *ret)
{
	const char *why;

	*ret = (struct place){ .kind = kind, .slot = "label:test" };
	find_module(ret);
	strcpy(ret->dir, "/tmp/holdfast-place-XXXXXX");
	if (!mkdtemp(ret->dir))
		place_fail("mkdtemp");
	made = ret;
	atexit(remove_made);
	why = kind->begin(ret);
	if (why)
		skip(ret, why);
	initialise(ret);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

void place_remove(struct place *p)
{
	int status;

	while (p->n_daemons) { /* the last that was started leans on those before */
		pid_t pid = p->daemons[--p->n_daemons];

		kill(pid, SIGTERM);
		if (wait_end(pid, STOP_MS, &status))
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	if (strncmp(p->dir, "/tmp/holdfast-place-", 20) == 0)
		nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	p->dir[0] = 0;
}
