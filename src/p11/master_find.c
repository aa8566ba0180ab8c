/* SPDX-License-Identifier: Apache-2.0
 * Finding the master keys again, and refusing those that are not as they have to be. */
#include "p11/master_impl.h"

#include "base/text.h"

#include <string.h>

/* What a key has to be allowed and forbidden, and what is at stake. */
struct right {
	CK_ATTRIBUTE_TYPE attribute;
	bool wanted;
	const char *fault;
};

static const struct right master_rights[] = {
	{ CKA_SENSITIVE, true, "is not SENSITIVE: it can be read in the clear" },
	{ CKA_EXTRACTABLE, false, "is EXTRACTABLE: it can leave the HSM" },
	{ CKA_PRIVATE, true, "is not PRIVATE: it can be used without a login" },
	{ CKA_WRAP, true, "may not wrap (CKA_WRAP)" },
	{ CKA_UNWRAP, true, "may not unwrap (CKA_UNWRAP)" },
	{ CKA_DECRYPT, false,
	  "may decrypt (CKA_DECRYPT): whoever may use it could read every wrapped key" },
	{ CKA_ENCRYPT, false,
	  "may encrypt (CKA_ENCRYPT): whoever may use it could forge wrapped keys" },
	{ CKA_SIGN, false, "may sign (CKA_SIGN), which a wrapping key has no need of" },
	{ CKA_VERIFY, false, "may verify (CKA_VERIFY), which a wrapping key has no need of" },
	{ CKA_DERIVE, false, "may derive keys (CKA_DERIVE), which a wrapping key has no need of" },
};

static const struct right mac_rights[] = {
	{ CKA_SENSITIVE, true, "is not SENSITIVE: it can be read in the clear" },
	{ CKA_EXTRACTABLE, false, "is EXTRACTABLE: it can leave the HSM" },
	{ CKA_PRIVATE, true, "is not PRIVATE: it can be used without a login" },
	{ CKA_SIGN, true, "may not sign (CKA_SIGN)" },
	{ CKA_WRAP, false, "may wrap (CKA_WRAP), which a MAC key has no need of" },
	{ CKA_UNWRAP, false, "may unwrap (CKA_UNWRAP), which a MAC key has no need of" },
	{ CKA_ENCRYPT, false, "may encrypt (CKA_ENCRYPT), which a MAC key has no need of" },
	{ CKA_DECRYPT, false, "may decrypt (CKA_DECRYPT), which a MAC key has no need of" },
	{ CKA_DERIVE, false, "may derive keys (CKA_DERIVE), which a MAC key has no need of" },
};

#define RIGHTS_MAX HF_COUNT(master_rights)

/* All in one call, since each is a round trip to a network HSM; one by one where the module finds
 * fault with any, as with those that the key does not have, which count as false. */
static hf_status read_rights(struct p11_session *s, CK_OBJECT_HANDLE key,
                             const struct right *rights, size_t n, bool ret[RIGHTS_MAX],
                             struct hf_err *err)
{
	CK_BBOOL values[RIGHTS_MAX] = { CK_FALSE };
	CK_ATTRIBUTE a[RIGHTS_MAX];
	bool whole = true;

	for (size_t i = 0; i < n; i++)
		a[i] = (CK_ATTRIBUTE){ rights[i].attribute, &values[i], sizeof(values[i]) };
	whole = s->fn->C_GetAttributeValue(s->handle, key, a, n) == CKR_OK;
	for (size_t i = 0; i < n; i++) {
		if (!whole || a[i].ulValueLen != sizeof(values[i]))
			HF_TRY(attribute_bool(s, key, rights[i].attribute, &ret[i], err));
		else
			ret[i] = values[i] != CK_FALSE;
	}
	return HF_SUCCESS;
}

static hf_status check_rights(struct p11_session *s, CK_OBJECT_HANDLE key, const char *label,
                              const struct right *rights, size_t n, struct hf_err *err)
{
	bool is[RIGHTS_MAX];

	HF_TRY(read_rights(s, key, rights, n, is, err));
	for (size_t i = 0; i < n; i++)
		if (is[i] != rights[i].wanted)
			return hf_fail(err, HF_STOP,
			               "key %s in token %s %s: do not use it; make another under a "
			               "new label "
			               "(holdfast hsm init-master --master-label NAME)",
			               label, s->token.label, rights[i].fault);
	return HF_SUCCESS;
}

static hf_status check_aes_256(struct p11_session *s, CK_OBJECT_HANDLE key, const char *label,
                               struct hf_err *err)
{
	CK_ULONG type = 0, len = MASTER_LEN;
	hf_status status;

