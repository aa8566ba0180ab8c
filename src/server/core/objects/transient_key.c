/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/transient_key.h"

#include "base/random.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <string.h>

#define VERSION 1
#define SALT_LEN 16
#define LABEL "holdfast crypto api: transient keys"
#define USES_ALL ((1u << USE_COUNT) - 1)

/* ---- what is sealed */

/* With its NUL, so that it is a text where it stands; empty: there is none. */
static void put_text(struct hf_buf *to, const char *text)
{
	hf_buf_field(to, text ? HF_SPAN(text, strlen(text) + 1) : HF_SPAN(NULL, 0));
}

static char *read_text(struct hf_reader *r)
{
	struct hf_span text = hf_read_field(r, TRANSIENT_KEY_MAX);

	if (!text.len)
		return NULL;
	if (memchr(text.ptr, 0, text.len) != text.ptr + text.len - 1)
		r->failed = true;
	return (char *)(uintptr_t)text.ptr;
}

void transient_key_encode(struct hf_buf *to, const struct object_row *row, struct hf_span record)
{
	hf_buf_u8(to, VERSION);
	hf_buf_field(to, hf_span_text(row->id));
	hf_buf_field(to, hf_span_text(row->group_id));
	hf_buf_field(to, hf_span_text(row->creator));
	hf_buf_u8(to, (uint8_t)row->type);
	hf_buf_u8(to, (uint8_t)row->curve);
	hf_buf_u32(to, row->bits);
	hf_buf_u32(to, row->uses);
	hf_buf_u64(to, (uint64_t)row->created_ms);
	hf_buf_field(to, HF_SPAN(row->kcv, row->have_kcv ? sizeof(row->kcv) : 0));
	put_text(to, row->description);
	put_text(to, row->options);
	put_text(to, row->custom_metadata);
	hf_buf_field(to, record);
}

static void read_kind(struct hf_reader *r, struct object_row *row)
{
	row->type = (enum object_type)hf_read_u8(r);
	row->curve = (enum curve)hf_read_u8(r);
	row->bits = hf_read_u32(r);
	row->uses = hf_read_u32(r);
}

static void read_kcv(struct hf_reader *r, struct object_row *row)
{
	struct hf_span kcv = hf_read_field(r, sizeof(row->kcv));

	row->have_kcv = kcv.len > 0;
	if (kcv.len == sizeof(row->kcv))
		memcpy(row->kcv, kcv.ptr, sizeof(row->kcv));
	else if (kcv.len)
		r->failed = true;
}

/* The record is this key's, and says the same of it. */
static hf_status check_record(struct object_row *row, struct hf_span encoded)
{
	struct key_record record;
	char id[HF_ID_MAX];

	HF_TRY(record_decode(encoded, &record));
	HF_TRY(hf_id_of_uuid(TRANSIENT_ID, row->id, id));
	HF_ENSURE(record_is_transient(&record) && strcmp(record.key_id, id) == 0, HF_INVALID);
	HF_ENSURE(record.type == row->type && record.curve == row->curve, HF_INVALID);
	HF_ENSURE(record.uses == (row->uses & USE_IN_HSM), HF_INVALID);
	row->public_key = record.public_key;
	return HF_SUCCESS;
}

hf_status transient_key_decode(struct hf_span from, struct object_row *ret,
                               struct hf_span *ret_record)
{
	struct hf_reader r = hf_reader(from);
	struct object_row row = { .state = OBJECT_ACTIVE, .enabled = true, .transient = true };
	struct hf_span record;

	HF_ENSURE(hf_read_u8(&r) == VERSION, HF_INVALID);
	hf_read_text(&r, row.id, sizeof(row.id));
	hf_read_text(&r, row.group_id, sizeof(row.group_id));
	hf_read_text(&r, row.creator, sizeof(row.creator));
	read_kind(&r, &row);
	row.created_ms = (int64_t)hf_read_u64(&r);
	read_kcv(&r, &row);
	row.description = read_text(&r);
	row.options = read_text(&r);
	row.custom_metadata = read_text(&r);
	record = hf_read_field(&r, RECORD_ENCODED_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(hf_uuid_valid(row.group_id) && !(row.uses & ~USES_ALL), HF_INVALID);
	HF_TRY(check_record(&row, record));
	row.activation_ms = row.created_ms;
	row.never_exportable = !(row.uses & USE_EXPORT);
	*ret = row;
	*ret_record = record;
	return HF_SUCCESS;
}

/* ---- sealed */

static hf_status derive(const struct transient_session *of, struct hf_span salt,
                        struct hf_secret *ret)
{
	return hkdf_sha256(HF_SPAN(of->secret->ptr, of->secret->len), salt, hf_span_text(LABEL),
	                   AEAD_KEY_LEN, ret);
}

/* Neither id has a space. */
static struct hf_span bound_to(const struct transient_session *of, char to[2 * HF_ID_MAX])
{
	snprintf(to, 2 * HF_ID_MAX, "%s %s", of->org_id, of->session_id);
	return hf_span_text(to);
}

hf_status transient_key_seal(const struct transient_session *of, const struct object *key,
                             struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf plain = HF_BUF(TRANSIENT_KEY_MAX - SALT_LEN - AEAD_OVERHEAD);
	HF_SECRET struct hf_secret secret = { 0 };
	uint8_t salt[SALT_LEN];
	char bound[2 * HF_ID_MAX];

	HF_ENSURE(*of->session_id && key->transient, HF_INTERNAL);
	transient_key_encode(&plain, &key->row, key->record);
	HF_TRY(hf_buf_status(&plain));
	hf_random(salt, sizeof(salt));
	HF_TRY(derive(of, HF_SPAN(salt, sizeof(salt)), &secret));
	hf_buf_put(to, salt, sizeof(salt));
	return aead_seal(&secret, bound_to(of, bound), hf_buf_span(&plain), to);
}

hf_status transient_key_open(const struct transient_session *of, struct hf_span sealed,
                             struct hf_secret *ret_plain, struct object_row *ret,
                             struct hf_span *ret_record, struct hf_err *err)
{
	HF_SECRET struct hf_secret secret = { 0 }, plain = { 0 };
	hf_status s = HF_FAILURE(HF_UNAUTHENTIC);
	char bound[2 * HF_ID_MAX];

	if (*of->session_id && sealed.len > SALT_LEN && sealed.len <= TRANSIENT_KEY_MAX) {
		HF_TRY(derive(of, HF_SPAN(sealed.ptr, SALT_LEN), &secret));
		s = aead_open(&secret, bound_to(of, bound),
		              HF_SPAN(sealed.ptr + SALT_LEN, sealed.len - SALT_LEN), &plain);
	}
	if (hf_ok(s))
		s = transient_key_decode(HF_SPAN(plain.ptr, plain.len), ret, ret_record);
	if (!hf_ok(s))
		return hf_fail(err, s.code == HF_NOMEM ? HF_NOMEM : HF_INVALID,
		               "field \"transient_key\": not one of this session, or changed on "
		               "its way: such a key ends with the session that it was made in");
	snprintf(ret->org_id, sizeof(ret->org_id), "%s", of->org_id);
	*ret_plain = hf_secret_take(&plain);
	return HF_SUCCESS;
}
