/* SPDX-License-Identifier: Apache-2.0
 * Transactions of Ethereum: legacy with EIP-155, access list (EIP-2930, type 01), dynamic fee
 * (EIP-1559, type 02), delegation (EIP-7702, type 04). */
#include "chain/evm.h"

#include "chain/rlp.h"
#include "crypto/digest.h"

#include <string.h>

#define TX_MAX (128u << 10)         /* as long as nodes take them in their pool */
#define FEE_MAX 100000000000000000u /* a tenth of the coin */
#define FIELDS_MAX 10
#define CHAIN_ID_MAX (UINT64_MAX / 2 - 36) /* EIP-155 doubles it */

/* A letter a field, in the order of the list that is signed. */
static const struct form {
	uint8_t type; /* 0: legacy, without a byte of type */
	const char *name, *fields;
} forms[] = {
	{ 0x00, "legacy with EIP-155", "nwgtvdc00" },
	{ 0x01, "type 01", "cnwgtvda" },
	{ 0x02, "type 02", "cnwwgtvda" },
	{ 0x04, "type 04", "cnwwgTvdau" },
};

struct evm_tx {
	const struct form *form;
	struct hf_span payload; /* the fields that are signed, one after another */
	struct hf_span unsigned_fields;
	uint64_t chain_id, gas;
	struct hf_span gas_price, to, value, data;
};

static bool is_number(const struct rlp_item *i, size_t max)
{
	return !i->list && i->payload.len <= max && (i->payload.len == 0 || i->payload.ptr[0] != 0);
}

static bool is_address(const struct rlp_item *i)
{
	return !i->list && i->payload.len == EVM_ADDRESS_LEN;
}

static uint64_t number(struct hf_span be)
{
	uint64_t v = 0;

	for (size_t i = 0; i < be.len; i++)
		v = v << 8 | be.ptr[i];
	return v;
}

static bool all_words(struct hf_span payload)
{
	struct hf_reader r = hf_reader(payload);
	struct rlp_item key;

	while (r.left)
		if (!hf_ok(rlp_read(&r, &key)) || key.list || key.payload.len != 32)
			return false;
	return true;
}

/* [[address, [key of 32 bytes, …]], …] */
static bool is_access_list(const struct rlp_item *list)
{
	struct hf_reader r = hf_reader(list->payload);
	struct rlp_item entry, parts[2];
	size_t n;

	while (list->list && r.left)
		if (!hf_ok(rlp_read(&r, &entry)) || !entry.list ||
		    !hf_ok(rlp_items(entry.payload, parts, 2, &n)) || n != 2 ||
		    !is_address(&parts[0]) || !parts[1].list || !all_words(parts[1].payload))
			return false;
	return list->list;
}

/* [[chain id, address, nonce, y parity, r, s], …], at least one. */
static bool is_authorization_list(const struct rlp_item *list)
{
	struct hf_reader r = hf_reader(list->payload);
	struct rlp_item entry, p[6];
	size_t n;

	while (list->list && r.left)
		if (!hf_ok(rlp_read(&r, &entry)) || !entry.list ||
		    !hf_ok(rlp_items(entry.payload, p, 6, &n)) || n != 6 || !is_number(&p[0], 32) ||
		    !is_address(&p[1]) || !is_number(&p[2], 8) || !is_number(&p[3], 1) ||
		    !is_number(&p[4], 32) || !is_number(&p[5], 32))
			return false;
	return list->list && list->payload.len > 0;
}

/* What is wrong with a field, or NULL. */
static const char *take_field(struct evm_tx *tx, char letter, const struct rlp_item *i)
{
	switch (letter) {
	case 'n':
		return is_number(i, 8) ? NULL : "nonce";
	case 'w': /* the last of two is the one that counts */
		tx->gas_price = i->payload;
		return is_number(i, 32) ? NULL : "price of gas";
	case 'g':
		tx->gas = is_number(i, 8) ? number(i->payload) : 0;
		return is_number(i, 8) ? NULL : "gas limit";
	case 'v':
		tx->value = i->payload;
		return is_number(i, 32) ? NULL : "value";
	case 'd':
		tx->data = i->payload;
		return !i->list ? NULL : "data";
	case 't': /* nobody: makes a contract */
	case 'T':
		tx->to = i->payload;
		return is_address(i) || (letter == 't' && !i->list && i->payload.len == 0)
		               ? NULL
		               : "recipient";
	case 'c':
		tx->chain_id = is_number(i, 8) ? number(i->payload) : 0;
		return tx->chain_id > 0 && tx->chain_id <= CHAIN_ID_MAX ? NULL : "chain id";
	case 'a':
		return is_access_list(i) ? NULL : "access list";
	case 'u':
		return is_authorization_list(i) ? NULL : "list of authorizations";
	default:
		return !i->list && i->payload.len == 0 ? NULL : "place of the signature";
	}
}

static hf_status take_fields(struct evm_tx *tx, const struct rlp_item *items, size_t n,
                             struct hf_err *err)
{
	size_t want = strlen(tx->form->fields);
	const char *wrong;

