/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/party.h"

#include "base/text.h"

#include <string.h>

/* A page's origin as browsers write it: "https://host" or "https://host:port"; http for loopback.
 */
static bool is_origin(const char *text)
{
	const char *host = strncmp(text, "https://", 8) == 0            ? text + 8
	                   : strncmp(text, "http://localhost", 16) == 0 ? text + 7
	                                                                : "";

	return *host && strcspn(host, "/?#@ ") == strlen(host);
}

static hf_status split_origins(struct party *p, const char *text, struct hf_err *err)
{
	char *rest, *one;

	p->text = hf_strdup(text);
	HF_ENSURE(p->text, HF_NOMEM);
	for (rest = p->text; (one = strsep(&rest, ","));) {
		if (!is_origin(one) || p->is.n_origins == HF_COUNT(p->origins))
			return hf_fail(err, HF_INVALID,
			               "--origin: \"%s\": expected at most %zu origins as "
			               "https://app.bank.example, with commas between",
			               one, HF_COUNT(p->origins));
		p->origins[p->is.n_origins++] = one;
	}
	return HF_SUCCESS;
}

hf_status party_read(const struct server_config *config, struct party *ret, struct hf_err *err)
{
	bool id = config->rp_id && *config->rp_id, origins = config->origins && *config->origins;

	*ret = (struct party){ .is = { .origins = ret->origins, .verify_user = true } };
	if (id != origins)
		return hf_fail(err, HF_INVALID,
		               "--rp-id and --origin go together: the domain that people's "
		               "authenticators answer for, and the pages that ask them");
	if (!id)
		return HF_SUCCESS;
	ret->is.id = config->rp_id;
	return split_origins(ret, config->origins, err);
}

void party_done(struct party *p)
{
	free(p->text);
	p->text = NULL;
}
