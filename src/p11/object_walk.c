/* SPDX-License-Identifier: Apache-2.0
 * Each object is read once. A half whose other half has not come yet waits for it; what still waits
 * at the end is paired by CKA_ID alone (labels differ), or stands alone. One search and one call an
 * object is what a token's own listing costs; and while one batch of objects is looked at here,
 * the readers, if there are any, have the next, also from page to page. */
#include "p11/object.h"

#include "p11/object_half.h"
#include "p11/object_readers.h"
#include "p11/rv.h"
#include "p11/template.h"

#include <string.h>

#define FIND_STEP 4096
#define OBJECTS_MAX (1u << 20)
#define TABLE_SIZE 4096            /* chains of the waiting: a power of two */
#define WORTH_READERS OBJECT_BATCH /* objects */
#define WAITING_MAX (2 * CKA_ID_MAX + 2 * PUBLIC_DER_MAX)

struct waiting {
	struct waiting *next;
	struct key_shape shape; /* its spans point into `store` */
	struct hf_buf store;
};

/* Two batches by turns: handles[first] up to handles[end] are in the current one. */
struct ahead {
	struct object_batch batch[2];
	unsigned current;
	size_t first, end;
};

struct object_walk {
	struct object_readers *readers;
	struct ahead *ahead; /* NULL: without readers */
	CK_OBJECT_HANDLE *handles;
	size_t n, at;
	size_t no_keys, joined, gone, unknown;
	struct waiting *table[TABLE_SIZE]; /* halves, by CKA_ID */
	size_t chain;                      /* of the table, at the end: the next to be emptied */
	struct waiting *masters, *macs;    /* what may be ours, until all has been seen */
	struct waiting *shown[2];          /* what the last key handed out points into */
	struct object_facts facts;
	struct half half;
};

static void waiting_done(struct waiting *w)
{
	if (!w)
		return;
	hf_buf_done(&w->store);
	free(w);
}

static void chain_done(struct waiting *w)
{
	while (w) {
		struct waiting *next = w->next;

		waiting_done(w);
		w = next;
	}
}

static void shown_done(struct object_walk *w)
{
	for (size_t i = 0; i < HF_COUNT(w->shown); i++)
		waiting_done(hf_take(w->shown[i]));
}

static void ahead_done(struct object_walk *w)
{
	for (size_t i = 0; w->ahead && i < HF_COUNT(w->ahead->batch); i++)
		object_readers_drop(w->readers, &w->ahead->batch[i]);
	free(hf_take(w->ahead));
}

void object_walk_end(struct object_walk *w)
{
	if (!w)
		return;
	ahead_done(w);
	for (size_t i = 0; i < TABLE_SIZE; i++)
		chain_done(w->table[i]);
	chain_done(w->masters);
	chain_done(w->macs);
	shown_done(w);
	free(w->handles);
	free(w);
}

static hf_status put_aside(struct waiting **chain, const struct key_shape *shape)
{
	struct waiting *w = calloc(1, sizeof(*w));
	hf_status status;

	HF_ENSURE(w, HF_NOMEM);
	w->store = HF_BUF(WAITING_MAX);
	status = shape_keep(shape, &w->store, &w->shape);
	if (!hf_ok(status)) {
		waiting_done(w);
		return status;
	}
	w->next = *chain;
	*chain = w;
	return HF_SUCCESS;
}

static struct waiting *take(struct waiting **at)
{
	struct waiting *w = *at;

	*at = w->next;
	w->next = NULL;
	return w;
}

/* FNV-1a: the ids are the token's, and a bad spread costs time only. */
static struct waiting **chain_of(struct object_walk *w, struct hf_span id)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < id.len; i++)
		hash = (hash ^ id.ptr[i]) * 16777619u;
	return &w->table[(hash ^ hash >> 15) % TABLE_SIZE];
}

static bool are_halves(const struct key_shape *a, const struct key_shape *b, bool by_label)
{
	if (a->has_private == b->has_private || !hf_span_equal(a->id, b->id))
		return false;
	if ((by_label || !a->id.len) && !hf_span_equal(a->label, b->label))
		return false;
	return a->has_private ? halves_fit(a, b) : halves_fit(b, a);
}

