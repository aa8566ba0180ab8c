/* SPDX-License-Identifier: Apache-2.0
 * Which kind of which chain a request's body asks for. */
#include "chain/rules.h"

#include <string.h>

#define NAME_MAX_ 64 /* of kinds, chains and networks */

static hf_status read_kind(const struct json_t *body, enum chain_kind *ret, struct hf_err *err)
{
	const char *name = json_member_text(body, "kind");

	if (!name)
		return hf_fail(err, HF_INVALID,
		               "field \"kind\" is missing: expected \"Hash\", \"Message\", "
		               "\"Transaction\" or another that the chain has");
	if (hf_ok(chain_kind_parse(name, ret)))
		return HF_SUCCESS;
	if (strcmp(name, "DfnsSmartAccountTransaction") == 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"kind\": \"%s\" is not supported: sign what the account "
		               "has to sign with kind \"Eip712\", \"Message\" or \"Hash\"",
		               name);
	return hf_fail(
	        err, HF_INVALID,
	        "field \"kind\": there is no \"%.64s\": expected \"Hash\" or \"Message\", or "
	        "another that the chain has, such as \"Transaction\"",
	        name);
}

/* A name in the body, or NULL when there is none. */
static hf_status read_name(const struct json_t *body, const char *field, const char **ret,
                           struct hf_err *err)
{
	const char *name = json_member_text(body, field);

	if (json_member(body, field) && (!name || !*name || strlen(name) > NAME_MAX_))
		return hf_fail(err, HF_INVALID, "field \"%s\": expected text of 1 to %d characters",
		               field, NAME_MAX_);
	*ret = name;
	return HF_SUCCESS;
}

/* A hash is a hash on every chain: one that is not supported only leaves the signature without a
 * form of its own. */
static hf_status forgive_hash(enum chain_kind kind, hf_status s)
{
	return kind == CHAIN_HASH && s.code == HF_UNSUPPORTED ? HF_SUCCESS : s;
}

/* What names the chain is the caller's mistake when it names none. */
static hf_status named(const char *field, hf_status s, struct hf_err *err)
{
	s = hf_context(err, s, "field \"%s\"", field);
	return s.code == HF_NOTFOUND ? HF_FAILURE(HF_INVALID) : s;
}

static hf_status find_by_body(const char *kind, const char *network, struct chain_request *r,
                              struct hf_err *err)
{
	const struct chain *chain = NULL;

	if (network)
		HF_TRY(forgive_hash(
		        r->kind,
		        named("network", chain_network_find(network, &r->network, err), err)));
	if (kind)
		HF_TRY(forgive_hash(r->kind,
		                    named("blockchainKind", chain_find(kind, &chain, err), err)));
	if (chain && r->network && chain != r->network->chain)
		return hf_fail(err, HF_INVALID,
		               "field \"blockchainKind\": network %s is of kind %s, not %s",
		               r->network->name, r->network->chain->kind, chain->kind);
	r->chain = r->network ? r->network->chain : chain;
	return HF_SUCCESS;
}

static hf_status keep_to_wallet(const char *kind, const char *network,
                                const struct chain_request *r, struct hf_err *err)
{
	if (network && strcmp(network, r->network->name) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"network\": the wallet is on network %s: leave it out, or "
		               "use a wallet on %.64s",
		               r->network->name, network);
	if (kind && strcmp(kind, r->chain->kind) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"blockchainKind\": the wallet's network %s is of kind %s: "
		               "leave it out",
		               r->network->name, r->chain->kind);
	return HF_SUCCESS;
}

hf_status chain_request_read(const struct json_t *body, const struct chain_network *network,
                             enum key_type type, struct hf_span public_key,
                             struct chain_request *ret, struct hf_err *err)
{
	struct chain_request r = {
		.network = network,
		.chain = network ? network->chain : NULL,
		.key_type = type,
		.public_key = public_key,
		.body = body,
	};
	const char *kind_name, *network_name;

	HF_TRY(read_kind(body, &r.kind, err));
	HF_TRY(read_name(body, "blockchainKind", &kind_name, err));
	HF_TRY(read_name(body, "network", &network_name, err));
	if (network)
		HF_TRY(keep_to_wallet(kind_name, network_name, &r, err));
	else
		HF_TRY(find_by_body(kind_name, network_name, &r, err));
	if (r.chain && !chain_takes_key(r.chain, type)) {
		const struct key_type_info *info = key_type_info(type);

		return hf_fail(err, HF_INVALID, "%s keys do not sign for chain %s",
		               info ? info->name : "such", r.chain->kind);
	}
	*ret = r;
	return HF_SUCCESS;
}
