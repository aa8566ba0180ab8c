/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/slot.h"

#include "base/buf.h"
#include "base/text.h"
#include "p11/rv.h"

#include <p11-kit/uri.h>
#include <stdio.h>
#include <string.h>

#define SLOTS_MAX 256

HF_DEFINE_CLEANUP(p11_kit_uri_free, P11KitUri *)

/* PKCS#11 pads with spaces and has no NUL; some tokens put one nevertheless. */
static void unpad(const unsigned char *from, size_t len, char *to)
{
	len = strnlen((const char *)from, len);
	while (len && from[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] < 0x20 || from[i] == 0x7f ? '?' : (char)from[i];
	to[len] = 0;
}

void p11_token_describe(CK_SLOT_ID slot, const CK_TOKEN_INFO *info, struct p11_token *ret)
{
	struct p11_token t = { .slot = slot, .flags = info->flags };

	unpad(info->label, sizeof(info->label), t.label);
	unpad(info->manufacturerID, sizeof(info->manufacturerID), t.manufacturer);
	unpad(info->model, sizeof(info->model), t.model);
	unpad(info->serialNumber, sizeof(info->serialNumber), t.serial);
	snprintf(t.description, sizeof(t.description), "%s, %s %s %s", t.label, t.manufacturer,
	         t.model, t.serial);
	*ret = t;
}

static hf_status take_text(const char *what, const char *value, char *to, size_t cap,
                           struct hf_err *err)
{
	if (!value[0])
		return hf_fail(err, HF_INVALID, "--slot %s: a name has to follow", what);
	if (strlen(value) >= cap)
		return hf_fail(err, HF_INVALID,
		               "--slot %s%s: a token's %.*s has at most %zu characters", what,
		               value, (int)strlen(what) - 1, what, cap - 1);
	snprintf(to, cap, "%s", value);
	return HF_SUCCESS;
}

static hf_status take_number(const char *value, struct slot_selector *s, struct hf_err *err)
{
	int64_t n;

	if (!hf_ok(hf_parse_i64(value, 0, INT64_MAX, &n)))
		return hf_fail(err, HF_INVALID, "--slot number:%s: not a slot number", value);
	s->by_number = true;
	s->number = (CK_SLOT_ID)n;
	return HF_SUCCESS;
}

/* RFC 7512: which of the attributes select a token, and which have no place here. */
static hf_status take_uri(const char *text, struct slot_selector *s, struct hf_err *err)
{
	HF_CLEANUP(p11_kit_uri_free_at) P11KitUri *uri = p11_kit_uri_new();
	CK_TOKEN_INFO *token;
	CK_INFO *library;
	CK_ULONG n = 0;

	HF_ENSURE(uri, HF_NOMEM);
	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK)
		return hf_fail(err, HF_INVALID,
		               "--slot: not a PKCS#11 URI (RFC 7512), such as "
		               "pkcs11:token=NAME;serial=NUMBER");
	if (p11_kit_uri_get_pin_value(uri) || p11_kit_uri_get_pin_source(uri))
		return hf_fail(err, HF_INVALID,
		               "--slot: the URI carries a PIN, which other users of this machine "
		               "can see: take it out, "
		               "change the PIN, and give it in a file (--pin-file)");
	p11_kit_uri_get_attributes(uri, &n);
	library = p11_kit_uri_get_module_info(uri);
	if (n || p11_kit_uri_any_unrecognized(uri) || p11_kit_uri_get_module_path(uri) ||
	    library->libraryDescription[0] || library->manufacturerID[0])
		return hf_fail(err, HF_INVALID,
		               "--slot: the URI may name token, serial, manufacturer, model and "
		               "slot-id only");
	token = p11_kit_uri_get_token_info(uri);
	unpad(token->label, sizeof(token->label), s->label);
	unpad(token->manufacturerID, sizeof(token->manufacturerID), s->manufacturer);
	unpad(token->model, sizeof(token->model), s->model);
	unpad(token->serialNumber, sizeof(token->serialNumber), s->serial);
	s->number = p11_kit_uri_get_slot_id(uri);
	s->by_number = s->number != (CK_SLOT_ID)-1;
	return HF_SUCCESS;
}

hf_status slot_selector_parse(const char *text, struct slot_selector *ret, struct hf_err *err)
{
	struct slot_selector s = { 0 };

	if (!strncmp(text, "label:", 6))
		HF_TRY(take_text("label:", text + 6, s.label, sizeof(s.label), err));
	else if (!strncmp(text, "serial:", 7))
		HF_TRY(take_text("serial:", text + 7, s.serial, sizeof(s.serial), err));
	else if (!strncmp(text, "number:", 7))
		HF_TRY(take_number(text + 7, &s, err));
	else if (!strncmp(text, "pkcs11:", 7))
		HF_TRY(take_uri(text, &s, err));
	else if (text[0])
		return hf_fail(err, HF_INVALID,
		               "--slot %.64s: give label:NAME, serial:NUMBER, number:N or a URI "
		               "(pkcs11:token=NAME)",
		               text);
	*ret = s;
	return HF_SUCCESS;
}

