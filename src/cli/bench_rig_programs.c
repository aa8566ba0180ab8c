/* SPDX-License-Identifier: Apache-2.0
 * The programs of a rig: started, waited for, stopped. */
#include "cli/bench_rig.h"

#include "base/clock.h"
#include "base/text.h"
#include "http/client.h"
#include "os/fd.h"
#include "server/authorizers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { READY_MS = 60000, STOP_MS = 30000, ARGS_MAX = 64, POLL_MS = 5 };

/* The child's ready line. HF_CLOSED when it ended instead: its own words stand on standard error.
 */
static hf_status wait_ready(struct rig_child *child, char *line, size_t cap, struct hf_err *err)
{
	int64_t until = hf_mono_ms() + READY_MS;
	struct os_exit gone;

	while (hf_mono_ms() < until) {
		FILE *f = fopen(child->ready, "re");
		bool whole = f && fgets(line, (int)cap, f) && strchr(line, '\n');

		if (f)
			fclose(f);
		if (whole)
			return HF_SUCCESS;
		if (hf_ok(os_process_wait(&child->process, 0, &gone)))
			return hf_fail(err, HF_CLOSED, "the %s ended; its words stand above",
			               child->name);
		hf_pause_ms(POLL_MS);
	}
	return hf_fail(err, HF_TIMEOUT, "the %s was not ready within %d s", child->name,
	               READY_MS / 1000);
}

static hf_status start(const struct rig *r, struct rig_child *child, const char **args, char *line,
                       size_t cap, struct hf_err *err)
{
	const char *const more[] = { r->postgres_env[0] ? r->postgres_env : NULL, NULL };
	char self[RIG_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	HF_ENSURE(n > 0, HF_IO);
	self[n] = 0;
	args[0] = self;
	unlink(child->ready); /* of an earlier one */
	HF_TRY(os_spawn(self, (char *const *)(uintptr_t)args, more, &child->process, err));
	return wait_ready(child, line, cap, err);
}

struct arguments {
	const char *v[ARGS_MAX];
	size_t n;
};

static void add(struct arguments *a, const char *option, const char *value)
{
	if (!value || a->n + 3 > ARGS_MAX)
		return;
	a->v[a->n++] = option;
	a->v[a->n++] = value;
}

/* The number behind `name` in a ready line. */
static bool read_port(const char *line, const char *name, unsigned *ret)
{
	const char *at = strstr(line, name);
	char digits[8] = "";
	int64_t port;

	if (!at)
		return false;
	at += strlen(name);
	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(at, "0123456789"), at);
	if (!hf_ok(hf_parse_i64(digits, 1, 65535, &port)))
		return false;
	*ret = (unsigned)port;
	return true;
}

hf_status rig_start_server(struct rig *r, bool relaxed, struct hf_err *err)
{
	struct arguments a = { .v = { NULL, "server" }, .n = 2 };
	char line[128];

	add(&a, "--sqlite-path", r->server_db.sqlite_path);
	add(&a, "--secret-file", r->path[RIG_SECRET]);
	add(&a, "--api-listen", "127.0.0.1:0");
	add(&a, "--api-cert", r->path[RIG_SERVER_CERT]);
	add(&a, "--api-key", r->path[RIG_SERVER_KEY]);
	add(&a, "--driver-listen", "127.0.0.1:0");
	add(&a, "--driver-cert", r->path[RIG_SERVER_CERT]);
	add(&a, "--driver-key", r->path[RIG_SERVER_KEY]);
	add(&a, "--driver-client-ca", r->path[RIG_CA]);
	add(&a, "--crypto-listen", "127.0.0.1:0");
	add(&a, "--health-listen", "127.0.0.1:0");
	add(&a, "--durability", relaxed ? "relaxed" : "full");
	add(&a, "--log-level", "warn");
	add(&a, "--ready-file", r->path[RIG_SERVER_READY]);
	HF_TRY(start(r, &r->server, a.v, line, sizeof(line), err));
	if (!read_port(line, "api=", &r->api_port) ||
	    !read_port(line, "driver=", &r->driver_port) ||
	    !read_port(line, "crypto=", &r->crypto_port))
		return hf_fail(err, HF_INVALID, "the server's ready file says \"%s\"", line);
	return HF_SUCCESS;
}

static hf_status write_file(const char *path, struct hf_span content, struct hf_err *err)
{
	HF_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || !hf_ok(os_write_all(fd, content)))
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	return HF_SUCCESS;
}

/* What a driver reads. */
static hf_status write_files(const struct rig *r, const struct rig_driver *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf authorizers = HF_BUF(1u << 20);

	HF_TRY(write_file(r->path[RIG_PIN], HF_SPAN(o->setup->pin.ptr, o->setup->pin.len), err));
	if (!o->checks)
		return HF_SUCCESS;
	HF_TRY(server_export_authorizers(&r->server_db, NULL, &authorizers, err));
	return write_file(r->path[RIG_AUTHORIZERS], hf_buf_span(&authorizers), err);
}

/* Signers log in one after another, which takes a while with a network HSM. */
struct readiness {
	unsigned wanted;
	bool reached;
};

static void read_metrics(void *ctx, const struct http_reply *reply)
{
	static const char name[] = "\nholdfast_driver_signers_ready ";
	struct readiness *r = ctx;
	const char *at = reply->body.len
	                         ? memmem(reply->body.ptr, reply->body.len, name, sizeof(name) - 1)
	                         : NULL;
	char digits[8] = "";
	int64_t n = 0;

	if (at)
		snprintf(digits, sizeof(digits), "%.*s",
		         (int)strspn(at + sizeof(name) - 1, "0123456789"), at + sizeof(name) - 1);
	r->reached = hf_ok(hf_parse_i64(digits, 1, 1000000, &n)) && n >= r->wanted;
}

