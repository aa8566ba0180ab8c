/* SPDX-License-Identifier: Apache-2.0 */
#include "server/queue_api/drivers.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct drivers {
	pthread_mutex_t lock;
	size_t n, cap;
	struct driver_seen *seen;
};

hf_status drivers_new(struct drivers **ret)
{
	struct drivers *d = calloc(1, sizeof(*d));

	HF_ENSURE(d, HF_NOMEM);
	pthread_mutex_init(&d->lock, NULL);
	*ret = d;
	return HF_SUCCESS;
}

void drivers_free(struct drivers *d)
{
	if (!d)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d->seen);
	free(d);
}

static struct driver_seen *find(struct drivers *d, const char *name, const char *store_id)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->seen[i].name, name) == 0 &&
		    strcmp(d->seen[i].store_id, store_id) == 0)
			return &d->seen[i];
	return NULL;
}

/* Room for one more: a new entry, or that of the one who was silent longest. NULL: no memory. */
static struct driver_seen *place(struct drivers *d)
{
	struct driver_seen *seen, *oldest;

	if (d->n == DRIVERS_MAX) {
		oldest = &d->seen[0];
		for (size_t i = 1; i < d->n; i++)
			if (d->seen[i].last_ms < oldest->last_ms)
				oldest = &d->seen[i];
		return oldest;
	}
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 8;

		seen = realloc(d->seen, cap * sizeof(*seen));
		if (!seen)
			return NULL;
		d->seen = seen;
		d->cap = cap;
	}
	return &d->seen[d->n++];
}

void drivers_note(struct drivers *d, const char *name, const char *store_id, const char *address)
{
	int64_t now = hf_mono_ms();
	struct driver_seen *seen;
	bool back;

	pthread_mutex_lock(&d->lock);
	seen = find(d, name, store_id);
	back = !seen || now - seen->last_ms > DRIVER_AWAY_MS;
	if (!seen && (seen = place(d)) != NULL) {
		*seen = (struct driver_seen){ 0 };
		snprintf(seen->name, sizeof(seen->name), "%s", name);
		snprintf(seen->store_id, sizeof(seen->store_id), "%s", store_id);
	}
	if (seen) {
		seen->last_ms = now;
		seen->polls++;
	}
	pthread_mutex_unlock(&d->lock);
	if (back)
		HF_INFO("driver connected", HF_KS("driver", name), HF_KS("key_store", store_id),
		        HF_KS("address", address));
}

void drivers_each(struct drivers *d, drivers_fn fn, void *ctx)
{
	struct driver_seen copy;

	for (size_t i = 0;; i++) {
		bool there;

		pthread_mutex_lock(&d->lock);
		there = i < d->n;
		if (there)
			copy = d->seen[i];
		pthread_mutex_unlock(&d->lock);
		if (!there)
			return;
		fn(ctx, &copy);
	}
}