static bool fits(const char *wanted, const char *is)
{
	return !wanted[0] || !strcmp(wanted, is);
}

bool slot_selector_matches(const struct slot_selector *s, const struct p11_token *t)
{
	return fits(s->label, t->label) && fits(s->manufacturer, t->manufacturer) &&
	       fits(s->model, t->model) && fits(s->serial, t->serial) &&
	       (!s->by_number || s->number == t->slot);
}

/* What is there, for a person to choose from. */
static void list(struct hf_buf *to, const struct p11_token *t)
{
	hf_buf_printf(to, "\n  label:%s  serial:%s  number:%lu  (%s %s)", t->label, t->serial,
	              t->slot, t->manufacturer, t->model);
}

struct search {
	struct hf_buf all;
	struct p11_token found;
	unsigned tokens, matches;
};

/* A slot whose token is away or is not recognised is not a candidate; the others may be. */
static bool token_in(const struct p11_module *m, CK_SLOT_ID slot, struct p11_token *ret)
{
	CK_TOKEN_INFO info = { 0 };

	if (m->fn->C_GetTokenInfo(slot, &info) != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
		return false;
	p11_token_describe(slot, &info, ret);
	return true;
}

static void look_at(const struct p11_module *m, CK_SLOT_ID slot,
                    const struct slot_selector *selector, struct search *search)
{
	struct p11_token token;

	if (!token_in(m, slot, &token))
		return;
	list(&search->all, &token);
	search->tokens++;
	if (!slot_selector_matches(selector, &token))
		return;
	search->matches++;
	search->found = token;
}

static hf_status judge(const struct search *search, const char *selector, struct p11_token *ret,
                       struct hf_err *err)
{
	int len = (int)search->all.len;
	const char *all = (const char *)search->all.ptr;

	if (search->matches == 1) {
		*ret = search->found;
		return HF_SUCCESS;
	}
	if (!search->tokens)
		return hf_fail(err, HF_NOTFOUND,
		               "the module shows no initialised token: initialise one with the "
		               "HSM's own tools, or see "
		               "that the module's configuration points to it");
	if (!search->matches)
		return hf_fail(err, HF_NOTFOUND, "no token matches --slot %s; there are:%.*s",
		               selector, len, all);
	return hf_fail(err, HF_INVALID, "%u tokens match --slot \"%s\": choose one of:%.*s",
	               search->matches, selector, len, all);
}

static hf_status slots_with_tokens(const struct p11_module *m, CK_SLOT_ID slots[SLOTS_MAX],
                                   CK_ULONG *ret_n, struct hf_err *err)
{
	CK_ULONG n = SLOTS_MAX;
	CK_RV rv = m->fn->C_GetSlotList(CK_TRUE, slots, &n);

	if (rv == CKR_BUFFER_TOO_SMALL)
		return hf_fail(err, HF_TOOBIG, "the module has more than %d slots", SLOTS_MAX);
	if (rv != CKR_OK)
		return p11_fail(err, rv, "C_GetSlotList");
	*ret_n = n < SLOTS_MAX ? n : SLOTS_MAX;
	return HF_SUCCESS;
}

hf_status p11_slot_list(const struct p11_module *m, struct p11_token *to, size_t max, size_t *ret_n,
                        struct hf_err *err)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	struct p11_token token;
	CK_ULONG n_slots;
	size_t n = 0;

	HF_TRY(slots_with_tokens(m, slots, &n_slots, err));
	for (CK_ULONG i = 0; i < n_slots; i++) {
		if (!token_in(m, slots[i], &token))
			continue;
		if (n == max)
			return hf_fail(err, HF_TOOBIG, "the module has more than %zu tokens", max);
		to[n++] = token;
	}
	*ret_n = n;
	return HF_SUCCESS;
}

hf_status p11_slot_find(const struct p11_module *m, const char *selector, struct p11_token *ret,
                        struct hf_err *err)
{
	struct search search = { .all = HF_BUF(900) };
	struct slot_selector wanted;
	CK_SLOT_ID slots[SLOTS_MAX];
	hf_status status;
	CK_ULONG n;

	HF_TRY(slot_selector_parse(selector, &wanted, err));
	HF_TRY(slots_with_tokens(m, slots, &n, err));
	for (CK_ULONG i = 0; i < n; i++)
		look_at(m, slots[i], &wanted, &search);
	status = judge(&search, selector, ret, err);
	hf_buf_done(&search.all);
	return status;
}
