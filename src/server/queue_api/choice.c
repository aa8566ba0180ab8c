/* SPDX-License-Identifier: Apache-2.0 */
#include "server/queue_api/choice.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS 1000
#define KEPT_MAX 64

struct search {
	const char *name;
	size_t n;       /* candidates */
	bool by_issuer; /* the candidates are bound to this issuer: unbound ones are out */
	struct served_row first, named;
};

static hf_status consider(void *ctx, const struct served_row *row)
{
	struct search *s = ctx;

	if (s->by_issuer && !row->by_issuer)
		return HF_SUCCESS;
	s->by_issuer = row->by_issuer;
	if (s->n++ == 0)
		s->first = *row;
	if (*s->name && !*s->named.id && strcmp(row->name, s->name) == 0)
		s->named = *row;
	return HF_SUCCESS;
}

hf_status choice_make(struct db *db, const char *issuer_key_id, const char *name,
                      struct choice *ret)
{
	struct search s = { .name = name };
	struct choice c = { .code = HF_OK };

	HF_TRY(served_rows_list(db, issuer_key_id, consider, &s));
	if (*s.named.id) {
		snprintf(c.store_id, sizeof(c.store_id), "%s", s.named.id);
	} else if (s.n == 1) {
		snprintf(c.store_id, sizeof(c.store_id), "%s", s.first.id);
	} else if (s.n == 0) {
		c.code = HF_DENIED;
		snprintf(c.why, sizeof(c.why),
		         "No key store is served by drivers of this certificate's issuer. Check "
		         "which intermediate the key store is bound to (holdfast server init "
		         "--driver-ca).");
	} else {
		c.code = HF_DENIED;
		snprintf(c.why, sizeof(c.why),
		         "%zu key stores are open to this certificate, and none is named \"%s\": "
		         "give the driver the name of one.",
		         s.n, name);
	}
	*ret = c;
	return HF_SUCCESS;
}

struct kept {
	char issuer_key_id[CHOICE_ISSUER_MAX];
	char name[CHOICE_NAME_MAX];
	struct choice choice;
	int64_t until_ms;
};

struct choices {
	pthread_mutex_t lock;
	struct kept kept[KEPT_MAX];
};

hf_status choices_new(struct choices **ret)
{
	struct choices *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	pthread_mutex_init(&c->lock, NULL);
	*ret = c;
	return HF_SUCCESS;
}

void choices_free(struct choices *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

bool choices_get(struct choices *c, const char *issuer_key_id, const char *name, struct choice *ret)
{
	int64_t now = hf_mono_ms();
	bool found = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < KEPT_MAX && !found; i++) {
		const struct kept *k = &c->kept[i];

		found = now < k->until_ms && strcmp(k->name, name) == 0 &&
		        strcmp(k->issuer_key_id, issuer_key_id) == 0;
		if (found)
			*ret = k->choice;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

void choices_put(struct choices *c, const char *issuer_key_id, const char *name,
                 const struct choice *choice)
{
	struct kept *k = &c->kept[0];

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < KEPT_MAX; i++) /* the one that is oldest makes room */
		if (c->kept[i].until_ms < k->until_ms)
			k = &c->kept[i];
	snprintf(k->issuer_key_id, sizeof(k->issuer_key_id), "%s", issuer_key_id);
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->choice = *choice;
	k->until_ms = hf_mono_ms() + KEPT_MS;
	pthread_mutex_unlock(&c->lock);
}
