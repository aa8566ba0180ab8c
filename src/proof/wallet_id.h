/* SPDX-License-Identifier: Apache-2.0
 * A wallet's id commits to its key and its network, so that whoever sees a signed request on
 * /wallets/wa-…/signatures knows which key may sign it without asking anybody.
 *
 * "wa-", then ten digits of time as in base/id.h, then the first 80 bits of
 *   SHA-256(field(WALLET_ID_LABEL) || field those ten digits || field key id || field network)
 * as sixteen digits. To pass a wallet off as another's one would have to find a second preimage of
 * those 80 bits. Two ids that are made for one key and network within one millisecond are the same.
 * Any thread. */
#ifndef HF_PROOF_WALLET_ID_H
#define HF_PROOF_WALLET_ID_H

#include "base/id.h"

#define WALLET_ID_PREFIX "wa"
#define WALLET_ID_LABEL "holdfast wallet 1"
#define WALLET_NETWORK_MAX 64 /* a network's name, with the NUL */

/* `network`: the API's name for it, "EthereumSepolia". */
HF_MUST hf_status wallet_id_new(const char *key_id, const char *network, char ret[HF_ID_MAX]);
/* HF_INVALID: no wallet's id; HF_UNAUTHENTIC: not of this key and network. */
HF_MUST hf_status wallet_id_check(const char *id, const char *key_id, const char *network);

#endif
