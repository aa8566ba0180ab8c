/* SPDX-License-Identifier: Apache-2.0
 * The objects that are in use, found by id and by name; the longest unused make room. */
#include "base/clock.h"
#include "base/random.h"
#include "server/core/objects/object.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

enum { BUCKETS = 8192, UNWRITTEN_MAX = 65536, USED_EVERY_MS = 60 * 1000 };

struct entry {
	LIST_ENTRY(entry) by_id, by_name;
	TAILQ_ENTRY(entry) by_use;
	struct object *object;
	int64_t until_ms; /* monotonic */
};
LIST_HEAD(bucket, entry);

/* Used, and not written down yet. */
struct use {
	LIST_ENTRY(use) next;
	char id[HF_UUID_MAX];
	int64_t used_ms;
};
LIST_HEAD(uses, use);

struct objects {
	pthread_mutex_t lock;
	uint64_t seed;                 /* names are chosen by others */
	struct groups *_Atomic groups; /* of the first load */
	struct bucket by_id[BUCKETS], by_name[BUCKETS];
	TAILQ_HEAD(by_use_head, entry) by_use; /* the latest first */
	size_t n;
	unsigned forgotten; /* times that one was */
	struct uses uses[BUCKETS];
	size_t n_uses;
};

hf_status objects_new(struct objects **ret)
{
	struct objects *o = calloc(1, sizeof(*o));

	HF_ENSURE(o, HF_NOMEM);
	pthread_mutex_init(&o->lock, NULL);
	TAILQ_INIT(&o->by_use);
	o->seed = hf_random_u64();
	*ret = o;
	return HF_SUCCESS;
}

static void entry_free(struct objects *o, struct entry *e)
{
	LIST_REMOVE(e, by_id);
	LIST_REMOVE(e, by_name);
	TAILQ_REMOVE(&o->by_use, e, by_use);
	o->n--;
	object_unref(e->object);
	free(e);
}

