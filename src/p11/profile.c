/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/profile.h"

#define PROFILE_VERSION 1
#define QUIRKS_KNOWN                                                                               \
	(QUIRK_NSS_DB | QUIRK_RATCHET | QUIRK_EC_PARAMS | QUIRK_EDDSA_PARAMS | QUIRK_NO_PSS |      \
	 QUIRK_TOKEN_PAIR)

static void type_encode(struct hf_buf *to, const struct p11_type_profile *t)
{
	hf_buf_u8(to, t->ability);
	hf_buf_u8(to, t->format);
	hf_buf_u64(to, t->wrap_mechanism);
	hf_buf_u64(to, t->generate_mechanism);
	hf_buf_u64(to, t->sign_mechanism);
	hf_buf_u8(to, t->params);
	hf_buf_u32(to, t->quirks);
}

void p11_profile_encode(struct hf_buf *to, const struct p11_profile *p)
{
	hf_buf_u8(to, PROFILE_VERSION);
	hf_buf_u8(to, KEY_TYPE_MAX);
	hf_buf_u8(to, WRAP_FORMAT_MAX);
	for (int i = 1; i <= KEY_TYPE_MAX; i++)
		type_encode(to, &p->types[i]);
	for (int i = 1; i <= WRAP_FORMAT_MAX; i++)
		hf_buf_u64(to, p->wrap_mechanisms[i]);
	hf_buf_u64(to, p->mac_mechanism);
	hf_buf_u64(to, p->mac_key_type);
}

/* What says that it can wrap has to say how; what cannot do anything says nothing. */
static bool type_consistent(const struct p11_type_profile *t)
{
	if ((t->quirks & ~(uint32_t)QUIRKS_KNOWN) || t->params > PARAMS_NAME)
		return false;
	switch (t->ability) {
	case ABILITY_NONE:
		return true;
	case ABILITY_WRAPPED:
		return wrap_format_name(t->format) && t->format != WRAP_RESIDENT;
	case ABILITY_RESIDENT:
		return t->format == WRAP_RESIDENT;
	}
	return false;
}

static hf_status type_decode(struct hf_reader *r, struct p11_type_profile *ret)
{
	struct p11_type_profile t = { 0 };

	t.ability = hf_read_u8(r);
	t.format = hf_read_u8(r);
	t.wrap_mechanism = hf_read_u64(r);
	t.generate_mechanism = hf_read_u64(r);
	t.sign_mechanism = hf_read_u64(r);
	t.params = hf_read_u8(r);
	t.quirks = hf_read_u32(r);
	HF_ENSURE(!r->failed && type_consistent(&t), HF_INVALID);
	*ret = t;
	return HF_SUCCESS;
}

hf_status p11_profile_decode(struct hf_span from, struct p11_profile *ret)
{
	struct hf_reader r = hf_reader(from);
	struct p11_profile p = { 0 };

	HF_ENSURE(hf_read_u8(&r) == PROFILE_VERSION, HF_INVALID);
	HF_ENSURE(hf_read_u8(&r) == KEY_TYPE_MAX, HF_INVALID);
	HF_ENSURE(hf_read_u8(&r) == WRAP_FORMAT_MAX, HF_INVALID);
	for (int i = 1; i <= KEY_TYPE_MAX; i++)
		HF_TRY(type_decode(&r, &p.types[i]));
	for (int i = 1; i <= WRAP_FORMAT_MAX; i++)
		p.wrap_mechanisms[i] = hf_read_u64(&r);
	p.mac_mechanism = hf_read_u64(&r);
	p.mac_key_type = hf_read_u64(&r);
	HF_TRY(hf_reader_end(&r));
	*ret = p;
	return HF_SUCCESS;
}
