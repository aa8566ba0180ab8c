/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/tasks.h"

#include "p11/preflight.h"
#include "signer/output.h"

static void news(void *ctx, const char *line)
{
	output_text(WIRE_NEWS, hf_span_text(line));
}

hf_status task_needs_master(struct desk *d, struct hf_err *err)
{
	if (d->token->have_master)
		return HF_SUCCESS;
	if (d->token->resident_only)
		return hf_fail(err, HF_UNSUPPORTED,
		               "token %s makes no AES keys, so it has no master key and cannot use "
		               "keys that another HSM has wrapped",
		               d->token->id.label);
	/* Found out at the start and not told then: once more, for the words. */
	HF_TRY(masters_find(&d->session, d->token->setup.master_label, &d->masters, err));
	d->token->have_master = true;
	return HF_SUCCESS;
}

static hf_status key_types(const struct json_t *names, uint32_t *ret, struct hf_err *err)
{
	uint32_t types = 0;

	for (size_t i = 0; i < json_count(names); i++) {
		const char *name = json_value_text(json_element(names, i));
		enum key_type type;

		if (!name || !hf_ok(key_type_parse(name, &type)))
			return hf_fail(err, HF_INVALID, "no such key type: %s", name ? name : "?");
		types |= 1u << type;
	}
	*ret = types;
	return HF_SUCCESS;
}

static hf_status check(struct desk *d, const struct json_t *json, struct hf_buf *report,
                       struct hf_err *err)
{
	struct {
		bool quick;
		struct json_t *types;
	} args = { 0 };
	static const struct json_field fields[] = {
		{ .name = "quick",
		  .kind = JSON_READ_BOOL,
		  .offset = offsetof(__typeof__(args), quick) },
		{ .name = "key_types",
		  .kind = JSON_READ_ARRAY,
		  .offset = offsetof(__typeof__(args), types) },
	};
	struct preflight_config config = {
		.allow_resident = d->token->setup.allow_resident,
		.master = d->token->have_master ? masters_first(&d->masters) : NULL,
		.progress = news,
	};
	HF_FREE struct preflight_report *result = calloc(1, sizeof(*result));

	HF_ENSURE(result, HF_NOMEM);
	HF_TRY(json_read(json, fields, HF_COUNT(fields), &args, err));
	HF_TRY(key_types(args.types, &config.types, err));
	config.quick = args.quick;
	HF_TRY(p11_preflight(&d->session, &config, result, err));
	preflight_write_json(result, report);
	return HF_SUCCESS;
}

static hf_status init_master(struct desk *d, const struct json_t *args, struct hf_buf *report,
                             struct hf_err *err)
{
	char label[MASTER_LABEL_MAX];
	struct json_writer w = JSON_WRITER(report);
	struct p11_session session;
	struct p11_master made;
	hf_status s;

	HF_TRY(json_read(args, NULL, 0, NULL, err));
	HF_TRY(masters_first_label(d->token->setup.master_label, label, err));
	HF_TRY(p11_session_open(&d->token->module, &d->token->id, true, &session, err));
	s = p11_master_create(&session, label, &made, err);
	if (hf_ok(s)) /* as every signer will: also sees that there is exactly one */
		s = p11_master_find(&session, label, &made, err);
	p11_session_close(&session);
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_text(&w, "label", label);
	json_text(&w, "master_id", made.id);
	json_bool(&w, "mac", made.mac != P11_NO_OBJECT);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status run(struct desk *d, enum signer_task task, struct hf_span json,
                     struct hf_buf *report, struct hf_err *err)
{
	JSON_SCOPED struct json_t *args = NULL;

	HF_TRY(json_parse(json.len ? json : hf_span_text("{}"), WIRE_ARGS_MAX, &args, err));
	switch (task) {
	case TASK_CHECK:
		return check(d, args, report, err);
	case TASK_INIT_MASTER:
		return init_master(d, args, report, err);
	case TASK_BENCH:
		return task_bench(d, args, report, err);
	case TASK_CANARY_MAKE:
		return task_canary_make(d, args, report, err);
	case TASK_CANARY_CHECK:
		return task_canary_check(d, args, report, err);
	}
	return hf_fail(err, HF_INVALID, "no such task");
}

void task_run(struct desk *d, enum signer_task task, struct hf_span json)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hf_err err = { 0 };
	hf_status s = run(d, task, json, &report, &err);

	if (hf_ok(s))
		s = hf_buf_status(&report);
	if (!hf_ok(s))
		output_failed(s.code, err.code == s.code ? err.text : hf_code_name(s.code));
	else
		output_text(WIRE_REPORT, hf_buf_span(&report));
}