static struct waiting *take_other_half(struct waiting **chain, const struct key_shape *shape,
                                       bool by_label)
{
	for (; *chain; chain = &(*chain)->next)
		if (are_halves(&(*chain)->shape, shape, by_label))
			return take(chain);
	return NULL;
}

/* In large steps; the memory grows with what is there. */
static hf_status find_all(struct p11_session *s, struct object_walk *w, struct hf_err *err)
{
	size_t cap = 0;
	CK_ULONG n = 0;
	CK_RV rv;

	do {
		if (w->n + FIND_STEP > cap) {
			CK_OBJECT_HANDLE *more;

			cap = cap ? 2 * cap : 2 * FIND_STEP;
			more = realloc(w->handles, cap * sizeof(*more));
			HF_ENSURE(more, HF_NOMEM);
			w->handles = more;
		}
		rv = s->fn->C_FindObjects(s->handle, w->handles + w->n, FIND_STEP, &n);
		if (rv != CKR_OK)
			return p11_session_fail(s, err, rv, "C_FindObjects");
		w->n += n > FIND_STEP ? FIND_STEP : n;
		if (w->n > OBJECTS_MAX)
			return hf_fail(err, HF_TOOBIG,
			               "the token has more than %u objects, which is more than is "
			               "listed",
			               OBJECTS_MAX);
	} while (n);
	return HF_SUCCESS;
}

static void give_ahead(struct object_walk *w, struct object_batch *b)
{
	object_readers_give(w->readers, b, w->handles + w->ahead->end, w->n - w->ahead->end);
}

/* Without memory for it there are no readers. */
static void begin_ahead(struct object_walk *w, struct object_readers *readers)
{
	if (!readers || w->n < WORTH_READERS || !(w->ahead = calloc(1, sizeof(*w->ahead))))
		return;
	w->readers = readers;
	w->ahead->current = 1; /* which has nothing */
	object_readers_begin(readers);
	give_ahead(w, &w->ahead->batch[0]);
}

hf_status object_walk_begin(struct p11_session *s, struct object_readers *readers,
                            struct object_walk **ret, struct hf_err *err)
{
	struct object_walk *w = calloc(1, sizeof(*w));
	struct template t = { 0 };
	hf_status status;
	CK_RV rv;

	HF_ENSURE(w, HF_NOMEM);
	template_bool(&t, CKA_TOKEN, true);
	rv = s->fn->C_FindObjectsInit(s->handle, t.attr, t.n);
	if (rv != CKR_OK) {
		free(w);
		return p11_session_fail(s, err, rv, "C_FindObjectsInit");
	}
	status = find_all(s, w, err);
	s->fn->C_FindObjectsFinal(s->handle);
	if (!hf_ok(status)) {
		object_walk_end(w);
		return status;
	}
	begin_ahead(w, readers);
	*ret = w;
	return HF_SUCCESS;
}

/* Of the object that is next; NULL: nobody has read it. */
static const struct object_facts *read_ahead(struct object_walk *w, struct p11_session *s)
{
	struct ahead *a = w->ahead;
	struct object_batch *b;

	if (!a)
		return NULL;
	if (w->at == a->end) {
		a->current ^= 1;
		b = &a->batch[a->current];
		object_readers_finish(w->readers, b, s);
		a->first = a->end;
		a->end += b->n;
		give_ahead(w, &a->batch[a->current ^ 1]);
	}
	b = &a->batch[a->current];
	return b->read[w->at - a->first] ? &b->facts[w->at - a->first] : NULL;
}

/* A half with its other half, if that has come; HF_NOTFOUND: it waits now. */
static hf_status pair(struct object_walk *w, struct key_shape *shape, struct key_shape *ret)
{
	struct waiting **chain = chain_of(w, shape->id);
	struct waiting *other = take_other_half(chain, shape, true);

	if (!other) {
		HF_TRY(put_aside(chain, shape));
		return HF_FAILURE(HF_NOTFOUND);
	}
	w->shown[0] = other;
	w->joined++;
	if (shape->has_private) {
		halves_join(shape, &other->shape);
		*ret = *shape;
	} else {
		halves_join(&other->shape, shape);
		*ret = other->shape;
	}
	return HF_SUCCESS;
}

