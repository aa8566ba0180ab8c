/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/trial.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

enum { PAUSE_BASE_MS = 50, PAUSE_CAP_MS = 600 };

static size_t input_len(enum key_type type)
{
	return type == KEY_P384 ? 48 : 32;
}

void trial_init(struct trial *t, struct hf_buf *record)
{
	struct key_record r;

	*t = (struct trial){ .record = *record };
	*record = HF_BUF(RECORD_ENCODED_MAX);
	if (!hf_ok(record_decode(hf_buf_span(&t->record), &r)) || !r.key_type) {
		hf_buf_done(&t->record);
		return;
	}
	hf_random(t->input, sizeof(t->input));
	t->op = (struct op){
		.kind = OP_SIGN,
		.key_type = r.key_type,
		.scheme = sign_scheme_plain(r.key_type),
		.hash = key_type_info((int)r.key_type)->family == FAMILY_RSA ? HASH_SHA256
		                                                             : HASH_NONE,
		.input = HF_SPAN(t->input, input_len(r.key_type)),
		.public_key = r.public_key,
	};
	memcpy(t->op.key_id, r.key_id, sizeof(t->op.key_id));
}

void trial_done(struct trial *t)
{
	hf_buf_done(&t->record);
}

static void passed(struct trial *t)
{
	if (t->confirmed)
		HF_INFO("the HSM works again", HF_KI("trials", t->attempts));
	t->doubt = t->confirmed = false;
	t->attempts = 0;
	t->why[0] = 0;
}

static void failed(struct trial *t, const char *why)
{
	if (!t->doubt)
		t->next_ms = 0; /* at once */
	t->doubt = true;
	snprintf(t->why, sizeof(t->why), "%s", why);
}

/* The HSM's or its signer's fault, as against the job's, and against one that is just busy. */
static bool is_the_hsms(const struct op_result *r)
{
	return r->outcome == OP_RETRY && (r->code == HF_IO || r->code == HF_CLOSED);
}

bool trial_answered(struct trial *t, const struct hsmhost_answer *answer)
{
	bool own = answer->tag == t;

	if (own)
		t->under_way = false;
	if (answer->result.outcome == OP_DONE) {
		passed(t);
	} else if (own) {
		t->failures++;
		t->confirmed = true;
		t->next_ms =
		        hf_mono_ms() + hf_backoff_ms(t->attempts++, PAUSE_BASE_MS, PAUSE_CAP_MS);
		failed(t, answer->result.text);
	} else if (is_the_hsms(&answer->result)) {
		failed(t, answer->result.text);
	}
	return own;
}

void trial_step(struct trial *t, struct hsmhost *hsm, int *timeout_ms)
{
	struct hsmhost_job job = { .op = t->op, .record = hf_buf_span(&t->record), .tag = t };
	int64_t left = t->next_ms - hf_mono_ms();

	/* Without a signer, or with all at work, somebody will be heard of. */
	if (!t->doubt || t->under_way || hsmhost_capacity(hsm) == 0)
		return;
	if (left > 0) {
		if (*timeout_ms < 0 || left < *timeout_ms)
			*timeout_ms = (int)left;
		return;
	}
	if (!t->record.len) {
		passed(t); /* the next job has to tell */
		return;
	}
	t->under_way = hf_ok(hsmhost_submit(hsm, &job));
}
