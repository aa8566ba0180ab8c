/* SPDX-License-Identifier: Apache-2.0
 * Stellar: https://github.com/stellar/stellar-xdr (Stellar-transaction.x), SEP-23 for addresses. A
 * transaction envelope, whose transaction is signed together with the network's passphrase, which
 * is the `text` of its row. A fee bump is an envelope of another type around one that others
 * signed. */
#include "chain/intent.h"

#include "chain/base32.h"
#include "chain/xdr.h"
#include "crypto/digest.h"

#include <string.h>

#define TRANSACTION_MAX (128u * 1024)
#define TX_LEAST 64 /* source, fee, sequence, and what follows them, all empty */
#define KEY_LEN 32
#define SIGNATURE_LEN 64
#define HINT_LEN 4
#define DECORATED_LEN (HINT_LEN + 4 + SIGNATURE_LEN)
#define SIGNATURES_MAX 20
#define OPERATIONS_MAX 100
#define FEE_MAX 10000000u /* beyond 1 XLM it is more than a fee */

enum envelope { ENVELOPE_TX = 2, ENVELOPE_FEE_BUMP = 5 };
enum account { ACCOUNT_ED25519 = 0, ACCOUNT_MUXED = 0x100 };
enum operation { CREATE_ACCOUNT = 0, PAYMENT = 1 };
enum strkey { STRKEY_ACCOUNT = 6 << 3, STRKEY_MUXED = 12 << 3 };

struct envelope_parts {
	uint32_t type;
	struct hf_span tx;
	struct hf_span signatures; /* DECORATED_LEN each, without their count */
};

static uint32_t u32_at(struct hf_span s, size_t at)
{
	struct hf_reader r = hf_reader(HF_SPAN(s.ptr + at, 4));

	return hf_read_u32(&r);
}

/* Whether `s` ends in an array of exactly n signatures of full length. */
static bool ends_in(struct hf_span s, size_t n)
{
	size_t len = 4 + n * DECORATED_LEN, at = s.len - len;

	if (s.len < len || u32_at(s, at) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (u32_at(s, at + 4 + i * DECORATED_LEN + HINT_LEN) != SIGNATURE_LEN)
			return false;
	return true;
}

/* A transaction with operations that are not known here cannot be read to its end, so the
 * signatures are found from theirs; where that would be ambiguous, it is refused. */
static hf_status split(struct hf_span bytes, struct envelope_parts *ret)
{
	struct envelope_parts p = { 0 };
	struct hf_span rest;
	size_t fits = 0, n_signatures = 0;

	HF_ENSURE(bytes.len >= 4 && bytes.len % 4 == 0, HF_INVALID);
	p.type = u32_at(bytes, 0);
	HF_ENSURE(p.type == ENVELOPE_TX || p.type == ENVELOPE_FEE_BUMP, HF_UNSUPPORTED);
	rest = HF_SPAN(bytes.ptr + 4, bytes.len - 4);
	for (size_t n = 0; n <= SIGNATURES_MAX; n++)
		if (ends_in(rest, n)) {
			fits++;
			n_signatures = n;
		}
	HF_ENSURE(fits == 1, HF_INVALID);
	p.signatures.len = n_signatures * DECORATED_LEN;
	p.signatures.ptr = rest.ptr + rest.len - p.signatures.len;
	p.tx = HF_SPAN(rest.ptr, rest.len - p.signatures.len - 4);
	HF_ENSURE(p.tx.len >= TX_LEAST, HF_INVALID);
	*ret = p;
	return HF_SUCCESS;
}

static const uint8_t *hint(struct hf_span public_key)
{
	return public_key.ptr + KEY_LEN - HINT_LEN;
}

static hf_status check_room(const struct chain_request *r, const struct envelope_parts *p,
                            struct hf_err *err)
{
	for (size_t at = 0; at < p->signatures.len; at += DECORATED_LEN)
		if (memcmp(p->signatures.ptr + at, hint(r->public_key), HINT_LEN) == 0)
			return hf_fail(err, HF_INVALID,
			               "field \"transaction\": this key has signed it already");
	if (p->signatures.len == (size_t)SIGNATURES_MAX * DECORATED_LEN)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it has %d signatures already, and can have "
		               "no more",
		               SIGNATURES_MAX);
	return HF_SUCCESS;
}

