/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_create.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/aead.h"
#include "server/store/group_rows.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct object_making *of_task(struct db_task *task)
{
	return (struct object_making *)((char *)task - offsetof(struct object_making, task));
}

static void end(struct object_making *m, hf_status s)
{
	hf_buf_done(&m->sealed);
	m->done(m, s);
}

/* Through the writer; `next` is told. */
static void submit(struct object_making *m, hf_status (*run)(struct db_task *, struct db *),
                   void (*next)(struct db_task *, hf_status))
{
	hf_status s;

	m->task = (struct db_task){ .run = run,
		                    .done = next,
		                    .durability = core_durability(m->core) };
	s = db_work_submit(m->core->writer, &m->task);
	if (!hf_ok(s))
		next(&m->task, s);
}

void object_shape(const struct object_row *row, const struct group *group, struct key_shape *ret)
{
	bool exportable = row->uses & USE_EXPORT;

	*ret = (struct key_shape){
		.type = row->type,
		.curve = row->curve,
		.bits = row->bits,
		.uses = row->uses & USE_IN_HSM,
		.uses_given = true,
		.extractable = exportable,
		.sensitive = !exportable,
		.has_private = !row->public_only,
		.persistent = !*group->store_id && !row->transient,
		.id = HF_SPAN(row->cka_id, row->cka_id_len),
		.label = HF_SPAN(row->cka_label, row->cka_label_len),
		.public_key = row->public_key,
		.have_kcv = row->have_kcv,
	};
	memcpy(ret->kcv, row->kcv, sizeof(ret->kcv));
	if (*group->store_id)
		ret->id = hf_span_text(row->id);
}

/* ---- 3: shown, or not */

static hf_status words(struct object_making *m, hf_status s)
{
	if (s.code == HF_EXISTS)
		return hf_fail(&m->err, HF_EXISTS,
		               "there is a security object named \"%s\" already", m->name);
	return s;
}

static hf_status show(struct db_task *task, struct db *db)
{
	struct object_making *m = of_task(task);

	snprintf(m->row.name, sizeof(m->row.name), "%s", m->name);
	if (m->settle)
		HF_TRY(m->settle(m, db));
	if (m->op.kind)
		return words(m, object_row_made(db, &m->row));
	return words(m, object_row_insert(db, &m->row, 0));
}

static void gone(struct db_task *task, hf_status s)
{
	struct object_making *m = of_task(task);

	end(m, m->failed);
}

static hf_status drop(struct db_task *task, struct db *db)
{
	return object_row_drop(db, of_task(task)->row.id);
}

/* Its name is free for others again; the row stays until its key is known to be gone. */
static hf_status let_go(struct db_task *task, struct db *db)
{
	struct object_making *m = of_task(task);

	memcpy(m->row.name, m->row.id, sizeof(m->row.id));
	return object_row_update(db, &m->row);
}

static void shown(struct db_task *task, hf_status s)
{
	struct object_making *m = of_task(task);

	if (hf_ok(s))
		s = object_new(&m->row, m->group, &m->object);
	else if (m->op.kind && s.code != HF_IO && s.code != HF_BUSY) {
		m->failed = s;
		submit(m, let_go, gone);
		return;
	}
	end(m, s);
}

/* ---- 2: in the HSM */

/* Of what failed this is known to have made nothing. */
static bool made_nothing(const struct crypto_result *r)
{
	return r->outcome == OP_FAILED && r->code != HF_TIMEOUT && r->code != HF_IO &&
	       r->code != HF_CLOSED && r->code != HF_BUSY && r->code != HF_INTERNAL;
}

static hf_status take(struct object_making *m, const struct key_shape *made)
{
	struct object_row *row = &m->row;

	HF_ENSURE(made->public_key.len <= sizeof(m->public_key), HF_INTERNAL);
	if (made->type != row->type || (row->bits && made->bits && made->bits != row->bits) ||
	    (row->curve && made->curve != row->curve))
		return hf_fail(&m->err, HF_INTERNAL, "the HSM made another key than was asked for");
	if (made->public_key.len)
		memcpy(m->public_key, made->public_key.ptr, made->public_key.len);
	row->public_key = HF_SPAN(m->public_key, made->public_key.len);
	if (made->bits)
		row->bits = made->bits;
	if (made->curve)
		row->curve = made->curve;
	row->have_kcv = made->have_kcv;
	memcpy(row->kcv, made->kcv, sizeof(row->kcv));
	return HF_SUCCESS;
}

static void made(struct backend_call *call, const struct crypto_result *r)
{
	struct object_making *m = call->ctx;

	m->failed = HF_FAILURE(r->code == HF_OK ? HF_IO : r->code);
	if (r->outcome != OP_DONE)
		m->failed = hf_fail(&m->err, m->failed.code, "%s", r->text);
	if (r->outcome == OP_DONE && hf_ok(m->failed = take(m, &r->made)))
		submit(m, show, shown);
	else if (made_nothing(r))
		submit(m, drop, gone);
	else
		submit(m, let_go, gone);
}

/* ---- 1: reserved */

