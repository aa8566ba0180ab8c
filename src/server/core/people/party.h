/* SPDX-License-Identifier: Apache-2.0
 * For whose site people's authenticators answer: the server's --rp-id and --origin, read once for
 * each interface. Not changed afterwards: any thread. */
#ifndef HF_SERVER_CORE_PEOPLE_PARTY_H
#define HF_SERVER_CORE_PEOPLE_PARTY_H

#include "proof/client_data.h"
#include "server/server.h"

#define PARTY_ORIGINS_MAX 16

struct party {
	struct relying_party is; /* its id is NULL when no authenticators are taken; points below,
	                            and into the configuration: it is not to be moved */
	const char *origins[PARTY_ORIGINS_MAX];
	char *text; /* what they point into */
};
/* HF_INVALID with words: one without the other, or no origin. party_done(), after a failure too. */
HF_MUST hf_status party_read(const struct server_config *config, struct party *ret,
                             struct hf_err *err);
void party_done(struct party *p);

#endif
