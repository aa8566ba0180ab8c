/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/sealed.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

#define MAC_TEXT_LEN 43 /* 32 bytes in base64url */

static void put_header(const struct seal *s, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf header = HF_BUF(128);

	hf_buf_printf(&header, "{\"alg\":\"HS256\",\"typ\":\"%s\"}", s->purpose);
	hf_buf_base64url(to, hf_buf_span(&header));
	hf_buf_u8(to, '.');
}

static hf_status mac_of(const struct seal *s, struct hf_span text, uint8_t ret[SHA256_LEN])
{
	return hmac_sha256(HF_SPAN(s->key->ptr, s->key->len), text, ret);
}

hf_status seal_put(const struct seal *s, struct hf_span payload, struct hf_buf *to)
{
	size_t from = to->len;
	uint8_t mac[SHA256_LEN];

	put_header(s, to);
	hf_buf_base64url(to, payload);
	HF_TRY(hf_buf_status(to));
	HF_TRY(mac_of(s, HF_SPAN(to->ptr + from, to->len - from), mac));
	hf_buf_u8(to, '.');
	hf_buf_base64url(to, HF_SPAN(mac, sizeof(mac)));
	return hf_buf_status(to);
}

hf_status seal_open(const struct seal *s, struct hf_span text, struct hf_buf *payload)
{
	HF_BUF_SCOPED struct hf_buf header = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf theirs = HF_BUF(SHA256_LEN);
	uint8_t ours[SHA256_LEN];
	struct hf_span covered, mac_text;

	put_header(s, &header);
	HF_TRY(hf_buf_status(&header));
	HF_ENSURE(text.len > header.len + 1 + MAC_TEXT_LEN, HF_UNAUTHENTIC);
	HF_ENSURE(memcmp(text.ptr, header.ptr, header.len) == 0, HF_UNAUTHENTIC);
	covered = HF_SPAN(text.ptr, text.len - 1 - MAC_TEXT_LEN);
	HF_ENSURE(text.ptr[covered.len] == '.', HF_UNAUTHENTIC);
	mac_text = HF_SPAN(text.ptr + covered.len + 1, MAC_TEXT_LEN);
	HF_ENSURE(hf_ok(hf_unbase64(mac_text, &theirs)) && theirs.len == SHA256_LEN,
	          HF_UNAUTHENTIC);
	HF_TRY(mac_of(s, covered, ours));
	HF_ENSURE(hf_equal_ct(theirs.ptr, ours, SHA256_LEN), HF_UNAUTHENTIC);
	covered = HF_SPAN(covered.ptr + header.len, covered.len - header.len);
	HF_ENSURE(hf_ok(hf_unbase64(covered, payload)), HF_UNAUTHENTIC);
	return HF_SUCCESS;
}
