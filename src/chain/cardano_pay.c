/* SPDX-License-Identifier: Apache-2.0
 * Cardano: addresses (CIP-19), and what a transaction's body pays. */
#include "chain/cardano.h"

#include "base/text.h"
#include "chain/base58.h"
#include "chain/bech32.h"
#include "chain/cbor.h"
#include "chain/intent.h"
#include "crypto/digest.h"

#include <string.h>

#define KEY_HASH_LEN 28
#define ENTERPRISE 0x60   /* type of address, above the number of the network */
#define BYRON 0x80        /* this type is of the addresses of the first era */
#define FEE_MAX 10000000u /* beyond 10 ADA it is more than a fee */

/* Members of a transaction's body. */
enum body {
	BODY_INPUTS = 0,
	BODY_OUTPUTS = 1,
	BODY_FEE = 2,
	BODY_UNTIL = 3,
	BODY_AUXILIARY_HASH = 7,
	BODY_FROM = 8,
	BODY_REQUIRED_SIGNERS = 14,
	BODY_NETWORK = 15,
	BODY_MAX_ = 63
};

static hf_status own_address(uint64_t network, struct hf_span public_key,
                             uint8_t ret[1 + KEY_HASH_LEN])
{
	ret[0] = ENTERPRISE | (uint8_t)network;
	return blake2b(public_key, ret + 1, KEY_HASH_LEN);
}

/* CIP-19: in bech32, but those of the Byron era in base58. */
static hf_status put_address(const struct chain_network *network, struct hf_span bytes,
                             struct hf_buf *to)
{
	uint8_t type;

	HF_ENSURE(bytes.len > KEY_HASH_LEN, HF_UNSUPPORTED);
	type = bytes.ptr[0] & 0xf0;
	if (!network) {
		hf_buf_hex(to, bytes);
		return hf_buf_status(to);
	}
	if (type == BYRON)
		return base58_encode(BASE58_BITCOIN, bytes, to);
	HF_ENSURE(type < BYRON && (bytes.ptr[0] & 15) == network->number, HF_UNSUPPORTED);
	return bech32_encode(BECH32, network->text, bytes, to);
}

hf_status cardano_address(const struct chain_network *network, enum key_type type,
                          struct hf_span public_key, struct hf_buf *to)
{
	uint8_t bytes[1 + KEY_HASH_LEN];

	HF_ENSURE(type == KEY_ED25519, HF_INVALID);
	HF_TRY(own_address(network->number, public_key, bytes));
	return put_address(network, HF_SPAN(bytes, sizeof(bytes)), to);
}

struct output {
	struct hf_span address;
	uint64_t amount;
	bool amount_known;
};

static hf_status read_map_output(struct hf_reader *r, struct output *ret)
{
	struct hf_span ignored;
	struct cbor_list list;
	uint64_t member;
	bool more;

	HF_TRY(cbor_open(r, CBOR_MAP, &list));
	for (;;) {
		HF_TRY(cbor_next(r, &list, &more));
		if (!more)
			return HF_SUCCESS;
		HF_TRY(cbor_uint(r, &member));
		if (member == 0) {
			HF_ENSURE(!ret->address.ptr, HF_UNSUPPORTED);
			HF_TRY(cbor_bytes(r, &ret->address));
		} else if (member == 1) {
			HF_ENSURE(!ret->amount_known, HF_UNSUPPORTED);
			HF_TRY(cbor_uint(r, &ret->amount));
			ret->amount_known = true;
		} else {
			HF_TRY(cbor_item(r, &ignored)); /* datum, script */
		}
	}
}

/* [address, amount, datum hash], or since Babbage a map. An amount that is no plain number has
 * other assets with it. */
static hf_status read_output(struct hf_span bytes, struct output *ret)
{
	struct hf_reader r = hf_reader(bytes);
	struct cbor_list list;
	struct output o = { 0 };

	if (bytes.ptr[0] >> 5 == CBOR_MAP) {
		HF_TRY(read_map_output(&r, &o));
	} else {
		HF_TRY(cbor_open(&r, CBOR_ARRAY, &list));
		HF_TRY(cbor_bytes(&r, &o.address));
		HF_TRY(cbor_uint(&r, &o.amount));
		o.amount_known = true;
	}
	HF_ENSURE(o.address.ptr && o.amount_known, HF_UNSUPPORTED);
	*ret = o;
	return HF_SUCCESS;
}

/* Its own address: on the network, or on any without one. */
static hf_status is_own(const struct chain_request *r, struct hf_span address, bool *ret)
{
	uint8_t own[1 + KEY_HASH_LEN];

	HF_TRY(own_address(0, r->public_key, own));
	*ret = address.len == sizeof(own) && (address.ptr[0] & 0xf0) == ENTERPRISE &&
	       memcmp(address.ptr + 1, own + 1, KEY_HASH_LEN) == 0;
	return HF_SUCCESS;
}

static hf_status read_outputs(struct hf_reader *r, const struct chain_request *req,
                              struct chain_plan *plan)
{
	struct cbor_list list;
	bool more, own;

	HF_TRY(cbor_open(r, CBOR_ARRAY, &list));
	for (;;) {
		HF_BUF_SCOPED struct hf_buf to = HF_BUF(CHAIN_ADDRESS_MAX - 1);
		struct hf_span item;
		struct output o;

		HF_TRY(cbor_next(r, &list, &more));
		if (!more)
			return HF_SUCCESS;
		HF_TRY(cbor_item(r, &item));
		HF_TRY(read_output(item, &o));
		HF_TRY(is_own(req, o.address, &own));
		if (own)
			continue;
		HF_TRY(put_address(req->network, o.address, &to));
		HF_TRY(intent_pay(plan, hf_buf_span(&to), o.amount));
	}
}

static hf_status read_body_member(struct hf_reader *r, uint64_t member,
                                  const struct chain_request *req, struct chain_plan *plan)
{
	struct hf_span ignored;
	uint64_t fee;

	switch ((enum body)member) {
	case BODY_OUTPUTS:
		return read_outputs(r, req, plan);
	case BODY_FEE:
		HF_TRY(cbor_uint(r, &fee));
		HF_ENSURE(fee <= FEE_MAX, HF_UNSUPPORTED);
		return HF_SUCCESS;
	case BODY_INPUTS:
	case BODY_UNTIL:
	case BODY_AUXILIARY_HASH:
	case BODY_FROM:
	case BODY_REQUIRED_SIGNERS:
	case BODY_NETWORK:
		return cbor_item(r, &ignored);
	case BODY_MAX_:
		break;
	}
	/* Certificates, withdrawals, minting, collateral, votes: more than payments. */
	return HF_FAILURE(HF_UNSUPPORTED);
}

hf_status cardano_read_payments(const struct chain_request *r, struct hf_span body,
                                struct chain_plan *plan)
{
	struct hf_reader at = hf_reader(body);
	struct cbor_list list;
	uint64_t member, seen = 0;
	bool more;

	HF_TRY(cbor_open(&at, CBOR_MAP, &list));
	for (;;) {
		HF_TRY(cbor_next(&at, &list, &more));
		if (!more)
			return hf_reader_end(&at);
		HF_TRY(cbor_uint(&at, &member));
		HF_ENSURE(member < BODY_MAX_ && !(seen >> member & 1), HF_UNSUPPORTED);
		seen |= 1ull << member;
		HF_TRY(read_body_member(&at, member, r, plan));
	}
}
