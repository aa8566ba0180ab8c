/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/scan_page.h"

#include "base/text.h"
#include "json/write.h"
#include "server/core/objects/scan.h"

#include <stdio.h>
#include <string.h>

#define WARNINGS_BYTES (256u << 10)
#define NAME_TRIES 3
#define ID_SHOWN 8 /* bytes of a CKA_ID in a name */
#define LABEL_SHOWN 120

/* ---- warnings */

void scan_warnings_begin(struct scan_warnings *w)
{
	*w = (struct scan_warnings){ .json = HF_BUF(WARNINGS_BYTES) };
}

void scan_warnings_done(struct scan_warnings *w)
{
	hf_buf_done(&w->json);
}

static void put_warning(struct scan_warnings *w, const char *virtual_key_id, const char *text)
{
	struct json_writer json = JSON_WRITER(&w->json);

	json.comma = w->json.len > 1;
	json_open_object(&json, NULL);
	json_text_if(&json, "virtual_key_id", virtual_key_id);
	json_text(&json, "message", text);
	json_close_object(&json);
}

void scan_warn(struct scan_warnings *w, const char *virtual_key_id, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (w->n++ >= SCAN_WARNINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	hf_make_utf8(text);
	if (!w->json.len)
		hf_buf_text(&w->json, "[");
	put_warning(w, virtual_key_id, text);
}

const char *scan_warnings_text(struct scan_warnings *w)
{
	char more[64];

	if (!w->n)
		return NULL;
	if (w->n > SCAN_WARNINGS_MAX) {
		snprintf(more, sizeof(more), "and %u warnings more", w->n - SCAN_WARNINGS_MAX);
		put_warning(w, NULL, more);
	}
	hf_buf_text(&w->json, "]");
	hf_buf_u8(&w->json, 0);
	return hf_ok(hf_buf_status(&w->json)) ? (const char *)w->json.ptr : NULL;
}

/* ---- reading */

hf_status scan_page_new(struct scan_page **ret)
{
	struct scan_page *p = calloc(1, sizeof(*p));

	HF_ENSURE(p, HF_NOMEM);
	p->public_keys = HF_BUF(CRYPTO_LIST_MAX * SPKI_MAX);
	/* one piece that does not move: the rows' public keys point into it */
	hf_buf_grow(&p->public_keys, CRYPTO_LIST_MAX * SPKI_MAX);
	if (!hf_ok(hf_buf_status(&p->public_keys))) {
		scan_page_free(p);
		return HF_FAILURE(HF_NOMEM);
	}
	hf_buf_clear(&p->public_keys);
	*ret = p;
	return HF_SUCCESS;
}

void scan_page_free(struct scan_page *p)
{
	if (!p)
		return;
	hf_buf_done(&p->public_keys);
	free(p);
}

static void copy(struct hf_span from, uint8_t *to, size_t *ret_len)
{
	if (from.len)
		memcpy(to, from.ptr, from.len);
	*ret_len = from.len;
}

static hf_status read_key(struct scan_page *p, const struct key_shape *key,
                          const struct group *group, int64_t now_ms)
{
	struct object_row *row = &p->rows[p->n];
	uint8_t *public;

	HF_ENSURE(p->n < CRYPTO_LIST_MAX && key->id.len <= CKA_ID_MAX &&
	                  key->label.len <= CKA_LABEL_MAX && key->public_key.len <= SPKI_MAX,
	          HF_CORRUPT);
	*row = (struct object_row){
		.type = key->type,
		.curve = key->curve,
		.bits = key->bits,
		.uses = (key->uses & USE_IN_HSM) | USE_APPMANAGEABLE,
		.state = OBJECT_ACTIVE,
		.enabled = true,
		.virtual_key = true,
		.external = true,
		.public_only = !key->has_private,
		.never_exportable = key->never_extractable,
		.created_ms = now_ms,
		.have_kcv = key->have_kcv,
	};
	hf_uuid_new(row->id);
	snprintf(row->org_id, sizeof(row->org_id), "%s", group->org_id);
	snprintf(row->group_id, sizeof(row->group_id), "%s", group->id);
	memcpy(row->kcv, key->kcv, sizeof(row->kcv));
	copy(key->id, row->cka_id, &row->cka_id_len);
	copy(key->label, row->cka_label, &row->cka_label_len);
	public = hf_buf_grow(&p->public_keys, key->public_key.len);
	HF_TRY(hf_buf_status(&p->public_keys));
	if (key->public_key.len)
		memcpy(public, key->public_key.ptr, key->public_key.len);
	row->public_key = HF_SPAN(public, key->public_key.len);
	p->n++;
	return HF_SUCCESS;
}

static hf_status read_list(struct scan_page *p, struct hf_span list, const struct group *group,
                           int64_t now_ms)
{
	struct hf_reader r = hf_reader(list);
	struct key_shape key;
	hf_status s;

	while (hf_ok(s = crypto_list_next(&r, &key)))
		HF_TRY(read_key(p, &key, group, now_ms));
	HF_ENSURE(s.code == HF_NOTFOUND, HF_CORRUPT);
	p->n_keys = p->n;
	return HF_SUCCESS;
}

hf_status scan_page_read(struct hf_span list, const struct group *group, const char *creator,
                         int64_t now_ms, struct scan_page **ret)
{
	struct scan_page *p;
	hf_status s;

	HF_TRY(scan_page_new(&p));
	s = read_list(p, list, group, now_ms);
	if (!hf_ok(s)) {
		scan_page_free(p);
		return s;
	}
	for (size_t i = 0; i < p->n; i++)
		snprintf(p->rows[i].creator, sizeof(p->rows[i].creator), "%s", creator);
	*ret = p;
	return HF_SUCCESS;
}

/* ---- sorting */

/* "CKA_LABEL x, CKA_ID 0102…", for people. */
static const char *shown(const struct object_row *row, char to[256])
{
	char hex[2 * ID_SHOWN + 1];
	size_t n = row->cka_id_len > ID_SHOWN ? ID_SHOWN : row->cka_id_len;
	size_t label = row->cka_label_len > LABEL_SHOWN ? LABEL_SHOWN : row->cka_label_len;

	hf_hex(row->cka_id, n, hex);
	snprintf(to, 256, "the %s key with CKA_LABEL \"%.*s\" and CKA_ID %s%s",
	         object_type_name((int)row->type), (int)label, (const char *)row->cka_label, hex,
	         row->cka_id_len > n ? "..." : "");
	return to;
}

static struct page_update *next_update(struct scan_page *p, const struct known_key *key)
{
	struct page_update *u = &p->updates[p->n_updates++];

	*u = (struct page_update){ .public_only = key->public_only };
	snprintf(u->id, sizeof(u->id), "%s", key->id);
	return u;
}

/* Two of the slot that are one here. What this scan has made of the first is disabled; one that was
 * here before stays as it is, and the HSM refuses. */
static void twice(struct scan_page *p, struct known_key *key, const struct object_row *row,
                  struct scan_warnings *warnings)
{
	char name[256];

	scan_warn(warnings, key->id,
	          "the slot has more than one of %s, and nothing tells them apart: %s until one of "
	          "them has another CKA_ID",
	          shown(row, name),
	          key->created ? "this virtual key is disabled" : "the HSM refuses to use it");
	if (key->created)
		next_update(p, key)->disable = true;
}

static void is_known(struct scan_page *p, struct known_key *key, const struct object_row *row,
                     bool renamed, struct scan_warnings *warnings)
{
	struct page_update *u;
	char name[256];

	if (key->found) {
		twice(p, key, row, warnings);
		return;
	}
	key->found = true;
	if (known_key_replaced(key, row))
		scan_warn(warnings, key->id,
		          "%s has another public key than it had: it was replaced, and this "
		          "virtual key does not work until the HSM has the old one again; delete "
		          "the virtual key and synchronise to have the new one",
		          shown(row, name));
	if (!key->missing && !renamed && (key->public_only || !row->public_only))
		return;
	u = next_update(p, key);
	u->public_only |= row->public_only;
	copy(HF_SPAN(row->cka_label, row->cka_label_len), u->label, &u->label_len);
}

static bool is_new(const struct object_row *row, const struct page_sort *how)
{
	char name[256];

	if (how->segregation)
		return false;
	if (row->cka_id_len || row->cka_label_len)
		return true;
	scan_warn(
	        how->warnings, NULL,
	        "%s cannot be named, so it is left out: give it a CKA_ID with the HSM's own tools",
	        shown(row, name));
	return false;
}

static hf_status put_off(struct scan_page *to, const struct object_row *row)
{
	struct object_row *at = &to->rows[to->n++];
	uint8_t *public = hf_buf_grow(&to->public_keys, row->public_key.len);

	HF_TRY(hf_buf_status(&to->public_keys));
	*at = *row;
	if (row->public_key.len)
		memcpy(public, row->public_key.ptr, row->public_key.len);
	at->public_key = HF_SPAN(public, row->public_key.len);
	return HF_SUCCESS;
}

/* *ret_new: it stays in rows[]. */
static hf_status sort_one(struct scan_page *p, const struct object_row *row,
                          const struct page_sort *how, bool *ret_new)
{
	struct known_key *key = known_key_exact(how->known, row);
	bool renamed = false;

	*ret_new = false;
	if (!key && (key = known_key_renamed(how->known, row))) {
		/* the one of the old label may be yet to come: then this is another key */
		if (!how->last)
			return put_off(how->doubtful, row);
		renamed = true;
	}
	if (key) {
		is_known(p, key, row, renamed, how->warnings);
		return HF_SUCCESS;
	}
	if (!is_new(row, how))
		return HF_SUCCESS;
	*ret_new = true;
	return known_keys_add(how->known, row, &key);
}

hf_status scan_page_sort(struct scan_page *p, const struct page_sort *how)
{
	size_t kept = 0, n = p->n;

	for (size_t i = 0; i < n; i++) {
		bool new;

		HF_TRY(sort_one(p, &p->rows[i], how, &new));
		if (new &&kept != i)
			p->rows[kept] = p->rows[i];
		kept += new;
	}
	p->n = kept;
	return HF_SUCCESS;
}

/* ---- storing */

/* The label; where that is taken, with the beginning of the CKA_ID; or with the object's own id,
 * which nobody else has. */
static void name_row(struct object_row *row, int attempt)
{
	char label[160], hex[2 * ID_SHOWN + 1];
	size_t n = row->cka_id_len > ID_SHOWN ? ID_SHOWN : row->cka_id_len;

	snprintf(label, sizeof(label), "%.*s", (int)row->cka_label_len,
	         (const char *)row->cka_label);
	hf_make_utf8(label);
	for (char *at = label; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = '?';
	if (!label[strspn(label, " ")]) /* a name is more than spaces */
		*label = '\0';
	hf_hex(row->cka_id, n, hex);
	if (attempt == 0 && *label)
		snprintf(row->name, sizeof(row->name), "%s", label);
	else if (attempt < 2 && n)
		snprintf(row->name, sizeof(row->name), "%s%s%s", label, *label ? " " : "key ", hex);
	else
		snprintf(row->name, sizeof(row->name), "%s%s%s", label, *label ? " " : "key ",
		         row->id);
}

static hf_status store_new(struct scan_page *p, struct db *db)
{
	for (size_t i = 0; i < p->n; i++)
		name_row(&p->rows[i], 0);
	HF_TRY(object_rows_add(db, p->rows, p->n, p->inserted));
	for (size_t i = 0; i < p->n; i++)
		for (int attempt = 1; attempt < NAME_TRIES && !p->inserted[i]; attempt++) {
			name_row(&p->rows[i], attempt);
			HF_TRY(object_rows_add(db, &p->rows[i], 1, &p->inserted[i]));
		}
	return HF_SUCCESS;
}

hf_status scan_page_store(struct scan_page *p, struct db *db)
{
	HF_TRY(store_new(p, db));
	for (size_t i = 0; i < p->n_updates; i++) {
		const struct page_update *u = &p->updates[i];

		if (u->disable)
			HF_TRY(known_row_disable(db, u->id));
		else
			HF_TRY(known_row_seen(db, u->id, HF_SPAN(u->label, u->label_len),
			                      u->public_only));
	}
	return HF_SUCCESS;
}