void objects_free(struct objects *o)
{
	struct entry *e;

	if (!o)
		return;
	while ((e = TAILQ_FIRST(&o->by_use)))
		entry_free(o, e);
	for (size_t i = 0; i < BUCKETS; i++) {
		struct use *u;

		while ((u = LIST_FIRST(&o->uses[i]))) {
			LIST_REMOVE(u, next);
			free(u);
		}
	}
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static size_t bucket_of(const struct objects *o, const char *text)
{
	uint64_t hash = o->seed;

	for (; *text; text++) {
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash % BUCKETS;
}

static struct entry *find(struct objects *o, const char *org_id, const char *id, const char *name)
{
	struct entry *e;

	if (id) {
		LIST_FOREACH(e, &o->by_id[bucket_of(o, id)], by_id)
			if (strcmp(e->object->id, id) == 0 &&
			    strcmp(e->object->org_id, org_id) == 0)
				return e;
		return NULL;
	}
	LIST_FOREACH(e, &o->by_name[bucket_of(o, name)], by_name)
		if (strcmp(e->object->name, name) == 0 && strcmp(e->object->org_id, org_id) == 0)
			return e;
	return NULL;
}

/* Its group must be the one that counts now, or what was changed about it would count only when the
 * object is read again. */
static bool group_counts(struct objects *o, const struct object *object)
{
	struct groups *groups = atomic_load(&o->groups);
	GROUP_SCOPED struct group *now =
	        groups ? groups_cached(groups, object->org_id, object->group_id) : NULL;

	return now == object->group;
}

struct object *objects_cached(struct objects *o, const char *org_id, const char *id,
                              const char *name)
{
	OBJECT_SCOPED struct object *found = NULL;
	int64_t now = hf_mono_ms();
	struct entry *e;

	pthread_mutex_lock(&o->lock);
	e = find(o, org_id, id, name);
	if (e && now < e->until_ms) {
		found = object_ref(e->object);
		TAILQ_REMOVE(&o->by_use, e, by_use);
		TAILQ_INSERT_HEAD(&o->by_use, e, by_use);
	}
	pthread_mutex_unlock(&o->lock);
	return found && group_counts(o, found) ? hf_take(found) : NULL;
}

static void drop(struct objects *o, const char *id)
{
	struct entry *e, *next;

	for (e = LIST_FIRST(&o->by_id[bucket_of(o, id)]); e; e = next) {
		next = LIST_NEXT(e, by_id);
		if (strcmp(e->object->id, id) == 0)
			entry_free(o, e);
	}
}

void objects_forget(struct objects *o, const char *id)
{
	pthread_mutex_lock(&o->lock);
	o->forgotten++;
	drop(o, id);
	pthread_mutex_unlock(&o->lock);
}

/* Fresh from `began_ms` on, when it was looked for. Not kept when one was forgotten meanwhile: it
 * may have been read before. */
static hf_status keep(struct objects *o, struct object *object, int64_t began_ms,
                      unsigned forgotten)
{
	struct entry *e = calloc(1, sizeof(*e)), *old;

	HF_ENSURE(e, HF_NOMEM);
	e->until_ms = began_ms + OBJECT_FRESH_MS;
	pthread_mutex_lock(&o->lock);
	if (o->forgotten != forgotten) {
		pthread_mutex_unlock(&o->lock);
		free(e);
		return HF_SUCCESS;
	}
	e->object = object_ref(object);
	drop(o, object->id);
	/* Another had this name when it was last read: it has it no more. */
	while ((old = find(o, object->org_id, NULL, object->name)))
		entry_free(o, old);
	LIST_INSERT_HEAD(&o->by_id[bucket_of(o, object->id)], e, by_id);
	LIST_INSERT_HEAD(&o->by_name[bucket_of(o, object->name)], e, by_name);
	TAILQ_INSERT_HEAD(&o->by_use, e, by_use);
	if (++o->n > OBJECTS_CACHED_MAX)
		entry_free(o, TAILQ_LAST(&o->by_use, by_use_head));
	pthread_mutex_unlock(&o->lock);
	return HF_SUCCESS;
}

struct loading {
	struct objects *objects;
	struct groups *groups;
	struct db *db;
	struct hf_err *err;
	struct object *object;
};

static hf_status take_object(void *ctx, const struct object_row *row)
{
	struct loading *l = ctx;
	GROUP_SCOPED struct group *group = groups_cached(l->groups, row->org_id, row->group_id);

	if (!group)
		HF_TRY(groups_load(l->groups, l->db, row->org_id, row->group_id, &group, l->err));
	return object_new(row, group, &l->object);
}

hf_status objects_load(struct objects *o, struct groups *groups, struct db *db, const char *org_id,
                       const char *id, const char *name, struct object **ret, struct hf_err *err)
{
	struct loading l = { .objects = o, .groups = groups, .db = db, .err = err };
	OBJECT_SCOPED struct object *object = NULL;
	int64_t began = hf_mono_ms();
	unsigned forgotten;
	hf_status s;

	atomic_store(&o->groups, groups);
	pthread_mutex_lock(&o->lock);
	forgotten = o->forgotten;
	pthread_mutex_unlock(&o->lock);
	s = object_row_get(db, org_id, id, name, take_object, &l);
	object = l.object;
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, OBJECT_NOT_HERE_TEXT);
	HF_TRY(s);
	HF_TRY(keep(o, object, began, forgotten));
	*ret = hf_take(object);
	return HF_SUCCESS;
}

void objects_used(struct objects *o, const struct object *object, int64_t now_ms)
{
	struct uses *list = &o->uses[bucket_of(o, object->id)];
	struct use *u;

	if (object->transient || now_ms - object->last_used_ms < USED_EVERY_MS)
		return;
	pthread_mutex_lock(&o->lock);
	LIST_FOREACH(u, list, next)
		if (strcmp(u->id, object->id) == 0)
			break;
	if (!u && o->n_uses < UNWRITTEN_MAX && (u = calloc(1, sizeof(*u)))) {
		memcpy(u->id, object->id, sizeof(u->id));
		LIST_INSERT_HEAD(list, u, next);
		o->n_uses++;
	}
	if (u && u->used_ms < now_ms)
		u->used_ms = now_ms;
	pthread_mutex_unlock(&o->lock);
}

bool objects_unwritten(struct objects *o)
{
	size_t n;

	pthread_mutex_lock(&o->lock);
	n = o->n_uses;
	pthread_mutex_unlock(&o->lock);
	return n > 0;
}

/* A use that is lost with its transaction is written by the next one of that key. */
static struct use *take_use(struct objects *o, size_t *bucket)
{
	struct use *u = NULL;

	pthread_mutex_lock(&o->lock);
	while (*bucket < BUCKETS && !(u = LIST_FIRST(&o->uses[*bucket])))
		(*bucket)++;
	if (u) {
		LIST_REMOVE(u, next);
		o->n_uses--;
	}
	pthread_mutex_unlock(&o->lock);
	return u;
}

hf_status objects_write_used(struct objects *o, struct db *db)
{
	struct use *u;
	hf_status s = HF_SUCCESS;

	for (size_t bucket = 0; hf_ok(s) && (u = take_use(o, &bucket));) {
		s = object_row_used(db, u->id, u->used_ms);
		free(u);
	}
	return s;
}
