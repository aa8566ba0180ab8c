/* SPDX-License-Identifier: Apache-2.0
 * What the official client can ask of keys, wallets and networks and this server does not do, each
 * with the reason: 400 for what keys in an HSM cannot do, 501 for what is no signer's job. */
#include "server/errors.h"
#include "server/signing_api/handlers.h"

static hf_status prepare_refusal(struct call *c, struct hf_err *err)
{
	const struct refusal *r = (const struct refusal *)c->op;

	c->status = r->status;
	api_error_body(&c->out, r->status, r->words);
	return HF_SUCCESS;
}

#define REFUSAL(code, text)                                                                        \
	{                                                                                          \
		.op = { .size = sizeof(struct call), .prepare = prepare_refusal }, .status = code, \
		.words = text                                                                      \
	}

const struct refusal api_refuse_delegate =
        REFUSAL(400, "keys in an HSM key store belong to the organisation and cannot be delegated "
                     "to an end user: every key and wallet is custodial");
const struct refusal api_refuse_import = REFUSAL(
        400, "keys are not imported: a key of an HSM key store is made inside the HSM and was "
             "never elsewhere, and there are no MPC key shares. Create a key or a wallet instead");
const struct refusal api_refuse_export = REFUSAL(
        400, "keys are not exported: a key of an HSM key store never leaves the HSM but wrapped "
             "by its master key, and there are no MPC key shares");
const struct refusal api_refuse_derive =
        REFUSAL(400, "this key derives nothing: deriving is for keys of scheme DH, which HSM key "
                     "stores do not have");
const struct refusal api_refuse_activate =
        REFUSAL(400, "there is nothing to activate: wallets are active from the start, and an "
                     "account that its network wants on chain is made by broadcasting a "
                     "transaction that was signed here");
const struct refusal api_refuse_offers =
        REFUSAL(501, "offers are not available here: they are for Canton networks, which are not "
                     "supported");
const struct refusal api_refuse_broadcast =
        REFUSAL(501, "transactions are not broadcast here: have it signed with POST "
                     "/wallets/:walletId/signatures, kind \"Transaction\" or the chain's own, and "
                     "broadcast `signedData` through a node of yours");
const struct refusal api_refuse_transfer =
        REFUSAL(501, "transfers are not made here: build the transaction, have it signed with POST "
                     "/wallets/:walletId/signatures, and broadcast `signedData` through a node of "
                     "yours");
const struct refusal api_refuse_balance =
        REFUSAL(501, "balances and history are not kept here: this server signs and does not "
                     "follow chains. Ask a node or an indexer for the wallet's address");
const struct refusal api_refuse_network =
        REFUSAL(501, "networks are not asked here: this server signs and is connected to no chain");
const struct refusal api_refuse_code =
        REFUSAL(501, "this server sends no e-mail: ask an administrator, who makes a code with "
                     "holdfast server user-code and hands it over");
const struct refusal api_refuse_login =
        REFUSAL(501, "this server takes no logins of other services (SSO, social): log in with a "
                     "credential, POST /auth/login/init");