/* HF_NOTFOUND: nothing to hand out yet. */
static hf_status secret(struct object_walk *w, const struct key_shape *shape, struct key_shape *ret)
{
	struct waiting **aside = NULL;

	if (may_be_master(shape))
		aside = &w->masters;
	else if (may_be_master_mac(shape))
		aside = &w->macs;
	if (aside) {
		HF_TRY(put_aside(aside, shape));
		return HF_FAILURE(HF_NOTFOUND);
	}
	*ret = *shape;
	return HF_SUCCESS;
}

/* The next object; HF_NOTFOUND: it is no key by itself. */
static hf_status next_object(struct object_walk *w, struct p11_session *s, struct key_shape *ret,
                             struct hf_err *err)
{
	const struct object_facts *facts = read_ahead(w, s);
	hf_status status = HF_SUCCESS;

	if (!facts) {
		status = facts_read(s, w->handles[w->at], &w->facts, err);
		facts = &w->facts;
	}
	if (hf_ok(status) || status.code == HF_NOTFOUND)
		w->at++; /* one that fails is tried again by the next call */
	w->gone += status.code == HF_NOTFOUND;
	HF_TRY(status);
	status = half_of(facts, &w->half);
	if (status.code == HF_UNSUPPORTED) {
		w->unknown++;
		return HF_FAILURE(HF_NOTFOUND);
	}
	if (!hf_ok(status) || is_ours(&w->half.shape)) {
		w->no_keys++;
		return HF_FAILURE(HF_NOTFOUND);
	}
	return w->half.class == CKO_SECRET_KEY ? secret(w, &w->half.shape, ret)
	                                       : pair(w, &w->half.shape, ret);
}

/* Of one chain at the end: a pair whose labels differ, or a half that is alone. */
static bool left_over(struct object_walk *w, struct waiting **chain, struct key_shape *ret)
{
	struct waiting *first = take(chain), *other;

	other = take_other_half(chain, &first->shape, false);
	w->shown[0] = first;
	w->shown[1] = other;
	if (other) {
		struct waiting *private = first->shape.has_private ? first : other;

		w->joined++;
		halves_join(&private->shape, private == first ? &other->shape : &first->shape);
		*ret = private->shape;
		return true;
	}
	if (first->shape.has_private)
		half_alone(&first->shape);
	*ret = first->shape;
	if (first->shape.type == OBJECT_EC && !first->shape.curve)
		return false;
	return object_type_has_bits((int)ret->type, ret->curve, ret->bits, true);
}

static struct waiting *take_mac_of(struct waiting **chain, struct hf_span id)
{
	for (; *chain; chain = &(*chain)->next)
		if (is_mac_of((*chain)->shape.id, id))
			return take(chain);
	return NULL;
}

/* What may be ours is, when both are there; otherwise it is somebody's key. */
static bool maybe_master(struct object_walk *w, struct key_shape *ret)
{
	while (w->masters) {
		struct waiting *master = take(&w->masters);
		struct waiting *mac = take_mac_of(&w->macs, master->shape.id);

		if (!mac) {
			w->shown[0] = master;
			*ret = master->shape;
			return true;
		}
		w->no_keys += 2;
		waiting_done(master);
		waiting_done(mac);
	}
	if (!w->macs)
		return false;
	w->shown[0] = take(&w->macs);
	*ret = w->shown[0]->shape;
	return true;
}

hf_status object_walk_next(struct object_walk *w, struct p11_session *s, struct key_shape *ret,
                           struct hf_err *err)
{
	shown_done(w);
	while (w->at < w->n) {
		hf_status status = next_object(w, s, ret, err);

		if (status.code != HF_NOTFOUND)
			return status;
	}
	if (maybe_master(w, ret))
		return HF_SUCCESS;
	for (; w->chain < TABLE_SIZE; w->chain++)
		while (w->table[w->chain]) {
			if (left_over(w, &w->table[w->chain], ret))
				return HF_SUCCESS;
			w->unknown++;
			shown_done(w);
		}
	return HF_FAILURE(HF_NOTFOUND);
}

size_t object_walk_total(const struct object_walk *w)
{
	return w->n - w->no_keys - w->joined - w->gone;
}

size_t object_walk_unknown(const struct object_walk *w)
{
	return w->unknown;
}
