/* SPDX-License-Identifier: Apache-2.0 */
#include "host_token.h"

#include "calls.h"
#include "places.h"

#include "base/clock.h"
#include "os/process.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char util[] = "/usr/bin/softhsm2-util";
static const char softhsm[] = "/usr/lib/softhsm/libsofthsm2.so";
static const struct place *place; /* NULL: the SoftHSM2 token made here */
static char dir[64];
static const uint8_t something[64] = "thirty-two or forty-eight bytes of something that is signed";

static void run(char *const argv[])
{
	struct os_process p;
	struct os_exit gone;

	CHECK_OK(os_spawn(argv[0], argv, NULL, &p, NULL));
	CHECK_OK(os_process_wait(&p, HOST_PATIENCE_MS, &gone));
	CHECK(!gone.by_signal && gone.value == 0);
	os_process_done(&p);
}

void host_token_add(const char *label)
{
	char *const argv[] = { (char *)util, "--init-token", "--free",   "--label",  (char *)label,
		               "--pin",      HOST_PIN,       "--so-pin", "12345678", NULL };

	run(argv);
}

int host_token_make(void **state)
{
	char path[128];
	FILE *f;

	if (access(util, X_OK) != 0 || access(softhsm, R_OK) != 0) {
		fprintf(stderr, "SoftHSM2 is not installed\n");
		exit(77);
	}
	snprintf(dir, sizeof(dir), "/tmp/holdfast-host-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/tokens", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", dir);
	f = fopen(path, "w");
	fprintf(f,
	        "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
	        dir);
	fclose(f);
	setenv("SOFTHSM2_CONF", path, 1);
	host_token_add("test");
	return 0;
}

void host_token_use(const struct place *p)
{
	place = p;
	snprintf(dir, sizeof(dir), "%s", p->dir);
}

int host_token_remove(void **state)
{
	char *const argv[] = { "/bin/rm", "-rf", dir, NULL };

	run(argv);
	return 0;
}

unsigned host_token_objects(void)
{
	char path[128], sub[512];
	struct dirent *token, *file;
	unsigned n = 0;
	DIR *d, *t;

	snprintf(path, sizeof(path), "%s/tokens", dir);
	d = opendir(path);
	while (d && (token = readdir(d))) {
		snprintf(sub, sizeof(sub), "%s/%s", path, token->d_name);
		t = token->d_name[0] == '.' ? NULL : opendir(sub);
		while (t && (file = readdir(t)))
			n += strstr(file->d_name, ".object") &&
			     strcmp(file->d_name, "token.object");
		if (t)
			closedir(t);
	}
	if (d)
		closedir(d);
	return n;
}

static const char *calls_file(char to[160])
{
	snprintf(to, 160, "%s/faults.calls", dir);
	return to;
}

unsigned host_calls(const char *function)
{
	char path[160];

	return (unsigned)calls_read(calls_file(path), function);
}

void host_calls_reset(void)
{
	char path[160];

	calls_reset(calls_file(path));
}

/* Written beside and moved, since modules read it at any time. */
void host_faults(const char *script)
{
	static const char *const leftovers[] = { "count.1", "once.a" };
	char path[128], fresh[136], old[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/faults", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	for (size_t i = 0; i < HF_COUNT(leftovers); i++) {
		snprintf(old, sizeof(old), "%s.%s", path, leftovers[i]);
		unlink(old);
	}
	host_calls_reset();
	f = fopen(fresh, "w");
	CHECK(f && fputs(script, f) >= 0 && fclose(f) == 0 && rename(fresh, path) == 0);
	setenv("HOLDFAST_FAULT_SCRIPT", path, 1);
	setenv("HOLDFAST_FAULT_MODULE", place ? place->module : softhsm, 1);
}

unsigned host_fault_count(void)
{
	char path[128];
	uint64_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/faults.count.1", dir);
	f = fopen(path, "r");
	if (f) {
		CHECK(fread(&count, sizeof(count), 1, f) == 1);
		fclose(f);
	}
	return (unsigned)count;
}

struct hsmhost_config host_config(const char *label)
{
	const char *module =
	        getenv("HOLDFAST_FAULT_SCRIPT") ? getenv("HF_TEST_FAULT_MODULE") : NULL;
	struct hsmhost_config c = { .signer_path = getenv("HF_TEST_SIGNER"), .processes = 1 };

	snprintf(c.setup.module, sizeof(c.setup.module), "%s",
	         module  ? module
	         : place ? place->module
	                 : softhsm);
	snprintf(c.setup.slot, sizeof(c.setup.slot), "label:%s", label);
	if (place) {
		snprintf(c.setup.slot, sizeof(c.setup.slot), "%s", place->slot);
		snprintf(c.setup.module_args, sizeof(c.setup.module_args), "%s", place->args);
	}
	snprintf(c.setup.master_label, sizeof(c.setup.master_label), "master");
	c.setup.needs_master = true;
	CHECK_OK(hf_secret_copy(HOST_PIN, strlen(HOST_PIN), &c.setup.pin));
	return c;
}

void host_config_done(struct hsmhost_config *c)
{
	hf_secret_done(&c->setup.pin);
}

void host_task(const char *label, enum signer_task task, const char *args, char *to, size_t cap)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = host_config(label);
	struct hf_err err = { 0 };
	hf_status s = hsmhost_task(&c, task, args, NULL, NULL, &report, &err);

	host_config_done(&c);
	if (!hf_ok(s))
		fail_msg("task %d: %s", (int)task, err.text);
	CHECK_OK(hf_span_to_text(hf_buf_span(&report), to, cap));
}