	HF_TRY(attribute_number(s, key, CKA_KEY_TYPE, &type, err));
	status = attribute_number(s, key, CKA_VALUE_LEN, &len, err);
	if (status.code != HF_NOTFOUND)
		HF_TRY(status);
	if (type != CKK_AES || len != MASTER_LEN)
		return hf_fail(err, HF_STOP,
		               "key %s in token %s is no AES-256 key: choose another label "
		               "(--master-label), and make the "
		               "master key under it with `holdfast hsm init-master`",
		               label, s->token.label);
	return HF_SUCCESS;
}

/* The master id in a key's CKA_ID, which ends with `suffix`. */
static hf_status read_id(struct p11_session *s, CK_OBJECT_HANDLE key, const char *label,
                         const char *suffix, char ret[2 * MASTER_ID_LEN + 1], struct hf_err *err)
{
	size_t len = 0, suffix_len = strlen(suffix);
	uint8_t id[64];
	hf_status status = attribute_read(s, key, CKA_ID, id, sizeof(id), &len, err);

	if (status.code != HF_NOTFOUND && status.code != HF_CORRUPT)
		HF_TRY(status);
	if (len != MASTER_ID_LEN + suffix_len ||
	    memcmp(id + MASTER_ID_LEN, suffix, suffix_len) != 0)
		return hf_fail(err, HF_STOP,
		               "key %s in token %s has no CKA_ID such as holdfast makes (%d "
		               "bytes%s%s): choose another "
		               "label (--master-label), or give it the id of the HSM that it was "
		               "copied from",
		               label, s->token.label, MASTER_ID_LEN, suffix_len ? ", then " : "",
		               suffix);
	hf_hex(id, MASTER_ID_LEN, ret);
	return HF_SUCCESS;
}

/* Exactly one, or words. `role` is "master key" or "master MAC key". */
static hf_status find_one(struct p11_session *s, const char *role, const char *label,
                          CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_OBJECT_HANDLE found[2];
	size_t n;

	HF_TRY(master_find_by_label(s, label, found, &n, err));
	if (n == 0)
		return hf_fail(err, HF_NOTFOUND,
		               "token %s has no %s labelled %s: make it with `holdfast hsm "
		               "init-master`, or name it with "
		               "--master-label",
		               s->token.label, role, label);
	if (n > 1)
		return hf_fail(err, HF_STOP,
		               "token %s has more than one %s labelled %s: which one wraps cannot "
		               "be left to chance; remove "
		               "or rename the one that is not in use",
		               s->token.label, role, label);
	*ret = found[0];
	return HF_SUCCESS;
}

static hf_status find_mac(struct p11_session *s, const char *label, struct p11_master *m,
                          struct hf_err *err)
{
	char id[2 * MASTER_ID_LEN + 1], of_mac[MASTER_LABEL_MAX + 8];
	CK_ULONG type;
	hf_status status;

	master_mac_label(label, of_mac);
	status = find_one(s, "master MAC key", of_mac, &m->mac, err);
	if (status.code == HF_NOTFOUND) {
		if (!master_makes_mac(s))
			return HF_SUCCESS; /* an HSM without HMAC */
		return hf_fail(err, HF_STOP,
		               "token %s has the master key %s, but its MAC key %s is missing: "
		               "restore it from the HSM's "
		               "backup or copy it from the HSM where both were made; records "
		               "sealed with it cannot be used "
		               "without",
		               s->token.label, label, of_mac);
	}
	HF_TRY(status);
	HF_TRY(check_rights(s, m->mac, of_mac, mac_rights, HF_COUNT(mac_rights), err));
	HF_TRY(read_id(s, m->mac, of_mac, MAC_SUFFIX, id, err));
	if (strcmp(id, m->id) != 0)
		return hf_fail(err, HF_STOP,
		               "in token %s, %s (id %s) and %s (id %s) are not of one pair: "
		               "restore the one that belongs to "
		               "the other",
		               s->token.label, label, m->id, of_mac, id);
	HF_TRY(attribute_number(s, m->mac, CKA_KEY_TYPE, &type, err));
	m->mac_mechanism = CKM_SHA256_HMAC;
	m->mac_key_type = type;
	return HF_SUCCESS;
}

hf_status p11_master_find(struct p11_session *s, const char *label, struct p11_master *ret,
                          struct hf_err *err)
{
	struct p11_master m = { 0 };

	HF_TRY(find_one(s, "master key", label, &m.key, err));
	HF_TRY(check_aes_256(s, m.key, label, err));
	HF_TRY(check_rights(s, m.key, label, master_rights, HF_COUNT(master_rights), err));
	HF_TRY(read_id(s, m.key, label, "", m.id, err));
	HF_TRY(find_mac(s, label, &m, err));
	*ret = m;
	return HF_SUCCESS;
}
