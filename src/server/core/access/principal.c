/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/principal.h"

#include <stdlib.h>
#include <string.h>

static const char *const permissions[APP_PERMISSION_COUNT] = {
#define NAME(name) #name,
	APP_PERMISSION_LIST(NAME)
#undef NAME
};

const char *app_permission_name(unsigned bit)
{
	return bit < APP_PERMISSION_COUNT ? permissions[bit] : "";
}

hf_status app_permission_parse(const char *name, uint64_t *ret)
{
	for (unsigned bit = 0; bit < APP_PERMISSION_COUNT; bit++) {
		if (strcmp(permissions[bit], name) == 0) {
			*ret = UINT64_C(1) << bit;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_INVALID);
}

struct principal *principal_ref(struct principal *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
	return p;
}

void principal_unref(struct principal *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) != 1)
		return;
	free(p->from);
	free(p);
}

const struct principal_group *principal_in(const struct principal *p, const char *group_id)
{
	size_t low = 0, high = p->n_groups;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(group_id, p->groups[middle].id);

		if (order == 0)
			return &p->groups[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
