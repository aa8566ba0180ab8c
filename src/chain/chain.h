/* SPDX-License-Identifier: Apache-2.0
 * Blockchains: what a wallet's address is, and what exactly is signed for each kind of signature
 * request. A chain is a file with a row in the table of chain.c; a network is a row in networks.c.
 *
 * Everything here is a function of its arguments: no I/O, no clock, no state, any thread. The
 * server derives from a request's body what the HSM has to sign, and whoever stands beside the HSM
 * derives it again to check that. Bodies and transactions come from outside: each parser has
 * limits, takes nothing that it does not understand, and has a fuzz target.
 *
 * References stand at each chain's file. */
#ifndef HF_CHAIN_CHAIN_H
#define HF_CHAIN_CHAIN_H

#include "base/buf.h"
#include "chain/amount.h"
#include "crypto/pubkey.h"
#include "json/read.h"

#define CHAIN_ADDRESS_MAX 160
#define CHAIN_INPUTS_MAX 256    /* signatures of one request: inputs of a PSBT */
#define CHAIN_TRANSFERS_MAX 256 /* payments that one transaction makes */
#define CHAIN_SIGNED_DATA_MAX (1u << 20)
#define CHAIN_ENCODED_MAX 160

/* The member "kind" of a signature request. Stored by name: append only. */
enum chain_kind {
	CHAIN_HASH,
	CHAIN_MESSAGE,
	CHAIN_EIP191,
	CHAIN_EIP712,
	CHAIN_EIP7702,
	CHAIN_TRANSACTION,
	CHAIN_SNIP12,
	CHAIN_PSBT,
	CHAIN_BIP322,
	CHAIN_SIGN_DOC_DIRECT,
	CHAIN_SIGNER_PAYLOAD,
	CHAIN_CIP8,
	CHAIN_STELLAR_FEE_BUMP,
	CHAIN_KIND_COUNT_,
};
const char *chain_kind_name(enum chain_kind k); /* "Transaction" */
HF_MUST hf_status chain_kind_parse(const char *name, enum chain_kind *ret);

struct chain;

struct chain_network {
	const char *name; /* "EthereumSepolia" */
	const struct chain *chain;
	const char *symbol; /* of the native coin: "ETH" */
	unsigned decimals;  /* of the coin: 18 */
	uint64_t number;    /* what the chain makes of it: EIP-155 chain id, SS58 prefix, … */
	const char *text;   /* what the chain makes of it: bech32 prefix, passphrase, … */
	bool test;
};

/* By name, as the API has it. HF_NOTFOUND: not in the table; HF_UNSUPPORTED with words: known to
 * the API, but not here. */
HF_MUST hf_status chain_network_find(const char *name, const struct chain_network **ret,
                                     struct hf_err *err);
/* All of them, for lists and tests. */
extern const struct chain_network chain_networks[];
extern const size_t chain_network_count;

/* "blockchainKind": "Evm". HF_NOTFOUND, HF_UNSUPPORTED as above. */
HF_MUST hf_status chain_find(const char *kind, const struct chain **ret, struct hf_err *err);
const char *chain_name(const struct chain *c); /* its "blockchainKind" */

/* What a new wallet's key is when the caller names none; the pseudo networks "KeyECDSA" and
 * "KeyEdDSA" too. */
enum key_type chain_default_key(const struct chain *c);
bool chain_takes_key(const struct chain *c, enum key_type type);

/* Appends the address. Pseudo networks have none: nothing is appended. HF_INVALID: not a key for
 * this network. */
HF_MUST hf_status chain_address(const struct chain_network *network, enum key_type type,
                                struct hf_span public_key, struct hf_buf *to);

/* One request to sign. For requests on a key, `network` and `chain` are what the body names, or
 * NULL; for those on a wallet, the wallet's. `chain` is set whenever `network` is. */
struct chain_request {
	enum chain_kind kind;
	const struct chain_network *network;
	const struct chain *chain;
	enum key_type key_type;
	struct hf_span public_key;
	const struct json_t *body; /* the whole request body */
};

/* Reads "kind", "blockchainKind" and "network" of a request body on a key, and finds the chain: for
 * requests on a wallet `network` is the wallet's, and the body may name no other. HF_INVALID,
 * HF_UNSUPPORTED with words. */
HF_MUST hf_status chain_request_read(const struct json_t *body, const struct chain_network *network,
                                     enum key_type type, struct hf_span public_key,
                                     struct chain_request *ret, struct hf_err *err);

/* A payment, as far as it can be read. */
struct chain_transfer {
	char to[CHAIN_ADDRESS_MAX]; /* in the network's usual form; without a network, as hex */
	bool native;                /* the chain's coin, and `amount` is known */
	struct chain_amount amount; /* in the coin's smallest unit */
};

/* What has to be signed, and what it does. Zeroed by the caller; chain_plan_done(). */
struct chain_plan {
	struct hf_buf bytes; /* all inputs one after another */
	struct chain_input {
		uint32_t at, len; /* ECDSA: a digest of 32 bytes; Ed25519: the message */
	} inputs[CHAIN_INPUTS_MAX];
	size_t n_inputs;
	/* What it pays, except back to the signing key's own address. Not `readable`: there may be
	 * more, or nothing is known; then whoever judges it has to expect the worst. */
	bool readable;
	struct chain_transfer *transfers;
	size_t n_transfers;
};
void chain_plan_done(struct chain_plan *p);
struct hf_span chain_plan_input(const struct chain_plan *p, size_t i);

/* HF_INVALID: the body or its transaction is malformed, or not for this key or chain;
 * HF_TOOBIG: it is beyond a limit; HF_UNSUPPORTED: this chain, or this server, does not do that
 * kind; all with words. */
HF_MUST hf_status chain_prepare(const struct chain_request *r, struct chain_plan *ret,
                                struct hf_err *err);

/* The signatures are canonical (crypto/pubkey.h: signature_finish()), one for each input of the
 * plan that chain_prepare() gave for the same request.
 *
 * Appends one signature as the chain has it ("encoded"); nothing where the kind has no such form.
 */
HF_MUST hf_status chain_encode(const struct chain_request *r, const struct signature *signature,
                               struct hf_buf *to);
/* Appends what can be broadcast, or is the proof ("signedData"); nothing where there is none. */
HF_MUST hf_status chain_assemble(const struct chain_request *r, const struct chain_plan *plan,
                                 const struct signature *signatures, size_t n, struct hf_buf *to);

#endif
