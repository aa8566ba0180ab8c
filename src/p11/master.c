/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/master_impl.h"

#include "base/random.h"
#include "base/text.h"
#include "p11/rv.h"

#include <stdio.h>
#include <string.h>

#define MAC_ID_LEN (MASTER_ID_LEN + sizeof(MAC_SUFFIX) - 1)

/* How an HSM wants a key for HMAC-SHA256 to be made. */
struct mac_variant {
	CK_MECHANISM_TYPE generate;
	CK_KEY_TYPE type;
};

static const struct mac_variant mac_variants[] = {
	{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET },
	{ CKM_GENERIC_SECRET_KEY_GEN, CKK_SHA256_HMAC },
	{ CKM_NC_SHA256_HMAC_KEY_GEN, CKK_SHA256_HMAC },
};

static void common_template(struct template *t, CK_KEY_TYPE type, bool token, bool wraps)
{
	template_number(t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(t, CKA_KEY_TYPE, type);
	template_number(t, CKA_VALUE_LEN, MASTER_LEN);
	template_bool(t, CKA_TOKEN, token);
	template_bool(t, CKA_PRIVATE, true);
	template_bool(t, CKA_SENSITIVE, true);
	template_bool(t, CKA_EXTRACTABLE, false);
	template_bool(t, CKA_WRAP, wraps);
	template_bool(t, CKA_UNWRAP, wraps);
	template_bool(t, CKA_SIGN, !wraps);
	template_bool(t, CKA_VERIFY, !wraps);
	template_bool(t, CKA_ENCRYPT, false);
	template_bool(t, CKA_DECRYPT, false);
	template_bool(t, CKA_DERIVE, false);
}

/* `label` NULL: a session object without a name. */
static hf_status make_key(struct p11_session *s, CK_MECHANISM_TYPE generate, CK_KEY_TYPE type,
                          const char *label, struct hf_span id, CK_OBJECT_HANDLE *ret,
                          struct hf_err *err)
{
	CK_MECHANISM mechanism = { .mechanism = generate };
	struct template t = { 0 };
	CK_RV rv;

	common_template(&t, type, label != NULL, type == CKK_AES);
	if (label) {
		template_text(&t, CKA_LABEL, label);
		template_bytes(&t, CKA_ID, id);
	}
	rv = s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, ret);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GenerateKey");
	if (!label)
		s->live++;
	return HF_SUCCESS;
}

hf_status p11_master_mac(struct p11_session *s, const struct p11_master *m, struct hf_span input,
                         uint8_t ret[MASTER_MAC_LEN], struct hf_err *err)
{
	CK_MECHANISM mechanism = { .mechanism = m->mac_mechanism };
	uint8_t mac[256];
	CK_ULONG len = sizeof(mac);
	CK_RV rv;

	if (m->mac == P11_NO_OBJECT)
		return hf_fail(err, HF_UNSUPPORTED, "this HSM makes no HMAC");
	rv = s->fn->C_SignInit(s->handle, &mechanism, m->mac);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_SignInit (HMAC)");
	rv = s->fn->C_Sign(s->handle, (uint8_t *)(uintptr_t)input.ptr, input.len, mac, &len);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_Sign (HMAC)");
	if (len != MASTER_MAC_LEN)
		return hf_fail(err, HF_CORRUPT, "C_Sign (HMAC): the HSM gave %lu bytes, not 32",
		               len);
	memcpy(ret, mac, MASTER_MAC_LEN);
	return HF_SUCCESS;
}

/* The same input gives the same MAC twice, another input another: that is all that can be seen from
 * outside. */
static hf_status mac_works(struct p11_session *s, const struct p11_master *m, struct hf_err *err)
{
	uint8_t first[MASTER_MAC_LEN], again[MASTER_MAC_LEN], other[MASTER_MAC_LEN];

	HF_TRY(p11_master_mac(s, m, hf_span_text("holdfast"), first, err));
	HF_TRY(p11_master_mac(s, m, hf_span_text("holdfast"), again, err));
	HF_TRY(p11_master_mac(s, m, hf_span_text("holdfasu"), other, err));
	if (memcmp(first, again, sizeof(first)) != 0 || memcmp(first, other, sizeof(first)) == 0)
		return hf_fail(err, HF_UNSUPPORTED, "the HSM's HMAC-SHA256 is none");
	return HF_SUCCESS;
}

/* A session MAC key of the first variant that works; HF_UNSUPPORTED when none does. */
static hf_status try_mac(struct p11_session *s, struct p11_master *m,
                         const struct mac_variant **ret)
{
	for (size_t i = 0; i < HF_COUNT(mac_variants); i++) {
		const struct mac_variant *v = &mac_variants[i];
		struct p11_master trial = { .mac_mechanism = CKM_SHA256_HMAC,
			                    .mac_key_type = v->type };

		if (!hf_ok(make_key(s, v->generate, v->type, NULL, HF_SPAN(NULL, 0), &trial.mac,
		                    NULL)))
			continue;
		if (hf_ok(mac_works(s, &trial, NULL))) {
			m->mac = trial.mac;
			m->mac_mechanism = trial.mac_mechanism;
			m->mac_key_type = trial.mac_key_type;
			*ret = v;
			return HF_SUCCESS;
		}
		p11_object_destroy(s, trial.mac);
	}
	return HF_FAILURE(HF_UNSUPPORTED);
}