	if (tx->form->type == 0 && n == 6)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it names no chain, and could be repeated on "
		               "any: make it with a chain id (EIP-155)");
	if (n != want)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": %s has %zu fields before it is signed, and "
		               "this has %zu",
		               tx->form->name, want, n);
	for (size_t i = 0; i < n; i++) {
		wrong = take_field(tx, tx->form->fields[i], &items[i]);
		if (wrong)
			return hf_fail(err, HF_INVALID,
			               "field \"transaction\": field %zu of %s is no %s", i + 1,
			               tx->form->name, wrong);
	}
	/* a legacy transaction is signed with its chain id in the place of the signature */
	tx->unsigned_fields =
	        tx->form->type == 0
	                ? HF_SPAN(tx->payload.ptr, (size_t)(items[6].whole.ptr - tx->payload.ptr))
	                : tx->payload;
	return HF_SUCCESS;
}

static const struct form *find_form(struct hf_span bytes)
{
	uint8_t type = bytes.len && bytes.ptr[0] < 0x80 ? bytes.ptr[0] : 0;

	for (size_t i = 0; i < HF_COUNT(forms); i++)
		if (forms[i].type == type && (type || (bytes.len && bytes.ptr[0] >= 0xc0)))
			return &forms[i];
	return NULL;
}

static hf_status parse(struct hf_span bytes, struct evm_tx *ret, struct hf_err *err)
{
	struct evm_tx tx = { .form = find_form(bytes) };
	struct rlp_item list, items[FIELDS_MAX + 3];
	struct hf_reader r;
	size_t n;

	if (!tx.form)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"transaction\": it is of none of the types that are "
		               "supported: legacy with EIP-155, 01, 02 and 04");
	r = hf_reader(bytes);
	if (tx.form->type)
		(void)hf_read_u8(&r);
	if (!hf_ok(rlp_read(&r, &list)) || !list.list || r.left ||
	    !hf_ok(rlp_items(list.payload, items, HF_COUNT(items), &n)))
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is not one list in canonical RLP");
	tx.payload = list.payload;
	HF_TRY(take_fields(&tx, items, n, err));
	*ret = tx;
	return HF_SUCCESS;
}

static hf_status pay(const struct chain_request *r, struct chain_plan *plan, struct hf_span to,
                     const struct hf_span *value)
{
	struct chain_transfer t = { .native = value != NULL };
	uint8_t own[EVM_ADDRESS_LEN];

	HF_TRY(evm_address(r->public_key, own));
	if (memcmp(own, to.ptr, sizeof(own)) == 0)
		return HF_SUCCESS;
	if (value)
		HF_TRY(chain_amount_be(*value, &t.amount));
	HF_TRY(evm_address_print(to.ptr, t.to));
	return plan_add_transfer(plan, &t);
}

/* Far beyond what a payment costs anywhere: such a fee is itself a payment, to whoever makes the
 * block. */
static bool fee_is_usual(const struct evm_tx *tx)
{
	uint64_t price = number(tx->gas_price);

	return tx->gas_price.len <= 8 && (price == 0 || tx->gas <= FEE_MAX / price);
}

static hf_status read_intent(const struct chain_request *r, const struct evm_tx *tx,
                             struct chain_plan *plan)
{
	struct hf_span token = evm_token_recipient(tx->data);

	if (!tx->to.len) /* makes a contract, which may do anything */
		return HF_SUCCESS;
	/* authorizations of type 04 change what accounts do */
	plan->readable =
	        (tx->data.len == 0 || token.len) && tx->form->type != 0x04 && fee_is_usual(tx);
	if (tx->value.len || !token.len)
		HF_TRY(pay(r, plan, tx->to, &tx->value));
	return token.len ? pay(r, plan, token, NULL) : HF_SUCCESS;
}

static hf_status read_body(const struct chain_request *r, struct hf_buf *bytes, struct evm_tx *tx,
                           struct hf_err *err)
{
	static const char *const names[] = { "transaction" };

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TX_MAX, bytes, err));
	return parse(hf_buf_span(bytes), tx, err);
}

hf_status evm_prepare_transaction(const struct chain_request *r, struct chain_plan *plan,
                                  struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TX_MAX);
	struct evm_tx tx;
	uint8_t digest[32];

	HF_TRY(read_body(r, &bytes, &tx, err));
	HF_TRY(hf_context(err, evm_check_chain(r, tx.chain_id, err), "field \"transaction\""));
	HF_TRY(read_intent(r, &tx, plan));
	HF_TRY(keccak256(hf_buf_span(&bytes), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

hf_status evm_assemble_transaction(const struct chain_request *r, const struct chain_plan *plan,
                                   const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TX_MAX);
	HF_BUF_SCOPED struct hf_buf list = HF_BUF(TX_MAX + 128);
	const struct signature *sig = &signatures[0];
	struct evm_tx tx;
	uint64_t v;

	HF_ENSURE(n == 1 && sig->len == 64 && (sig->recid == 0 || sig->recid == 1), HF_INVALID);
	HF_TRY(read_body(r, &bytes, &tx, NULL));
	v = (uint64_t)sig->recid + (tx.form->type ? 0 : 35 + 2 * tx.chain_id); /* EIP-155 */
	hf_buf_put(&list, tx.unsigned_fields.ptr, tx.unsigned_fields.len);
	rlp_put_u64(&list, v);
	rlp_put_number(&list, HF_SPAN(sig->bytes, 32));
	rlp_put_number(&list, HF_SPAN(sig->bytes + 32, 32));
	HF_TRY(hf_buf_status(&list));
	if (tx.form->type)
		hf_buf_u8(to, tx.form->type);
	rlp_put_list_header(to, list.len);
	hf_buf_put(to, list.ptr, list.len);
	return hf_buf_status(to);
}
