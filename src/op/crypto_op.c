/* SPDX-License-Identifier: Apache-2.0 */
#include "op/crypto_op.h"

#include "op/crypto_fields.h"
#include "op/fields.h"

#define VERSION 1

/* What an operation of each kind says; nothing else is sent. */
enum part {
	PART_KEY = 1u << 0,
	PART_SUBJECT = 1u << 1,
	PART_MECH = 1u << 2,
	PART_MADE = 1u << 3,
	PART_DATA = 1u << 4,
	PART_MORE = 1u << 5,
	PART_COUNT = 1u << 6,
	PART_CURSOR = 1u << 7,
	PART_PRIVATE_ONLY = 1u << 8,
};

static unsigned parts_of(enum crypto_op_kind kind)
{
	switch (kind) {
	case CRYPTO_LIST:
		return PART_COUNT | PART_CURSOR;
	case CRYPTO_GENERATE:
		return PART_MADE;
	case CRYPTO_IMPORT:
		return PART_MADE | PART_DATA;
	case CRYPTO_UPDATE:
	case CRYPTO_PERSIST:
		return PART_KEY | PART_MADE;
	case CRYPTO_DESTROY:
		return PART_KEY | PART_PRIVATE_ONLY;
	case CRYPTO_DESCRIBE:
	case CRYPTO_EXPORT:
		return PART_KEY;
	case CRYPTO_ENCRYPT:
	case CRYPTO_DECRYPT:
	case CRYPTO_SIGN:
	case CRYPTO_MAC:
		return PART_KEY | PART_MECH | PART_DATA;
	case CRYPTO_MAC_VERIFY:
		return PART_KEY | PART_MECH | PART_DATA | PART_MORE;
	case CRYPTO_WRAP:
		return PART_KEY | PART_MECH | PART_SUBJECT;
	case CRYPTO_UNWRAP:
	case CRYPTO_DERIVE:
		return PART_KEY | PART_MECH | PART_DATA | PART_MADE;
	case CRYPTO_AGREE:
		return PART_KEY | PART_MECH | PART_MORE | PART_MADE;
	case CRYPTO_RANDOM:
		return PART_COUNT;
	case CRYPTO_PING:
		return 0;
	}
	return 0;
}

bool crypto_op_makes(enum crypto_op_kind kind)
{
	return kind != CRYPTO_UPDATE && (parts_of(kind) & PART_MADE);
}

bool crypto_op_uses_key(enum crypto_op_kind kind)
{
	return parts_of(kind) & PART_KEY;
}

bool crypto_op_changes_slot(const struct crypto_op *op)
{
	if (op->kind == CRYPTO_UPDATE || op->kind == CRYPTO_DESTROY)
		return true;
	return crypto_op_makes(op->kind) && op->made.persistent;
}

const char *crypto_op_name(enum crypto_op_kind kind)
{
	static const char *const names[] = {
		[CRYPTO_LIST] = "list",         [CRYPTO_DESCRIBE] = "describe",
		[CRYPTO_GENERATE] = "generate", [CRYPTO_IMPORT] = "import",
		[CRYPTO_UPDATE] = "update",     [CRYPTO_DESTROY] = "destroy",
		[CRYPTO_EXPORT] = "export",     [CRYPTO_ENCRYPT] = "encrypt",
		[CRYPTO_DECRYPT] = "decrypt",   [CRYPTO_SIGN] = "sign",
		[CRYPTO_MAC] = "mac",           [CRYPTO_MAC_VERIFY] = "mac-verify",
		[CRYPTO_WRAP] = "wrap",         [CRYPTO_UNWRAP] = "unwrap",
		[CRYPTO_DERIVE] = "derive",     [CRYPTO_AGREE] = "agree",
		[CRYPTO_RANDOM] = "random",     [CRYPTO_PING] = "ping",
		[CRYPTO_PERSIST] = "persist",
	};

	_Static_assert(HF_COUNT(names) == CRYPTO_OP_KIND_MAX + 1, "a name for each");
	return kind >= 1 && kind <= CRYPTO_OP_KIND_MAX ? names[kind] : "unknown";
}