static hf_status load(const struct chain_request *r, struct hf_buf *bytes,
                      struct envelope_parts *ret, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	hf_status s;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TRANSACTION_MAX, bytes, err));
	HF_ENSURE(r->public_key.len == KEY_LEN, HF_INVALID);
	if (!r->network)
		return hf_fail(err, HF_INVALID,
		               "field \"network\" is missing: what is signed for Stellar depends "
		               "on it");
	s = split(hf_buf_span(bytes), ret);
	if (s.code == HF_UNSUPPORTED)
		return hf_fail(
		        err, s.code,
		        "field \"transaction\": only envelopes of type 2 (transaction) and 5 "
		        "(fee bump) are supported");
	if (!hf_ok(s))
		return hf_fail(err, s.code,
		               "field \"transaction\": expected the XDR of a transaction envelope, "
		               "with an array of signatures at its end");
	return check_room(r, ret, err);
}

static uint16_t crc16(struct hf_span s) /* XMODEM */
{
	uint16_t crc = 0;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= (uint16_t)(s.ptr[i] << 8);
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
	}
	return crc;
}

/* SEP-23: version, payload, CRC with its low byte first, in base 32. */
static hf_status put_strkey(enum strkey version, struct hf_span payload, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(64);
	uint16_t crc;

	hf_buf_u8(&bytes, (uint8_t)version);
	hf_buf_put(&bytes, payload.ptr, payload.len);
	crc = crc16(hf_buf_span(&bytes));
	hf_buf_u8(&bytes, (uint8_t)crc);
	hf_buf_u8(&bytes, (uint8_t)(crc >> 8));
	HF_TRY(hf_buf_status(&bytes));
	base32_put(to, hf_buf_span(&bytes));
	return hf_buf_status(to);
}

struct account_id {
	struct hf_span key;
	bool muxed; /* one of many behind a key */
	uint64_t number;
};

static struct account_id read_account(struct hf_reader *r)
{
	uint32_t type = hf_read_u32(r);
	struct account_id a = { .muxed = type == ACCOUNT_MUXED };

	if (type != ACCOUNT_ED25519 && type != ACCOUNT_MUXED)
		r->failed = true;
	if (a.muxed)
		a.number = hf_read_u64(r);
	a.key = hf_read_bytes(r, KEY_LEN);
	return a;
}

static hf_status put_account(const struct account_id *a, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(KEY_LEN + 8);

	if (!a->muxed)
		return put_strkey(STRKEY_ACCOUNT, a->key, to);
	hf_buf_put(&payload, a->key.ptr, a->key.len);
	hf_buf_u64(&payload, a->number);
	HF_TRY(hf_buf_status(&payload));
	return put_strkey(STRKEY_MUXED, hf_buf_span(&payload), to);
}

static hf_status read_operation(struct hf_reader *r, const struct chain_request *req,
                                struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	struct account_id to;
	uint32_t type;
	uint64_t amount;

	if (xdr_bool(r))
		read_account(r); /* it may have another source, which then signs too */
	type = hf_read_u32(r);
	HF_ENSURE(!r->failed && (type == CREATE_ACCOUNT || type == PAYMENT), HF_UNSUPPORTED);
	to = read_account(r);
	if (type == PAYMENT)
		HF_ENSURE(hf_read_u32(r) == 0, HF_UNSUPPORTED); /* the asset: XLM */
	amount = hf_read_u64(r);
	HF_ENSURE(!r->failed && amount <= INT64_MAX, HF_UNSUPPORTED);
	if (hf_span_equal(to.key, req->public_key))
		return HF_SUCCESS;
	HF_TRY(put_account(&to, &text));
	return intent_pay(plan, hf_buf_span(&text), amount);
}

