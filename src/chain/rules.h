/* SPDX-License-Identifier: Apache-2.0
 * What each chain's file gives chain.c. For src/chain only. */
#ifndef HF_CHAIN_RULES_H
#define HF_CHAIN_RULES_H

#include "chain/chain.h"

/* One kind of request of one chain. */
struct chain_rule {
	enum chain_kind kind;
	/* Reads r->body (every member that this kind may have; "kind", "network", "blockchainKind"
	 * and "externalId" are known to the reader of body.h), adds inputs and what it pays. */
	hf_status (*prepare)(const struct chain_request *r, struct chain_plan *plan,
	                     struct hf_err *err);
	/* NULL: the chain's. */
	hf_status (*encode)(const struct chain_request *r, const struct signature *signature,
	                    struct hf_buf *to);
	/* NULL: there is no signed data. */
	hf_status (*assemble)(const struct chain_request *r, const struct chain_plan *plan,
	                      const struct signature *signatures, size_t n, struct hf_buf *to);
};

struct chain {
	const char *kind;      /* "Evm" */
	enum key_type keys[2]; /* the first is the default; 0: no second */
	/* NULL: the chain has no addresses (pseudo networks). */
	hf_status (*address)(const struct chain_network *network, enum key_type type,
	                     struct hf_span public_key, struct hf_buf *to);
	/* NULL: signatures have no form of the chain's own. */
	hf_status (*encode)(const struct chain_request *r, const struct signature *signature,
	                    struct hf_buf *to);
	const struct chain_rule *rules;
	size_t n_rules;
};

/* One file each. */
extern const struct chain chain_algorand, chain_aptos, chain_bitcoin, chain_cardano, chain_cosmos,
        chain_evm, chain_near, chain_solana, chain_stellar, chain_substrate, chain_tezos, chain_ton,
        chain_tron, chain_xrpl;
extern const struct chain chain_key_ecdsa, chain_key_eddsa; /* plain.c: of pseudo networks */

/* Kind Hash, on any key; Message, on Ed25519 keys without a chain. plain.c */
HF_MUST hf_status plain_prepare_hash(const struct chain_request *r, struct chain_plan *plan,
                                     struct hf_err *err);
HF_MUST hf_status plain_prepare_message(const struct chain_request *r, struct chain_plan *plan,
                                        struct hf_err *err);

/* encode.c: the usual forms of one signature, for `encode`, and for what is assembled: r || s as
 * the HSM made it (Ed25519 and ECDSA); with a byte 27 + recovery id; DER (RFC 3279, 2.2.3).
 * HF_INVALID: not a signature for that form. */
HF_MUST hf_status encode_plain(const struct chain_request *r, const struct signature *signature,
                               struct hf_buf *to);
HF_MUST hf_status encode_recoverable(const struct chain_request *r,
                                     const struct signature *signature, struct hf_buf *to);
HF_MUST hf_status encode_der(const struct chain_request *r, const struct signature *signature,
                             struct hf_buf *to);

/* Each copies. HF_TOOBIG beyond the limits of chain.h. */
HF_MUST hf_status plan_add_input(struct chain_plan *plan, struct hf_span input);
HF_MUST hf_status plan_add_transfer(struct chain_plan *plan, const struct chain_transfer *t);
/* The address of the request's own key on its network, NUL-terminated. HF_NOTFOUND without a
 * network. */
HF_MUST hf_status plan_own_address(const struct chain_request *r, char to[CHAIN_ADDRESS_MAX]);

/* body.c: the member `name` of r->body as bytes: hex with or without 0x. HF_INVALID with words that
 * name the field, HF_TOOBIG beyond `max`. */
HF_MUST hf_status body_hex(const struct chain_request *r, const char *name, size_t max,
                           struct hf_buf *to, struct hf_err *err);
/* The member as text. HF_INVALID with words that name the field. */
HF_MUST hf_status body_text(const struct chain_request *r, const char *name, const char **ret,
                            struct hf_err *err);
/* That the body has no members but the common ones and `names`. */
HF_MUST hf_status body_only(const struct chain_request *r, const char *const *names, size_t n,
                            struct hf_err *err);

#endif
