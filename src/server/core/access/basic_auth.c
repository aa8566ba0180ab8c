/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/basic_auth.h"

#include "base/secret.h"
#include "base/text.h"

#include <string.h>

static void put(struct hf_buf *to, const uint8_t *from, size_t len)
{
	hf_buf_put(to, from, len);
	hf_buf_u8(to, 0);
	to->len -= to->len > 0;
}

static hf_status split(struct hf_span both, struct hf_buf *user, struct hf_buf *secret)
{
	const uint8_t *colon = both.len ? memchr(both.ptr, ':', both.len) : NULL;

	HF_ENSURE(colon && !memchr(both.ptr, 0, both.len), HF_INVALID);
	put(user, both.ptr, (size_t)(colon - both.ptr));
	put(secret, colon + 1, both.len - (size_t)(colon - both.ptr) - 1);
	HF_TRY(hf_buf_status(user));
	return hf_buf_status(secret);
}

hf_status basic_auth_split(const char *base64, struct hf_buf *user, struct hf_buf *secret)
{
	HF_BUF_SCOPED struct hf_buf both = HF_BUF(BASIC_AUTH_MAX);
	hf_status s = hf_unbase64(hf_span_text(base64), &both);

	if (hf_ok(s))
		s = split(hf_buf_span(&both), user, secret);
	hf_wipe(both.ptr, both.len);
	return s.code == HF_TOOBIG ? HF_FAILURE(HF_INVALID) : s;
}
