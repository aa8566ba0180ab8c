/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/rules.h"

#include <string.h>

/* By name; a chain's file and its row here are all that there is of it, besides its networks. */
static const struct chain *const chains[] = {
	&chain_algorand, &chain_aptos, &chain_bitcoin, &chain_cardano, &chain_cosmos,
	&chain_evm,      &chain_near,  &chain_solana,  &chain_stellar, &chain_substrate,
	&chain_tezos,    &chain_ton,   &chain_tron,    &chain_xrpl,
};

/* What the API knows, and nothing here does. */
static const char *const chains_elsewhere[] = {
	"BitcoinCash", "Canton", "Hedera", "Icp", "Iota", "Kaspa", "Polymesh", "Starknet", "Sui",
};

static const char *const kind_names[CHAIN_KIND_COUNT_] = {
	[CHAIN_HASH] = "Hash",
	[CHAIN_MESSAGE] = "Message",
	[CHAIN_EIP191] = "Eip191",
	[CHAIN_EIP712] = "Eip712",
	[CHAIN_EIP7702] = "Eip7702",
	[CHAIN_TRANSACTION] = "Transaction",
	[CHAIN_SNIP12] = "Snip12",
	[CHAIN_PSBT] = "Psbt",
	[CHAIN_BIP322] = "Bip322",
	[CHAIN_SIGN_DOC_DIRECT] = "SignDocDirect",
	[CHAIN_SIGNER_PAYLOAD] = "SignerPayload",
	[CHAIN_CIP8] = "Cip8",
	[CHAIN_STELLAR_FEE_BUMP] = "StellarFeeBumpTransaction",
};

const char *chain_kind_name(enum chain_kind k)
{
	return k < CHAIN_KIND_COUNT_ ? kind_names[k] : "";
}

hf_status chain_kind_parse(const char *name, enum chain_kind *ret)
{
	for (size_t k = 0; k < CHAIN_KIND_COUNT_; k++) {
		if (strcmp(kind_names[k], name) != 0)
			continue;
		*ret = (enum chain_kind)k;
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_NOTFOUND);
}

hf_status chain_find(const char *kind, const struct chain **ret, struct hf_err *err)
{
	for (size_t i = 0; i < HF_COUNT(chains); i++) {
		if (strcmp(chains[i]->kind, kind) != 0)
			continue;
		*ret = chains[i];
		return HF_SUCCESS;
	}
	for (size_t i = 0; i < HF_COUNT(chains_elsewhere); i++)
		if (strcmp(chains_elsewhere[i], kind) == 0)
			return hf_fail(err, HF_UNSUPPORTED,
			               "blockchain kind \"%s\" is not supported: hash it yourself "
			               "and use kind \"Hash\", or \"Message\" with EdDSA keys, "
			               "without \"blockchainKind\" and \"network\"",
			               kind);
	return hf_fail(err, HF_NOTFOUND, "there is no blockchain kind \"%.64s\"", kind);
}

const char *chain_name(const struct chain *c)
{
	return c->kind;
}

enum key_type chain_default_key(const struct chain *c)
{
	return c->keys[0];
}

bool chain_takes_key(const struct chain *c, enum key_type type)
{
	return type && (c->keys[0] == type || c->keys[1] == type);
}

hf_status chain_address(const struct chain_network *network, enum key_type type,
                        struct hf_span public_key, struct hf_buf *to)
{
	const struct key_type_info *info = key_type_info(type);

	HF_ENSURE(info && chain_takes_key(network->chain, type), HF_INVALID);
	HF_ENSURE(public_key.len == info->public_len, HF_INVALID);
	if (!network->chain->address)
		return HF_SUCCESS;
	return network->chain->address(network, type, public_key, to);
}

static const struct chain_rule *rule_of(const struct chain_request *r)
{
	for (size_t i = 0; r->chain && i < r->chain->n_rules; i++)
		if (r->chain->rules[i].kind == r->kind)
			return &r->chain->rules[i];
	return NULL;
}

static bool without_chain(const struct chain_request *r)
{
	return !r->chain || r->chain == &chain_key_ecdsa || r->chain == &chain_key_eddsa;
}

static hf_status refuse_kind(const struct chain_request *r, struct hf_err *err)
{
	const char *kind = chain_kind_name(r->kind);
	HF_BUF_SCOPED struct hf_buf kinds = HF_BUF(256);

	if (r->kind == CHAIN_SNIP12)
		return hf_fail(err, HF_UNSUPPORTED,
		               "kind \"Snip12\" is not supported: PKCS#11 HSMs do not know the "
		               "stark curve");
	if (without_chain(r))
		return hf_fail(err, HF_INVALID,
		               "kind \"%s\" is a chain's: name the chain in \"blockchainKind\" or "
		               "\"network\", or hash it yourself and use kind \"Hash\"%s",
		               kind,
		               r->key_type == KEY_ED25519 ? ", or kind \"Message\" for all of it"
		                                          : "");
	for (size_t i = 0; i < r->chain->n_rules; i++)
		hf_buf_printf(&kinds, "\"%s\", ", chain_kind_name(r->chain->rules[i].kind));
	return hf_fail(err, HF_UNSUPPORTED,
	               "kind \"%s\" is not supported for chain %s: use one of %.*s\"Hash\"", kind,
	               r->chain->kind, (int)kinds.len, kinds.len ? (const char *)kinds.ptr : "");
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	const struct chain_rule *rule = rule_of(r);

	if (r->kind == CHAIN_HASH)
		return plain_prepare_hash(r, plan, err);
	if (r->kind == CHAIN_MESSAGE && without_chain(r))
		return plain_prepare_message(r, plan, err);
	if (!rule)
		return refuse_kind(r, err);
	return rule->prepare(r, plan, err);
}

hf_status chain_prepare(const struct chain_request *r, struct chain_plan *ret, struct hf_err *err)
{
	hf_status s = prepare(r, ret, err);

	if (hf_ok(s) && ret->n_inputs == 0)
		s = hf_fail(err, HF_INVALID, "there is nothing in it for this key to sign");
	if (!hf_ok(s))
		chain_plan_done(ret);
	return s;
}

hf_status chain_encode(const struct chain_request *r, const struct signature *signature,
                       struct hf_buf *to)
{
	const struct chain_rule *rule = rule_of(r);

	if (rule && rule->encode)
		return rule->encode(r, signature, to);
	if (r->chain && r->chain->encode)
		return r->chain->encode(r, signature, to);
	return HF_SUCCESS;
}

hf_status chain_assemble(const struct chain_request *r, const struct chain_plan *plan,
                         const struct signature *signatures, size_t n, struct hf_buf *to)
{
	const struct chain_rule *rule = rule_of(r);

	HF_ENSURE(n == plan->n_inputs && n > 0, HF_INVALID);
	if (!rule || !rule->assemble)
		return HF_SUCCESS;
	return rule->assemble(r, plan, signatures, n, to);
}
