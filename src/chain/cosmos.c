/* SPDX-License-Identifier: Apache-2.0
 * Chains of the Cosmos SDK: cosmos/tx/v1beta1/tx.proto and cosmos/bank/v1beta1/tx.proto of
 * https://github.com/cosmos/cosmos-sdk. SIGN_MODE_DIRECT: ECDSA over sha256 of the SignDoc. */
#include "chain/intent.h"

#include "chain/bech32.h"
#include "chain/protobuf.h"
#include "crypto/digest.h"

#include <string.h>

#define SIGN_DOC_MAX (64u << 10)
/* Of the smallest unit: one coin. More is a payment to whoever takes it. */
#define FEE_MAX 1000000u

/* What the table of networks has no column for. */
static const struct zone {
	const char *network, *chain_id, *denom;
} zones[] = {
	{ "BabylonGenesis", "bbn-1", "ubbn" },    { "BabylonTestnet5", "bbn-test-5", "ubbn" },
	{ "CosmosHub4", "cosmoshub-4", "uatom" }, { "CosmosIcsTestnet", "provider", "uatom" },
	{ "SeiAtlantic2", "atlantic-2", "usei" }, { "SeiPacific1", "pacific-1", "usei" },
};

static const struct zone *zone_of(const struct chain_request *r)
{
	for (size_t i = 0; r->network && i < HF_COUNT(zones); i++)
		if (strcmp(zones[i].network, r->network->name) == 0)
			return &zones[i];
	return NULL;
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	uint8_t hash[20];

	HF_TRY(hash160(public_key, hash));
	return bech32_encode(BECH32, network->text, HF_SPAN(hash, sizeof(hash)), to);
}

struct sign_doc {
	struct hf_span body, auth_info, chain_id;
};

static hf_status read_sign_doc(struct hf_span bytes, struct sign_doc *ret)
{
	struct sign_doc doc = { 0 };
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES, NULL, &doc.body },
		{ 2, PB_BYTES, NULL, &doc.auth_info },
		{ 3, PB_BYTES, NULL, &doc.chain_id },
		{ 4, PB_VARINT }, /* account_number */
	};

	HF_TRY(pb_read(bytes, slots, HF_COUNT(slots)));
	HF_ENSURE(doc.body.len && doc.auth_info.len && doc.chain_id.len, HF_INVALID);
	*ret = doc;
	return HF_SUCCESS;
}

static hf_status read_coin(struct hf_span coin, struct hf_span *ret_denom, struct chain_amount *ret)
{
	struct hf_span amount = { 0 };
	char text[CHAIN_AMOUNT_TEXT_MAX];
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES, NULL, ret_denom },
		{ 2, PB_BYTES, NULL, &amount },
	};

	HF_TRY(pb_read(coin, slots, HF_COUNT(slots)));
	HF_TRY(hf_span_to_text(amount, text, sizeof(text)));
	return chain_amount_parse(text, 0, ret);
}

/* MsgSend: from = 1, to = 2, amount = 3, which may be several coins. */
static hf_status read_send(const struct chain_request *r, struct hf_span send, const char *own,
                           struct chain_plan *plan)
{
	const struct zone *zone = zone_of(r);
	struct hf_reader fields = hf_reader(send);
	struct hf_span from = { 0 }, to = { 0 }, denom = { 0 };
	struct chain_transfer t = { 0 };
	struct pb_field f;

	while (fields.left) {
		HF_TRY(pb_next(&fields, &f));
		HF_ENSURE(f.wire == PB_BYTES, HF_UNSUPPORTED);
		if (f.number == 1 && !from.len && !to.len) {
			from = f.bytes;
		} else if (f.number == 2 && from.len && !to.len) {
			to = f.bytes;
			HF_TRY(hf_span_to_text(to, t.to, sizeof(t.to)));
		} else {
			HF_ENSURE(f.number == 3 && to.len, HF_UNSUPPORTED);
			HF_TRY(read_coin(f.bytes, &denom, &t.amount));
			t.native = zone && hf_span_is(denom, zone->denom);
			if (!t.native)
				t.amount = chain_amount_u64(0);
			if (!hf_span_is(to, own))
				HF_TRY(plan_add_transfer(plan, &t));
		}
	}
	/* what another account pays, in whose transaction this key takes part */
	HF_ENSURE(to.len && hf_span_is(from, own), HF_UNSUPPORTED);
	return HF_SUCCESS;
}

