/* SPDX-License-Identifier: Apache-2.0
 * Bech32 (BIP-173), Bech32m (BIP-350), and segwit addresses made of them. */
#ifndef HF_CHAIN_BECH32_H
#define HF_CHAIN_BECH32_H

#include "base/buf.h"

#define BECH32_PREFIX_MAX 83
#define BECH32_TEXT_MAX 300 /* the BIP's 90, and Cardano's, which go beyond */
#define SEGWIT_PROGRAM_MAX 40

enum bech32_variant { BECH32, BECH32M };

/* Appends `prefix`1…: 8-bit bytes, regrouped. HF_TOOBIG. */
HF_MUST hf_status bech32_encode(enum bech32_variant variant, const char *prefix,
                                struct hf_span bytes, struct hf_buf *to);
/* Upper or lower case, not mixed; `prefix` has to be the text's. Appends the bytes. HF_INVALID,
 * HF_TOOBIG. */
HF_MUST hf_status bech32_decode(enum bech32_variant variant, const char *prefix,
                                struct hf_span text, struct hf_buf *to);

/* BIP-350: version 0 in Bech32, others in Bech32m. HF_INVALID. */
HF_MUST hf_status segwit_encode(const char *prefix, unsigned version, struct hf_span program,
                                struct hf_buf *to);
HF_MUST hf_status segwit_decode(const char *prefix, struct hf_span text, unsigned *ret_version,
                                struct hf_buf *ret_program);

#endif