void host_answered(void *ctx, const struct hsmhost_answer *answer)
{
	struct host_job *j = answer->tag;

	CHECK(!j->answered);
	j->answered = true;
	j->result = answer->result;
	j->hsm_us = answer->hsm_us;
	hf_buf_put(&j->record, answer->record.ptr, answer->record.len);
	hf_buf_put(&j->public_key, answer->result.public_key.ptr, answer->result.public_key.len);
}

struct hsmhost *host_start(const struct hsmhost_config *c)
{
	struct hsmhost *h = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(hsmhost_start(c, host_answered, NULL, &h, &err)))
		fail_msg("hsmhost_start: %s", err.text);
	return h;
}

void host_step_until(struct hsmhost *h, bool (*done)(void *), void *ctx)
{
	int64_t until = hf_mono_ms() + HOST_PATIENCE_MS;

	while (!done(ctx)) {
		struct pollfd fds[HSMHOST_POLLFDS(8)];
		int timeout = 100;
		size_t n = hsmhost_pollfds(h, fds, HF_COUNT(fds), &timeout);

		CHECK(hf_mono_ms() < until);
		(void)poll(fds, (nfds_t)n, timeout);
		hsmhost_step(h);
	}
}

struct batch {
	struct hsmhost *h;
	struct host_job *jobs;
	size_t n, given;
};

static bool all_answered(void *ctx)
{
	struct batch *b = ctx;

	while (b->given < b->n && hsmhost_capacity(b->h) > 0) {
		struct host_job *j = &b->jobs[b->given++];

		j->job.tag = j;
		CHECK_OK(hsmhost_submit(b->h, &j->job));
	}
	for (size_t i = 0; i < b->n; i++)
		if (!b->jobs[i].answered)
			return false;
	return true;
}

void host_run(struct hsmhost *h, struct host_job *jobs, size_t n)
{
	struct batch b = { h, jobs, n, 0 };

	host_step_until(h, all_answered, &b);
}

static struct host_job job(enum op_kind kind, const char *key_id, enum key_type type)
{
	struct host_job j = { .record = HF_BUF(RECORD_ENCODED_MAX),
		              .public_key = HF_BUF(PUBLIC_KEY_MAX) };

	j.job.op.kind = kind;
	j.job.op.key_type = type;
	snprintf(j.job.op.key_id, sizeof(j.job.op.key_id), "%s", key_id);
	return j;
}

struct host_job host_generate(const char *key_id, enum key_type type)
{
	return job(OP_GENERATE, key_id, type);
}

struct host_job host_sign(const struct host_job *key)
{
	struct host_job j = job(OP_SIGN, key->job.op.key_id, key->job.op.key_type);
	const struct key_type_info *info = key_type_info((int)key->job.op.key_type);
	struct op *op = &j.job.op;

	op->scheme = info->family == FAMILY_EC   ? SIGN_ECDSA
	             : info->family == FAMILY_ED ? SIGN_ED25519
	                                         : SIGN_RSA_PKCS1;
	op->hash = info->family == FAMILY_RSA ? HASH_SHA256 : HASH_NONE;
	op->input = HF_SPAN(something, info->family == FAMILY_EC ? info->bits / 8 : 32);
	op->public_key = hf_buf_span(&key->public_key);
	j.job.record = hf_buf_span(&key->record);
	return j;
}

void host_job_done(struct host_job *j)
{
	hf_buf_done(&j->record);
	hf_buf_done(&j->public_key);
}

struct host_job host_key(struct hsmhost *h, const char *key_id, enum key_type type)
{
	struct host_job j = host_generate(key_id, type);

	host_run(h, &j, 1);
	if (j.result.outcome != OP_DONE)
		fail_msg("generate %s: %s", key_type_info((int)type)->name, j.result.text);
	return j;
}

int host_child(unsigned n)
{
	char path[64];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
	f = fopen(path, "r");
	for (unsigned i = 0; f && i <= n; i++)
		if (fscanf(f, "%d", &pid) != 1) {
			pid = 0;
			break;
		}
	if (f)
		fclose(f);
	return pid;
}