/* TxBody: messages = 1, memo = 2, timeout_height = 3. */
static hf_status read_messages(const struct chain_request *r, struct hf_span body, const char *own,
                               struct chain_plan *plan)
{
	struct hf_reader fields = hf_reader(body);
	struct pb_field f;

	while (fields.left) {
		struct hf_span url = { 0 }, value = { 0 };
		const struct pb_slot any[] = {
			{ 1, PB_BYTES, NULL, &url },
			{ 2, PB_BYTES, NULL, &value },
		};

		HF_TRY(pb_next(&fields, &f));
		if ((f.number == 2 && f.wire == PB_BYTES) || (f.number == 3 && f.wire == PB_VARINT))
			continue;
		HF_ENSURE(f.number == 1 && f.wire == PB_BYTES, HF_UNSUPPORTED);
		HF_TRY(pb_read(f.bytes, any, HF_COUNT(any)));
		HF_ENSURE(hf_span_is(url, "/cosmos.bank.v1beta1.MsgSend"), HF_UNSUPPORTED);
		HF_TRY(read_send(r, value, own, plan));
	}
	return HF_SUCCESS;
}

/* AuthInfo: signer_infos = 1, fee = 2 (amount = 1, gas_limit = 2, payer = 3, granter = 4). */
static hf_status read_fee(const struct chain_request *r, struct hf_span auth_info)
{
	const struct chain_amount max = chain_amount_u64(FEE_MAX);
	const struct zone *zone = zone_of(r);
	struct hf_span signer = { 0 }, fee = { 0 }, coin = { 0 }, denom = { 0 };
	struct chain_amount amount;
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES, NULL, &signer },
		{ 2, PB_BYTES, NULL, &fee },
	};
	const struct pb_slot fee_slots[] = {
		{ 1, PB_BYTES, NULL, &coin },
		{ 2, PB_VARINT },
	};

	HF_TRY(pb_read(auth_info, slots, HF_COUNT(slots)));
	HF_TRY(pb_read(fee, fee_slots, HF_COUNT(fee_slots)));
	if (!coin.ptr)
		return HF_SUCCESS;
	HF_TRY(read_coin(coin, &denom, &amount));
	HF_ENSURE(zone && hf_span_is(denom, zone->denom), HF_UNSUPPORTED);
	HF_ENSURE(chain_amount_compare(&amount, &max) <= 0, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status read_intent(const struct chain_request *r, const struct sign_doc *doc,
                             struct chain_plan *plan)
{
	char own[CHAIN_ADDRESS_MAX];

	HF_TRY(plan_own_address(r, own));
	HF_TRY(read_messages(r, doc->body, own, plan));
	return read_fee(r, doc->auth_info);
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "signDoc" };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(SIGN_DOC_MAX);
	const struct zone *zone = zone_of(r);
	uint8_t digest[SHA256_LEN];
	struct sign_doc doc;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "signDoc", SIGN_DOC_MAX, &bytes, err));
	if (!hf_ok(read_sign_doc(hf_buf_span(&bytes), &doc)))
		return hf_fail(err, HF_INVALID,
		               "field \"signDoc\": it is not a SignDoc (body_bytes, "
		               "auth_info_bytes, chain_id, account_number)");
	if (zone && !hf_span_is(doc.chain_id, zone->chain_id))
		return hf_fail(
		        err, HF_INVALID,
		        "field \"signDoc\": it is for chain %.*s, and network %s is %s: make "
		        "it for that network, or sign it for another",
		        (int)(doc.chain_id.len < 64 ? doc.chain_id.len : 64),
		        (const char *)doc.chain_id.ptr, zone->network, zone->chain_id);
	HF_TRY(intent_judge(plan, read_intent(r, &doc, plan)));
	HF_TRY(sha256(hf_buf_span(&bytes), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

static const struct chain_rule rules[] = {
	{ CHAIN_SIGN_DOC_DIRECT, prepare },
};

const struct chain chain_cosmos = {
	.kind = "Cosmos",
	.keys = { KEY_SECP256K1 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
