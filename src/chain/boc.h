/* SPDX-License-Identifier: Apache-2.0
 * TON's bag of cells: reads one, and computes the representation hash of its root, which is what a
 * wallet's owner signs. Ordinary cells only. Any thread.
 * https://docs.ton.org/foundations/serialization/boc, /foundations/whitepapers/tvm (3.1) */
#ifndef HF_CHAIN_BOC_H
#define HF_CHAIN_BOC_H

#include "base/buf.h"

#define BOC_MAX (64u * 1024)
#define BOC_CELLS_MAX 4096

/* HF_INVALID: malformed; HF_UNSUPPORTED: several roots, exotic cells, hashes inside; HF_TOOBIG. */
HF_MUST hf_status boc_root_hash(struct hf_span boc, uint8_t ret[32]);

#endif
