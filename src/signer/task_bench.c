/* SPDX-License-Identifier: Apache-2.0
 * The raw loop in setup.threads sessions at once, one thread each. */
#include "p11/rawloop.h"
#include "signer/tasks.h"

#include <pthread.h>
#include <string.h>

struct runner {
	struct desk *desk;
	const struct rawloop_config *config;
	struct p11_session session;
	struct masters masters;
	struct rawloop_result result;
	struct hf_err err;
	hf_status status;
	pthread_t thread;
};

static hf_status read_kind(const char *text, enum rawloop_kind *ret, struct hf_err *err)
{
	if (strcmp(text, "sign") == 0)
		*ret = RAWLOOP_SIGN;
	else if (strcmp(text, "unwrap") == 0)
		*ret = RAWLOOP_UNWRAP;
	else if (strcmp(text, "generate") == 0)
		*ret = RAWLOOP_GENERATE;
	else if (strcmp(text, "encrypt") == 0)
		*ret = RAWLOOP_ENCRYPT;
	else if (strcmp(text, "list") == 0)
		*ret = RAWLOOP_LIST;
	else if (strcmp(text, "plain-sign") == 0)
		*ret = RAWLOOP_PLAIN_SIGN;
	else
		return hf_fail(
		        err, HF_INVALID,
		        "kind is sign, unwrap, generate, encrypt, list or plain-sign, not %s",
		        text);
	return HF_SUCCESS;
}

static hf_status read_args(const struct json_t *json, struct rawloop_config *ret,
                           struct hf_err *err)
{
	struct {
		const char *kind, *type;
		int64_t ms, count;
	} args = { .ms = 2000 };
	static const struct json_field fields[] = {
		{ "kind", JSON_READ_TEXT, offsetof(__typeof__(args), kind), true },
		{ "key_type", JSON_READ_TEXT, offsetof(__typeof__(args), type), true },
		{ "ms", JSON_READ_INT, offsetof(__typeof__(args), ms), false, false, 1,
		  3600 * 1000 },
		{ "count", JSON_READ_INT, offsetof(__typeof__(args), count), false, false, 0,
		  INT64_MAX },
	};

	HF_TRY(json_read(json, fields, HF_COUNT(fields), &args, err));
	HF_TRY(read_kind(args.kind, &ret->kind, err));
	if (!hf_ok(key_type_parse(args.type, &ret->type)))
		return hf_fail(err, HF_INVALID, "no such key type: %s", args.type);
	ret->seconds = (double)args.ms / 1000;
	ret->count = (uint64_t)args.count;
	return HF_SUCCESS;
}

static void *run(void *arg)
{
	struct runner *r = arg;

	r->status = p11_rawloop(&r->session, &r->desk->token->profile, masters_first(&r->masters),
	                        r->config, &r->result, &r->err);
	return NULL;
}

/* Every session is open before the first thread starts. */
static hf_status open_all(struct runner *r, unsigned n, struct hf_err *err)
{
	for (unsigned i = 0; i < n; i++) {
		struct token *t = r[i].desk->token;

		HF_TRY(p11_session_open(&t->module, &t->id, t->setup.allow_resident, &r[i].session,
		                        err));
		HF_TRY(token_masters(t, &r[i].session, &r[i].masters, err));
	}
	return HF_SUCCESS;
}

static hf_status run_all(struct runner *r, unsigned n, struct rawloop_result *ret,
                         struct hf_err *err)
{
	unsigned started = 0;
	hf_status s = open_all(r, n, err);

	while (hf_ok(s) && started < n) {
		if (pthread_create(&r[started].thread, NULL, run, &r[started]) != 0)
			s = hf_fail(err, HF_IO, "cannot start a thread");
		else
			started++;
	}
	for (unsigned i = 0; i < started; i++) {
		pthread_join(r[i].thread, NULL);
		rawloop_add(ret, &r[i].result);
		if (hf_ok(s) && !hf_ok(r[i].status)) {
			s = r[i].status;
			if (err)
				*err = r[i].err;
		}
	}
	for (unsigned i = 0; i < n; i++)
		p11_session_close(&r[i].session);
	return s;
}

hf_status task_bench(struct desk *d, const struct json_t *args, struct hf_buf *report,
                     struct hf_err *err)
{
	unsigned n = d->token->setup.threads;
	HF_FREE struct runner *runners = calloc(n, sizeof(*runners));
	HF_FREE struct rawloop_result *sum = calloc(1, sizeof(*sum));
	struct rawloop_config config = { 0 };

	HF_ENSURE(runners && sum, HF_NOMEM);
	HF_TRY(read_args(args, &config, err));
	if (config.kind <= RAWLOOP_GENERATE) {
		HF_TRY(task_needs_master(d, err));
		HF_TRY(token_profile(d->token, &d->session, masters_first(&d->masters),
		                     1u << config.type, err));
	}
	for (unsigned i = 0; i < n; i++)
		runners[i] = (struct runner){ .desk = d, .config = &config };
	HF_TRY(run_all(runners, n, sum, err));
	rawloop_write_json(sum, report);
	return HF_SUCCESS;
}