static hf_status mac_variant_find(struct p11_session *s, const struct mac_variant **ret)
{
	struct p11_master trial = { 0 };

	HF_TRY(try_mac(s, &trial, ret));
	p11_object_destroy(s, trial.mac);
	return HF_SUCCESS;
}

bool master_makes_mac(struct p11_session *s)
{
	const struct mac_variant *variant;

	return hf_ok(mac_variant_find(s, &variant));
}

hf_status p11_master_temporary(struct p11_session *s, struct p11_master *ret, struct hf_err *err)
{
	struct p11_master m = { .temporary = true };
	const struct mac_variant *variant;

	HF_TRY(make_key(s, CKM_AES_KEY_GEN, CKK_AES, NULL, HF_SPAN(NULL, 0), &m.key, err));
	hf_ignore(try_mac(s, &m, &variant));
	*ret = m;
	return HF_SUCCESS;
}

void p11_master_done(struct p11_session *s, struct p11_master *m)
{
	if (!m->temporary)
		return;
	p11_object_destroy(s, m->key);
	p11_object_destroy(s, m->mac);
	*m = (struct p11_master){ 0 };
}

bool p11_master_possible(struct p11_session *s)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;

	s->rv = CKR_OK;
	if (!hf_ok(make_key(s, CKM_AES_KEY_GEN, CKK_AES, NULL, HF_SPAN(NULL, 0), &key, NULL)))
		return s->rv != CKR_FUNCTION_NOT_SUPPORTED && s->rv != CKR_MECHANISM_INVALID;
	p11_object_destroy(s, key);
	return true;
}

hf_status master_find_by_label(struct p11_session *s, const char *label, CK_OBJECT_HANDLE found[2],
                               size_t *ret_n, struct hf_err *err)
{
	struct template t = { 0 };

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_bool(&t, CKA_TOKEN, true);
	template_text(&t, CKA_LABEL, label);
	return objects_find(s, &t, found, 2, ret_n, err);
}

static hf_status refuse_existing(struct p11_session *s, const char *label, struct hf_err *err)
{
	CK_OBJECT_HANDLE found[2];
	size_t n;

	HF_TRY(master_find_by_label(s, label, found, &n, err));
	if (n)
		return hf_fail(err, HF_EXISTS,
		               "token %s has a key labelled %s already: use it, or choose another "
		               "label (--master-label)",
		               s->token.label, label);
	return HF_SUCCESS;
}

/* Token objects are not counted among the session's: they are destroyed without that. */
static void token_object_destroy(struct p11_session *s, CK_OBJECT_HANDLE object)
{
	if (object != P11_NO_OBJECT)
		s->fn->C_DestroyObject(s->handle, object);
}

static hf_status make_mac_key(struct p11_session *s, const char *label, struct hf_span id,
                              struct p11_master *m, struct hf_err *err)
{
	const struct mac_variant *variant;

	if (!hf_ok(mac_variant_find(s, &variant)))
		return HF_SUCCESS; /* an HSM without HMAC: records then have no MAC, and say so */
	HF_TRY(make_key(s, variant->generate, variant->type, label, id, &m->mac, err));
	m->mac_mechanism = CKM_SHA256_HMAC;
	m->mac_key_type = variant->type;
	return mac_works(s, m, err);
}

/* Two administrators at once would both have found nothing: whoever sees two takes its own away
 * again. */
static hf_status still_alone(struct p11_session *s, const char *label, struct hf_err *err)
{
	CK_OBJECT_HANDLE found[2];
	size_t n;

	HF_TRY(master_find_by_label(s, label, found, &n, err));
	if (n != 1)
		return hf_fail(
		        err, HF_EXISTS,
		        "another master key labelled %s was made at the same moment: try again",
		        label);
	return HF_SUCCESS;
}

void master_mac_label(const char *label, char to[MASTER_LABEL_MAX + 8])
{
	snprintf(to, MASTER_LABEL_MAX + 8, "%s-mac", label);
}

hf_status p11_master_create(struct p11_session *s, const char *label, struct p11_master *ret,
                            struct hf_err *err)
{
	char of_mac[MASTER_LABEL_MAX + 8];
	uint8_t id[MAC_ID_LEN];
	struct p11_master m = { 0 };
	hf_status status;

	if (!label[0] || strlen(label) >= MASTER_LABEL_MAX)
		return hf_fail(err, HF_INVALID, "a master key's label has 1 to %d characters",
		               MASTER_LABEL_MAX - 1);
	master_mac_label(label, of_mac);
	HF_TRY(refuse_existing(s, label, err));
	HF_TRY(refuse_existing(s, of_mac, err));
	hf_random(id, MASTER_ID_LEN);
	memcpy(id + MASTER_ID_LEN, MAC_SUFFIX, sizeof(id) - MASTER_ID_LEN);
	hf_hex(id, MASTER_ID_LEN, m.id);
	HF_TRY(make_key(s, CKM_AES_KEY_GEN, CKK_AES, label, HF_SPAN(id, MASTER_ID_LEN), &m.key,
	                err));
	status = make_mac_key(s, of_mac, HF_SPAN(id, sizeof(id)), &m, err);
	if (hf_ok(status))
		status = still_alone(s, label, err);
	if (!hf_ok(status)) {
		token_object_destroy(s, m.key);
		token_object_destroy(s, m.mac);
		return status;
	}
	*ret = m;
	return HF_SUCCESS;
}