static hf_status wait_signers(unsigned port, unsigned wanted, struct hf_err *err)
{
	struct readiness r = { .wanted = wanted };
	struct http_client_request request = { .method = "GET",
		                               .path = "/metrics",
		                               .timeout_ms = 1000,
		                               .done = read_metrics,
		                               .ctx = &r };
	int64_t until = hf_mono_ms() + READY_MS;
	struct http_client_config config = { 0 };
	struct http_client *client;
	hf_status s;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	config.base_url = url;
	HF_TRY(http_client_new(&config, &client, err));
	do {
		s = http_client_send(client, &request);
		while (hf_ok(s) && http_client_pending(client))
			s = http_client_step(client, NULL, 0, 100);
		if (hf_ok(s) && !r.reached)
			s = http_client_step(client, NULL, 0, 20);
	} while (hf_ok(s) && !r.reached && hf_mono_ms() < until);
	http_client_free(client);
	if (!hf_ok(s) || !r.reached)
		return hf_fail(err, HF_TIMEOUT,
		               "the driver's %u signers were not ready within %d s", wanted,
		               READY_MS / 1000);
	return HF_SUCCESS;
}

static hf_status start_driver(struct rig *r, const struct rig_driver *o, unsigned i,
                              struct hf_err *err)
{
	struct arguments a = { .v = { NULL, "driver" }, .n = 2 };
	char sessions[16], threads[16], warm[16], proxy[32], name[16], line[128];
	unsigned health;

	snprintf(sessions, sizeof(sessions), "%u", o->sessions);
	snprintf(threads, sizeof(threads), "%u", o->threads);
	snprintf(name, sizeof(name), "bench-%u", i + 1);
	snprintf(warm, sizeof(warm), "%u", o->warm_keys);
	snprintf(proxy, sizeof(proxy), "127.0.0.1:%u", r->driver_port);
	add(&a, "--module", o->setup->module);
	add(&a, "--slot", o->module->slot);
	add(&a, "--module-args", o->module->args);
	add(&a, "--master-label", o->module->master_label);
	add(&a, "--signer", o->module->signer);
	add(&a, "--pin-file", r->path[RIG_PIN]);
	add(&a, "--sqlite-path", r->keys_db.sqlite_path);
	add(&a, "--client-cert", r->path[RIG_DRIVER_CERT]);
	add(&a, "--client-key", r->path[RIG_DRIVER_KEY]);
	add(&a, "--ca-cert", r->path[RIG_CA]);
	add(&a, "--ready-file", r->drivers[i].ready);
	add(&a, "--name", name);
	add(&a, "--proxy-addr", proxy);
	add(&a, "--sessions", sessions);
	add(&a, "--threads", threads);
	add(&a, "--warm-keys", warm);
	add(&a, "--health-listen", "127.0.0.1:0");
	add(&a, "--log-level", "warn");
	if (o->checks)
		add(&a, "--authorizers", r->path[RIG_AUTHORIZERS]);
	if (o->module->allow_resident)
		a.v[a.n++] = "--allow-resident";
	HF_TRY(start(r, &r->drivers[i], a.v, line, sizeof(line), err));
	if (!read_port(line, "health=", &health))
		return hf_fail(err, HF_INVALID, "the driver's ready file says \"%s\"", line);
	return wait_signers(health, o->sessions, err);
}

hf_status rig_start_drivers(struct rig *r, const struct rig_driver *o, struct hf_err *err)
{
	hf_status s = write_files(r, o, err);
	char token[16];

	for (unsigned i = 0; hf_ok(s) && i < o->count; i++) {
		snprintf(token, sizeof(token), "%u", i + 1);
		setenv("HOLDFAST_FAULT_TOKEN", token, 1);
		s = start_driver(r, o, i, err);
	}
	unsetenv("HOLDFAST_FAULT_TOKEN");
	return s;
}

hf_status rig_start_gateway(struct rig *r, const struct module_options *module,
                            const struct signer_setup *setup, unsigned signers, struct hf_err *err)
{
	struct arguments a = { .v = { NULL, "gateway" }, .n = 2 };
	char count[16], line[128];

	snprintf(count, sizeof(count), "%u", signers);
	add(&a, "--module", setup->module);
	add(&a, "--module-args", module->args);
	add(&a, "--signer", module->signer);
	add(&a, "--cert", r->path[RIG_SERVER_CERT]);
	add(&a, "--key", r->path[RIG_SERVER_KEY]);
	add(&a, "--client-ca", r->path[RIG_CA]);
	add(&a, "--listen", "127.0.0.1:0");
	add(&a, "--health-listen", "none");
	add(&a, "--health-tls-listen", "none");
	add(&a, "--signers", count);
	add(&a, "--recycle-ops", "0");
	add(&a, "--log-level", "warn");
	add(&a, "--ready-file", r->gateway.ready);
	HF_TRY(start(r, &r->gateway, a.v, line, sizeof(line), err));
	if (!read_port(line, "link=", &r->gateway_port))
		return hf_fail(err, HF_INVALID, "the gateway's ready file says \"%s\"", line);
	return HF_SUCCESS;
}

void rig_stop(struct rig_child *child)
{
	struct os_exit gone;

	if (child->process.pid > 0) {
		kill(child->process.pid, SIGTERM);
		hf_ignore(os_process_wait(&child->process, STOP_MS, &gone));
	}
	if (child->process.pidfd > 0 || child->process.pid > 0)
		os_process_done(&child->process);
}

void rig_stop_drivers(struct rig *r)
{
	for (unsigned i = 0; i < RIG_DRIVERS_MAX; i++)
		rig_stop(&r->drivers[i]);
}
