/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/masters.h"

#include <stdio.h>
#include <string.h>

static hf_status split(const char *labels, char ret[MASTERS_MAX][MASTER_LABEL_MAX], unsigned *ret_n,
                       struct hf_err *err)
{
	unsigned n = 0;

	for (const char *at = labels;; at++) {
		size_t len = strcspn(at, ",");

		if (len == 0 || len >= MASTER_LABEL_MAX)
			return hf_fail(err, HF_INVALID,
			               "--master-label %s: a label has 1 to %d characters; several "
			               "stand with a comma between them",
			               labels, MASTER_LABEL_MAX - 1);
		if (n == MASTERS_MAX)
			return hf_fail(err, HF_INVALID, "--master-label: at most %d labels",
			               MASTERS_MAX);
		snprintf(ret[n], MASTER_LABEL_MAX, "%.*s", (int)len, at);
		for (unsigned i = 0; i < n; i++)
			if (strcmp(ret[i], ret[n]) == 0)
				return hf_fail(err, HF_INVALID, "--master-label: %s is there twice",
				               ret[n]);
		n++;
		at += len;
		if (!*at)
			break;
	}
	*ret_n = n;
	return HF_SUCCESS;
}

hf_status masters_first_label(const char *labels, char ret[MASTER_LABEL_MAX], struct hf_err *err)
{
	char all[MASTERS_MAX][MASTER_LABEL_MAX];
	unsigned n;

	HF_TRY(split(labels, all, &n, err));
	memcpy(ret, all[0], MASTER_LABEL_MAX);
	return HF_SUCCESS;
}

hf_status masters_find(struct p11_session *s, const char *labels, struct masters *ret,
                       struct hf_err *err)
{
	char all[MASTERS_MAX][MASTER_LABEL_MAX];
	struct masters m = { 0 };
	unsigned n;

	HF_TRY(split(labels, all, &n, err));
	for (unsigned i = 0; i < n; i++) {
		struct p11_master found;
		hf_status status = p11_master_find(s, all[i], &found, err);

		if (i > 0 && status.code == HF_NOTFOUND)
			continue; /* removed already, or not yet brought here */
		HF_TRY(status);
		if (masters_by_id(&m, found.id))
			return hf_fail(err, HF_STOP,
			               "token %s has two master keys of one id, %s, the second "
			               "labelled %s: "
			               "remove or rename the one that is not in use",
			               s->token.label, found.id, all[i]);
		memcpy(m.labels[m.n], all[i], MASTER_LABEL_MAX);
		m.list[m.n++] = found;
	}
	*ret = m;
	return HF_SUCCESS;
}

const struct p11_master *masters_first(const struct masters *m)
{
	return &m->list[0];
}

const struct p11_master *masters_by_id(const struct masters *m, const char *id)
{
	for (unsigned i = 0; i < m->n; i++)
		if (strcmp(m->list[i].id, id) == 0)
			return &m->list[i];
	return NULL;
}

void masters_tell(const struct masters *m, char *to, size_t cap)
{
	size_t used = (size_t)snprintf(to, cap, "%s", m->n ? "" : "none");

	for (unsigned i = 0; i < m->n && used < cap; i++)
		used += (size_t)snprintf(to + used, cap - used, "%s%s", i ? ", " : "",
		                         m->list[i].id);
}
