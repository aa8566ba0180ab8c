/* SPDX-License-Identifier: Apache-2.0
 * Wallets' keys that are made: what the HSM generated is checked and stored, and only then
 * announced; what is stored already is the answer. */
#include "driver/dispatch_inside.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

void dispatch_generate_again(struct dispatch *d, struct task *t, struct hf_span record)
{
	struct op_result r = { .outcome = OP_DONE };
	struct key_record stored;

	r.signature.recid = -1;
	if (!hf_ok(record_decode(record, &stored))) {
		dispatch_refuse(d, t, OP_FAILED, HF_CORRUPT,
		                "the stored record of this key is damaged");
		return;
	}
	if (stored.key_type != t->op.key_type) {
		dispatch_refuse(d, t, OP_FAILED, HF_EXISTS,
		                "there is a key of this id and of another type");
		return;
	}
	hf_count(&d->config.metrics->repeated, 1);
	r.public_key = stored.public_key;
	r.resident = stored.format == WRAP_RESIDENT;
	dispatch_finish(d, t, &r);
}

/* What a generation brought is stored only if it all fits together. */
static const char *generated_fault(const struct op *op, const struct hsmhost_answer *a)
{
	struct key_record r;

	if (!hf_ok(record_decode(a->record, &r)))
		return "the signer's record of a new key is malformed";
	if (strcmp(r.key_id, op->key_id) != 0 || r.key_type != op->key_type ||
	    !hf_span_equal(r.public_key, a->result.public_key) ||
	    (r.format == WRAP_RESIDENT) != a->result.resident)
		return "the signer's record of a new key contradicts its answer";
	if (!hf_ok(public_key_check(op->key_type, r.public_key)))
		return "the HSM's public key is not one of this type";
	return NULL;
}

void dispatch_generate_answered(struct dispatch *d, struct task *t, const struct hsmhost_answer *a)
{
	const char *fault = generated_fault(&t->op, a);

	if (!fault) {
		hf_buf_clear(&t->record);
		hf_buf_put(&t->record, a->record.ptr, a->record.len);
		if (!hf_ok(hf_buf_status(&t->record)) ||
		    !hf_ok(keydb_front_put(d->front, &t->record, t)))
			fault = "the driver is out of memory";
	}
	t->resident = a->result.resident;
	if (fault)
		dispatch_refuse(d, t, OP_RETRY, HF_CORRUPT, fault);
}

/* A resident key was made and will not be used: nobody else will find it by itself. */
static void tell_orphan(struct dispatch *d, const struct task *t, struct hf_span record,
                        const char *what, const char *why)
{
	struct key_record r;
	char id[2 * 64 + 1] = "";

	if (!t->resident || !hf_ok(record_decode(record, &r)))
		return;
	for (size_t i = 0; i < r.blob.len && i < 64; i++)
		snprintf(id + 2 * i, 3, "%02x", r.blob.ptr[i]);
	hf_count(&d->config.metrics->orphans, 1);
	HF_ERROR(what, HF_KS("cka_id", id), HF_KS("key", t->op.key_id), HF_KS("reason", why));
}

void dispatch_generate_stored(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct op_result r = { .outcome = OP_DONE, .resident = t->resident };
	struct hf_span ours = hf_buf_span(a->record);
	struct key_record record;
	char text[256];

	if (a->status.code == HF_EXISTS) {
		tell_orphan(d, t, ours,
		            "a key in the HSM belongs to no record: destroy the token object",
		            "another driver generated the same key first");
		dispatch_generate_again(d, t, a->stored);
		return;
	}
	if (!hf_ok(a->status) || !hf_ok(record_decode(ours, &record))) {
		tell_orphan(d, t, ours,
		            "a key in the HSM may belong to no record: destroy the token object "
		            "unless the database has one",
		            "its record could not be stored for certain");
		snprintf(text, sizeof(text), "the new key could not be stored: %.200s", a->why);
		dispatch_refuse(d, t, OP_RETRY, a->status.code, text);
		return;
	}
	hf_count(&d->config.metrics->stored, 1);
	r.signature.recid = -1;
	r.public_key = record.public_key;
	dispatch_finish(d, t, &r);
}
