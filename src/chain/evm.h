/* SPDX-License-Identifier: Apache-2.0
 * What the files of the EVM share: addresses, and the kinds of requests. For src/chain only. */
#ifndef HF_CHAIN_EVM_H
#define HF_CHAIN_EVM_H

#include "chain/rules.h"

#define EVM_ADDRESS_LEN 20
#define EVM_ADDRESS_TEXT_LEN 42

/* The last 20 bytes of keccak256(X || Y) of a secp256k1 key. HF_INVALID. */
HF_MUST hf_status evm_address(struct hf_span public_key, uint8_t ret[EVM_ADDRESS_LEN]);
/* With the checksum of EIP-55, NUL-terminated. */
HF_MUST hf_status evm_address_print(const uint8_t address[EVM_ADDRESS_LEN],
                                    char to[EVM_ADDRESS_TEXT_LEN + 1]);
/* 0x and 40 digits; of mixed case only with the right checksum. HF_INVALID. */
HF_MUST hf_status evm_address_parse(const char *text, uint8_t ret[EVM_ADDRESS_LEN]);

/* Whom a call of ERC-20, or one of ERC-721 that looks like it, gives something or the right to take
 * it: the 20 bytes. An empty span when it is no such call. */
struct hf_span evm_token_recipient(struct hf_span call);

/* HF_INVALID when the request has a network, and that is of another chain id; with words. */
HF_MUST hf_status evm_check_chain(const struct chain_request *r, uint64_t chain_id,
                                  struct hf_err *err);

/* evm_tx.c */
HF_MUST hf_status evm_prepare_transaction(const struct chain_request *r, struct chain_plan *plan,
                                          struct hf_err *err);
HF_MUST hf_status evm_assemble_transaction(const struct chain_request *r,
                                           const struct chain_plan *plan,
                                           const struct signature *signatures, size_t n,
                                           struct hf_buf *to);
/* eip712.c */
HF_MUST hf_status evm_prepare_typed_data(const struct chain_request *r, struct chain_plan *plan,
                                         struct hf_err *err);

#endif