static hf_status reserve(struct db_task *task, struct db *db)
{
	struct object_making *m = of_task(task);
	hf_status s = group_row_lock(db, m->row.org_id, m->row.group_id);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&m->err, HF_NOTFOUND, "there is no such group");
	HF_TRY(s);
	if (!m->op.kind)
		return show(task, db);
	return words(m, object_row_insert(db, &m->row, m->now_ms));
}

static void reserved(struct db_task *task, hf_status s)
{
	struct object_making *m = of_task(task);

	if (!hf_ok(s)) {
		end(m, s);
		return;
	}
	if (!m->op.kind) {
		shown(task, s);
		return;
	}
	object_shape(&m->row, m->group, &m->op.made);
	m->op.made.public_exponent = m->public_exponent;
	if (m->op.kind == CRYPTO_GENERATE || m->op.kind == CRYPTO_IMPORT)
		memcpy(m->op.key_id, m->row.id, sizeof(m->row.id));
	m->call = (struct backend_call){
		.group = m->group,
		.org_id = m->row.org_id,
		.ops = &m->op,
		.n_ops = 1,
		.done = made,
		.ctx = m,
	};
	backend_submit(m->core, &m->call);
}

/* ---- a transient key: the HSM's answer is all there is of it */

static hf_status keep(struct object_making *m, const struct crypto_result *r)
{
	struct key_record record;

	HF_TRY(take(m, &r->made));
	if (!hf_ok(record_decode(r->record, &record)) || !record_is_transient(&record) ||
	    strcmp(record.key_id, m->transient_id) != 0)
		return hf_fail(&m->err, HF_UNSUPPORTED,
		               "this HSM does not seal what it wraps (its master key has no MAC "
		               "key), so it makes no transient keys");
	return object_new_with(&m->row, r->record, m->group, &m->object);
}

static void transient_made(struct backend_call *call, const struct crypto_result *r)
{
	struct object_making *m = call->ctx;

	if (r->outcome == OP_DONE)
		end(m, keep(m, r));
	else
		end(m, hf_fail(&m->err, r->code == HF_OK ? HF_IO : r->code, "%s", r->text));
}

static hf_status prepare_transient(struct object_making *m)
{
	struct object_row *row = &m->row;

	HF_TRY(hf_id_of_uuid(TRANSIENT_ID, row->id, m->transient_id));
	*row->name = '\0';
	row->virtual_key = false;
	object_shape(row, m->group, &m->op.made);
	m->op.made.id = hf_span_text(m->transient_id);
	m->op.made.public_exponent = m->public_exponent;
	if (m->op.kind == CRYPTO_GENERATE || m->op.kind == CRYPTO_IMPORT)
		memcpy(m->op.key_id, m->transient_id, sizeof(m->transient_id));
	return HF_SUCCESS;
}

static void make_transient(struct object_making *m)
{
	hf_status s = prepare_transient(m);

	m->call = (struct backend_call){
		.group = m->group,
		.org_id = m->row.org_id,
		.ops = &m->op,
		.n_ops = 1,
		.done = transient_made,
		.ctx = m,
	};
	if (hf_ok(s))
		backend_submit(m->core, &m->call);
	else
		end(m, s);
}

static hf_status seal_value(struct object_making *m)
{
	m->sealed = HF_BUF(m->op.data.len + AEAD_OVERHEAD);
	HF_TRY(aead_seal(&m->core->secrets.storage_key, hf_span_text(m->row.id), m->op.data,
	                 &m->sealed));
	m->row.value = hf_buf_span(&m->sealed);
	return HF_SUCCESS;
}

hf_status object_value_open(const struct core *core, const struct object_row *o,
                            struct hf_secret *ret, struct hf_err *err)
{
	hf_status s = aead_open(&core->secrets.storage_key, hf_span_text(o->id), o->value, ret);

	if (s.code == HF_UNAUTHENTIC)
		return hf_fail(err, HF_CORRUPT,
		               "the stored value of this object is damaged, or another's: restore "
		               "its row from a backup");
	return s;
}

void object_make(struct object_making *m)
{
	struct object_row *row = &m->row;
	hf_status s = HF_SUCCESS;

	m->now_ms = hf_wall_ms();
	hf_uuid_new(row->id);
	snprintf(m->name, sizeof(m->name), "%s", row->name);
	memcpy(row->org_id, m->group->org_id, sizeof(row->org_id));
	memcpy(row->group_id, m->group->id, sizeof(row->group_id));
	row->created_ms = m->now_ms;
	row->never_exportable = !(row->uses & USE_EXPORT);
	if (row->transient) {
		make_transient(m);
		return;
	}
	row->virtual_key = m->op.kind && !*m->group->store_id;
	if (row->virtual_key) {
		hf_random(row->cka_id, CKA_ID_LEN);
		row->cka_id_len = CKA_ID_LEN;
		row->cka_label_len = strnlen(row->name, CKA_LABEL_MAX);
		memcpy(row->cka_label, row->name, row->cka_label_len);
	}
	if (m->name_later)
		memcpy(row->name, row->id, sizeof(row->id));
	if (!m->op.kind)
		s = seal_value(m);
	if (hf_ok(s))
		submit(m, reserve, reserved);
	else
		end(m, s);
}
