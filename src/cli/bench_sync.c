/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_sync.h"

#include "cli/bench_series.h"

#include <stdio.h>
#include <unistd.h>

#define LIST_MS 1 /* one listing takes longer: it is done once */

enum kind { LISTED, ALL_NEW, NOTHING_NEW, KINDS };
enum part { PART_SERVER, PART_GATEWAY, PART_SIGNERS, PARTS };

static const char *const names[KINDS] = {
	[LISTED] = "the token lists them",
	[ALL_NEW] = "sync, all of them new",
	[NOTHING_NEW] = "sync, nothing new",
};

struct times {
	double seconds[SERIES_MAX], ratios[SERIES_MAX], cpu[PARTS][SERIES_MAX];
	size_t n;
};

struct rounds {
	const struct bench_sync *b;
	struct times times[KINDS];
	double listed; /* by the last raw loop */
	int64_t n_keys;
	struct hf_err *err;
};

static void read_cpu(const struct rig *rig, double ret[PARTS])
{
	pid_t gateway = rig->gateway.process.pid;

	ret[PART_SERVER] = (double)os_process_cpu_us(rig->server.process.pid) / 1e6;
	ret[PART_GATEWAY] = (double)os_process_cpu_us(gateway) / 1e6;
	ret[PART_SIGNERS] = (double)os_process_children_cpu_us(gateway) / 1e6;
}

static void add(struct times *t, double seconds, double ratio, const double cpu[PARTS])
{
	t->seconds[t->n] = seconds;
	t->ratios[t->n] = ratio;
	for (int i = 0; i < PARTS; i++)
		t->cpu[i][t->n] = cpu[i];
	t->n++;
}

static hf_status list(struct rounds *r)
{
	const double none[PARTS] = { 0 };
	struct bench_result result;

	HF_TRY(bench_raw(r->b->token, "list", "P-256", LIST_MS, &result, r->err));
	r->listed = (double)result.latency.max_us / 1e6;
	add(&r->times[LISTED], r->listed, 1, none);
	return HF_SUCCESS;
}

static hf_status sync_once(struct rounds *r, enum kind kind)
{
	const struct rig *rig = r->b->rig;
	double before[PARTS], after[PARTS], seconds;
	int64_t n_new, expected = kind == ALL_NEW ? r->n_keys : 0;

	HF_TRY(list(r));
	read_cpu(rig, before);
	HF_TRY(bench_slot_sync(r->b->slot, &n_new, &seconds, r->err));
	read_cpu(rig, after);
	if (n_new != expected)
		return hf_fail(r->err, HF_IO, "the sync brought %lld keys, not %lld",
		               (long long)n_new, (long long)expected);
	for (int i = 0; i < PARTS; i++)
		after[i] -= before[i];
	add(&r->times[kind], seconds, seconds / r->listed, after);
	fputc('.', stderr);
	return HF_SUCCESS;
}

/* As many keys as there have to be. */
static hf_status fill(struct rounds *r)
{
	int64_t missing;
	double seconds;

	HF_TRY(bench_slot_sync(r->b->slot, &r->n_keys, &seconds, r->err));
	r->n_keys += BENCH_SLOT_KEYS;
	missing = r->b->keys - r->n_keys;
	if (missing <= 0)
		return HF_SUCCESS;
	r->n_keys += missing;
	return bench_slot_fill(r->b->slot, missing, r->err);
}

static hf_status run_round(struct rounds *r)
{
	bench_slot_close(r->b->slot);
	HF_TRY(rig_renew_server(r->b->rig, r->b->relaxed, r->err));
	HF_TRY(bench_slot_connect(r->b->rig, r->b->token, r->b->slot, r->err));
	HF_TRY(sync_once(r, ALL_NEW));
	return sync_once(r, NOTHING_NEW);
}

static void print(struct times *t, const char *name, bool is_sync)
{
	double seconds = series_median(t->seconds, t->n), ratio = series_median(t->ratios, t->n);

	printf("%-46s %9.3f %8.3f - %6.3f", name, seconds, t->seconds[0], t->seconds[t->n - 1]);
	if (is_sync)
		printf(" %8.2f (%.2f - %.2f) %9.3f %9.3f %9.3f", ratio, t->ratios[0],
		       t->ratios[t->n - 1], series_median(t->cpu[PART_SERVER], t->n),
		       series_median(t->cpu[PART_GATEWAY], t->n),
		       series_median(t->cpu[PART_SIGNERS], t->n));
	putchar('\n');
}

static void report(struct rounds *r)
{
	printf("\n%-34s %11lld %9s %17s   %s\n", "keys of a slot:", (long long)r->n_keys, "seconds",
	       "(from - to)", "of the listing; processor seconds: server, gateway, signers");
	for (int i = 0; i < KINDS; i++)
		print(&r->times[i], names[i], i != LISTED);
}

hf_status bench_sync(const struct bench_sync *b, struct hf_err *err)
{
	HF_FREE struct rounds *r = calloc(1, sizeof(*r));

	HF_ENSURE(r, HF_NOMEM);
	r->b = b;
	r->err = err;
	HF_TRY(fill(r));
	for (int64_t i = 0; i < b->rounds && i < SERIES_MAX / 2; i++)
		HF_TRY(run_round(r));
	report(r);
	return HF_SUCCESS;
}