hf_status crypto_op_check_records(const struct crypto_op *op, struct hf_err *err)
{
	const struct hf_span records[] = { op->key.record, op->subject.record };
	struct key_record r;

	for (size_t i = 0; i < HF_COUNT(records); i++)
		if (records[i].len &&
		    (!hf_ok(record_decode(records[i], &r)) || !record_is_transient(&r)))
			return hf_fail(err, HF_DENIED,
			               "records come from the database of whoever has the HSM, but "
			               "for those of transient keys");
	if (op->kind == CRYPTO_PERSIST && !op->key.record.len)
		return hf_fail(err, HF_DENIED, "only a transient key is persisted");
	return HF_SUCCESS;
}

void crypto_op_encode(struct hf_buf *to, const struct crypto_op *op)
{
	unsigned parts = parts_of(op->kind);

	hf_buf_u8(to, VERSION);
	hf_buf_u8(to, (uint8_t)op->kind);
	hf_buf_field(to, hf_span_text(op->key_id));
	if (parts & PART_KEY)
		field_put_where(to, &op->key);
	if (parts & PART_SUBJECT)
		field_put_where(to, &op->subject);
	if (parts & PART_MECH)
		field_put_mech(to, &op->mech);
	if (parts & PART_MADE)
		field_put_shape(to, &op->made);
	if (parts & PART_PRIVATE_ONLY)
		hf_buf_u8(to, op->private_only);
	if (parts & PART_COUNT)
		hf_buf_u32(to, op->count);
	if (parts & PART_CURSOR)
		hf_buf_u64(to, op->cursor);
	if (parts & PART_DATA)
		hf_buf_field(to, op->data);
	if (parts & PART_MORE)
		hf_buf_field(to, op->more);
}

static void read_parts(struct hf_reader *r, unsigned parts, struct crypto_op *op)
{
	if (parts & PART_KEY)
		field_read_where(r, &op->key);
	if (parts & PART_SUBJECT)
		field_read_where(r, &op->subject);
	if (parts & PART_MECH)
		field_read_mech(r, &op->mech);
	if (parts & PART_MADE)
		field_read_shape(r, op->kind == CRYPTO_UPDATE, &op->made);
	if (parts & PART_PRIVATE_ONLY)
		op->private_only = field_read_bool(r);
	if (parts & PART_COUNT)
		op->count = hf_read_u32(r);
	if (parts & PART_CURSOR)
		op->cursor = hf_read_u64(r);
	if (parts & PART_DATA)
		op->data = hf_read_field(r, CRYPTO_DATA_MAX);
	if (parts & PART_MORE)
		op->more = hf_read_field(r, CRYPTO_MORE_MAX);
}

static hf_status check_count(const struct crypto_op *op, struct hf_err *err)
{
	uint32_t max = op->kind == CRYPTO_LIST ? CRYPTO_LIST_MAX : CRYPTO_RANDOM_MAX;

	if (!(parts_of(op->kind) & PART_COUNT) || (op->count >= 1 && op->count <= max))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "%s asks for 1 to %u at once, not %u",
	               crypto_op_name(op->kind), max, op->count);
}

hf_status crypto_op_decode(struct hf_span from, struct crypto_op *ret, struct hf_err *err)
{
	struct hf_reader r = hf_reader(from);
	uint8_t version = hf_read_u8(&r), kind = hf_read_u8(&r);
	struct crypto_op op = { 0 };

	if (r.failed)
		return hf_fail(err, HF_INVALID, "an operation on a key is cut short");
	if (version != VERSION)
		return hf_fail(err, HF_INVALID,
		               "operation on a key of format %u; this program knows format %d: "
		               "bring all parts to the same release",
		               version, VERSION);
	if (kind < 1 || kind > CRYPTO_OP_KIND_MAX)
		return hf_fail(err, HF_INVALID, "no such kind of operation on a key: %u", kind);
	op.kind = (enum crypto_op_kind)kind;
	hf_read_text(&r, op.key_id, sizeof(op.key_id));
	read_parts(&r, parts_of(op.kind), &op);
	if (!hf_ok(hf_reader_end(&r)))
		return hf_fail(err, HF_INVALID,
		               "a %s operation is malformed, cut short or too long",
		               crypto_op_name(op.kind));
	if (op.key_id[0] && !field_is_id(op.key_id))
		return hf_fail(err, HF_INVALID, "malformed key id");
	HF_TRY(check_count(&op, err));
	*ret = op;
	return HF_SUCCESS;
}
