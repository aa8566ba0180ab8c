/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/work.h"

#include "server/crypto_api/crypto/fpe.h"
#include "server/crypto_api/errors.h"
#include "server/crypto_api/objects/print.h"

void work_item_release(struct work_item *item)
{
	fpe_work_free(item->fpe);
	object_unref(item->object);
}

struct mode_key work_key(const struct object *o)
{
	return (struct mode_key){ o->type, o->curve, o->bits, o->options };
}

/* Whoever may not see the key hears nothing about it. */
static hf_status if_seen(const struct work_item *item, const struct principal *who, int64_t now_ms,
                         hf_status s, struct hf_err *err)
{
	const struct guard_question q = {
		.who = who,
		.act = ACT_READ,
		.object = item->object,
		.now_ms = now_ms,
	};
	struct hf_err unseen = { 0 };
	bool quorum = false;
	hf_status seen = guard_check(&q, &quorum, &unseen);

	if (hf_ok(seen))
		return s;
	*err = unseen;
	return seen;
}

hf_status work_plan(const struct work *work, struct work_item *item, const struct principal *who,
                    int64_t now_ms, struct crypto_op *op, struct hf_err *err)
{
	hf_status s;

	object_where(item->object, &op->key, op->key_id);
	s = work->plan(item, who, op, err);
	return hf_ok(s) ? s : if_seen(item, who, now_ms, s, err);
}

hf_status work_print(const struct work *work, struct work_item *item, const struct crypto_op *op,
                     const struct crypto_result *r, struct json_writer *w, struct hf_err *err)
{
	json_open_object(w, NULL);
	print_kid(w, &item->object->row);
	HF_TRY(work->print(item, op, r, w, err));
	json_close_object(w);
	return hf_buf_status(w->to);
}

hf_status work_failed(const struct crypto_result *r, struct hf_err *err)
{
	enum hf_code code = r->code == HF_OK ? HF_INTERNAL : r->code;

	if (r->outcome == OP_RETRY && crypto_error_status(code) < 500)
		code = HF_BUSY; /* nobody's fault, and not for good */
	return hf_fail(err, code, "%s", r->text[0] ? r->text : crypto_error_words(code));
}
