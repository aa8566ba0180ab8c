/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sealed.h"

#include "base/random.h"

#include <string.h>

hf_status sealed_make(struct desk *d, const struct p11_master *master, struct key_record *r,
                      struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf covered = HF_BUF(RECORD_ENCODED_MAX);
	uint8_t mac[MASTER_MAC_LEN];

	memcpy(r->master_id, master->id, sizeof(r->master_id));
	r->mac_kind = master->mac == P11_NO_OBJECT ? MAC_NONE : MAC_HMAC_SHA256;
	if (r->mac_kind == MAC_NONE && r->format == WRAP_CBC_PAD)
		return hf_fail(err, HF_UNSUPPORTED,
		               "this HSM wraps by CBC padding only and makes no MAC: altered "
		               "records would go unseen");
	if (r->mac_kind != MAC_NONE) {
		record_mac_input(&covered, r);
		HF_TRY(hf_buf_status(&covered));
		HF_TRY(p11_master_mac(&d->session, master, hf_buf_span(&covered), mac, err));
		r->mac = HF_SPAN(mac, sizeof(mac));
	}
	record_encode(ret, r);
	r->mac = HF_SPAN(NULL, 0); /* it ends here; the encoded record has its own copy */
	return hf_buf_status(ret);
}

hf_status sealed_master(struct desk *d, const struct key_record *r, const struct p11_master **ret,
                        struct hf_err *err)
{
	char held[MASTERS_MAX * MASTER_ID_MAX * 2];

	*ret = masters_by_id(&d->masters, r->master_id);
	if (*ret)
		return HF_SUCCESS;
	masters_tell(&d->masters, held, sizeof(held));
	return hf_fail(err, HF_STATE,
	               "key %s was wrapped by master key %s and this HSM holds %s: bring that "
	               "master key here and name it (--master-label), or send the job to an HSM "
	               "that has it",
	               r->key_id, r->master_id, held);
}

hf_status sealed_check_mac(struct desk *d, const struct key_record *r, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf covered = HF_BUF(RECORD_ENCODED_MAX);
	const struct p11_master *master;
	uint8_t mac[MASTER_MAC_LEN];

	HF_TRY(sealed_master(d, r, &master, err));
	/* Neither an attacker nor a migration takes the MAC off a record where the HSM makes one.
	 */
	if ((r->mac_kind == MAC_NONE) != (master->mac == P11_NO_OBJECT))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the record of key %s %s a MAC and this HSM %s a MAC key: refused",
		               r->key_id, r->mac_kind == MAC_NONE ? "lacks" : "has",
		               r->mac_kind == MAC_NONE ? "has" : "lacks");
	if (r->mac_kind == MAC_NONE)
		return HF_SUCCESS;
	record_mac_input(&covered, r);
	HF_TRY(hf_buf_status(&covered));
	HF_TRY(p11_master_mac(&d->session, master, hf_buf_span(&covered), mac, err));
	if (r->mac.len != sizeof(mac) || !hf_equal_ct(mac, r->mac.ptr, sizeof(mac)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the stored record of key %s was altered, or this HSM computes "
		               "wrongly: its MAC does not match",
		               r->key_id);
	return HF_SUCCESS;
}

hf_status sealed_check(struct desk *d, struct hf_span sealed, struct hf_err *err)
{
	struct key_record r;

	HF_TRY(record_decode(sealed, &r));
	return sealed_check_mac(d, &r, err);
}

hf_status sealed_check_once(struct desk *d, const struct key_record *r, struct hf_span bytes,
                            struct hf_err *err)
{
	const struct p11_master *master;

	HF_TRY(sealed_master(d, r, &master, err));
	if (d->checked && checked_has(d->checked, bytes))
		return HF_SUCCESS;
	HF_TRY(sealed_check_mac(d, r, err));
	if (d->checked)
		checked_add(d->checked, bytes);
	return HF_SUCCESS;
}