/* When it may be applied. */
static void read_preconditions(struct hf_reader *r)
{
	uint32_t type = xdr_count(r, 2);

	if (type == 1 || (type == 2 && xdr_bool(r)))
		hf_read_bytes(r, 16); /* bounds of time */
	if (type != 2)
		return;
	if (xdr_bool(r))
		hf_read_bytes(r, 8); /* bounds of ledgers */
	if (xdr_bool(r))
		hf_read_bytes(r, 8); /* least sequence number */
	hf_read_bytes(r, 12);        /* its least age and gap */
	xdr_count(r, 0);             /* no further signers */
}

static void read_memo(struct hf_reader *r)
{
	switch (xdr_count(r, 4)) {
	case 0:
		break;
	case 1:
		xdr_opaque(r, 28);
		break;
	case 2:
		hf_read_u64(r);
		break;
	default:
		hf_read_bytes(r, 32);
		break;
	}
}

static hf_status read_tx(struct hf_reader *r, const struct chain_request *req,
                         struct chain_plan *plan)
{
	uint32_t n;

	read_account(r);
	HF_ENSURE(hf_read_u32(r) <= FEE_MAX, HF_UNSUPPORTED);
	hf_read_u64(r); /* sequence number */
	read_preconditions(r);
	read_memo(r);
	n = xdr_count(r, OPERATIONS_MAX);
	for (uint32_t i = 0; i < n; i++)
		HF_TRY(read_operation(r, req, plan));
	xdr_count(r, 0); /* no extension */
	HF_ENSURE(!r->failed, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

/* The fee, and everything that the transaction inside pays, though others have signed for that. */
static hf_status read_fee_bump(struct hf_reader *r, const struct chain_request *req,
                               struct chain_plan *plan)
{
	uint32_t n;

	read_account(r);
	HF_ENSURE(hf_read_u64(r) <= FEE_MAX && hf_read_u32(r) == ENVELOPE_TX, HF_UNSUPPORTED);
	HF_TRY(read_tx(r, req, plan));
	n = xdr_count(r, SIGNATURES_MAX);
	for (uint32_t i = 0; i < n; i++) {
		hf_read_bytes(r, HINT_LEN);
		xdr_opaque(r, SIGNATURE_LEN);
	}
	xdr_count(r, 0);
	HF_ENSURE(!r->failed, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status read_payments(const struct chain_request *r, const struct envelope_parts *p,
                               struct chain_plan *plan)
{
	struct hf_reader at = hf_reader(p->tx);

	if (p->type == ENVELOPE_TX)
		HF_TRY(read_tx(&at, r, plan));
	else
		HF_TRY(read_fee_bump(&at, r, plan));
	return hf_reader_end(&at);
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(TRANSACTION_MAX + SHA256_LEN + 4);
	uint8_t hash[SHA256_LEN];
	struct envelope_parts p;

	HF_TRY(load(r, &bytes, &p, err));
	HF_TRY(sha256(hf_span_text(r->network->text), hash));
	hf_buf_put(&payload, hash, sizeof(hash));
	hf_buf_u32(&payload, p.type);
	hf_buf_put(&payload, p.tx.ptr, p.tx.len);
	HF_TRY(hf_buf_status(&payload));
	HF_TRY(sha256(hf_buf_span(&payload), hash));
	HF_TRY(plan_add_input(plan, HF_SPAN(hash, sizeof(hash))));
	return intent_judge(plan, read_payments(r, &p, plan));
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct envelope_parts p;

	HF_ENSURE(n == 1 && signatures[0].len == SIGNATURE_LEN, HF_INVALID);
	HF_TRY(load(r, &bytes, &p, NULL));
	hf_buf_u32(to, p.type);
	hf_buf_put(to, p.tx.ptr, p.tx.len);
	hf_buf_u32(to, (uint32_t)(p.signatures.len / DECORATED_LEN) + 1);
	hf_buf_put(to, p.signatures.ptr, p.signatures.len);
	hf_buf_put(to, hint(r->public_key), HINT_LEN);
	hf_buf_field(to, HF_SPAN(signatures[0].bytes, SIGNATURE_LEN));
	return hf_buf_status(to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	HF_ENSURE(type == KEY_ED25519 && public_key.len == KEY_LEN, HF_INVALID);
	return put_strkey(STRKEY_ACCOUNT, public_key, to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_stellar = {
	.kind = "Stellar",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
