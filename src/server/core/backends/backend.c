/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/backends/backend.h"

#include "server/core/backends/pool.h"

#include <stdio.h>

/* Where there is no memory for an answer, there is none for the next step either. */
void backend_refuse(struct backend_call *call, enum hf_code code, const char *words)
{
	struct crypto_result *results = calloc(call->n_ops + 1, sizeof(*results));

	if (!results)
		abort();
	for (size_t i = 0; i < call->n_ops; i++) {
		results[i].outcome = OP_FAILED;
		results[i].code = code;
		snprintf(results[i].text, sizeof(results[i].text), "%s", words);
	}
	call->done(call, results);
	free(results);
}

void backend_submit(const struct core *core, struct backend_call *call)
{
	if (*call->group->store_id)
		pool_submit(core, call);
	else if (!core->slots)
		backend_refuse(call, HF_CLOSED, "the server is starting: try again");
	else
		core->slots->submit(core->slots->links, call);
}
