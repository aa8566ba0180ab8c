/* SPDX-License-Identifier: Apache-2.0
 * Base32 in capitals without padding (RFC 4648, section 6), as Algorand and Stellar write keys. */
#ifndef HF_CHAIN_BASE32_H
#define HF_CHAIN_BASE32_H

#include "base/buf.h"

void base32_put(struct hf_buf *to, struct hf_span bytes);

#endif
