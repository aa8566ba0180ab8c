/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/upkeep_options.h"

#include "json/write.h"

#include <stdio.h>

static void bad(void *ctx, const char *key_id, const char *why)
{
	struct upkeep_options *o = ctx;

	progress_end(&o->progress);
	fprintf(stderr, "%s: %s\n", key_id, why);
	o->listed++;
}

static void progress(void *ctx, int64_t done, int64_t total)
{
	struct upkeep_options *o = ctx;

	progress_tell(&o->progress, done, total);
}

hf_status upkeep_options_setup(struct upkeep_options *o, const char *what,
                               struct verify_config *ret, struct hf_err *err)
{
	struct verify_config c = { .bad = bad, .progress = progress, .ctx = o };

	progress_begin(&o->progress, what);
	HF_TRY(module_options_setup(&o->module, true, &c.hsm.setup, err));
	c.hsm.signer_path = o->module.signer;
	c.hsm.setup.needs_master = true;
	c.hsm.setup.threads = (unsigned)o->threads;
	c.hsm.processes = (unsigned)o->sessions;
	c.hsm.op_deadline_ms = (int)o->op_deadline_ms;
	c.hsm.recycle_ops = 100000; /* some libraries leak */
	*ret = c;
	return HF_SUCCESS;
}

void upkeep_print_sum(const struct verify_sum *sum)
{
	printf("%-34s %-12s %10s %10s %10s\n", "Master key", "Key type", "usable", "not usable",
	       "elsewhere");
	for (size_t i = 0; i < sum->n; i++)
		printf("%-34s %-12s %10lld %10lld %10lld\n",
		       sum->lines[i].master_id[0] ? sum->lines[i].master_id : "none (resident)",
		       verify_line_type(&sum->lines[i]), (long long)sum->lines[i].good,
		       (long long)sum->lines[i].bad, (long long)sum->lines[i].elsewhere);
	if (sum->damaged)
		printf("%-34s %-12s %10s %10lld\n", "?", "damaged", "", (long long)sum->damaged);
	if (sum->elsewhere)
		printf("elsewhere: keys that live inside another HSM; check them there\n");
}

void upkeep_write_sum(const struct verify_sum *sum, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_int(&w, "keys", sum->seen);
	json_int(&w, "usable", sum->good);
	json_int(&w, "notUsable", sum->bad);
	json_int(&w, "elsewhere", sum->elsewhere);
	json_int(&w, "damaged", sum->damaged);
	json_open_array(&w, "byMaster");
	for (size_t i = 0; i < sum->n; i++) {
		json_open_object(&w, NULL);
		json_text(&w, "masterKeyId", sum->lines[i].master_id);
		json_text(&w, "keyType", verify_line_type(&sum->lines[i]));
		json_int(&w, "usable", sum->lines[i].good);
		json_int(&w, "notUsable", sum->lines[i].bad);
		json_int(&w, "elsewhere", sum->lines[i].elsewhere);
		json_close_object(&w);
	}
	json_close_array(&w);
	json_close_object(&w);
}
