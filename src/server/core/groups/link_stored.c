/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/tls_material.h"
#include "json/read.h"
#include "server/core/groups/link_config.h"

#include <string.h>

static hf_status read_certificate(const struct json_t *base64, struct hf_buf *pem,
                                  struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(LINK_TLS_MAX);
	const char *text = json_value_text(base64);

	HF_ENSURE(text, HF_CORRUPT);
	HF_TRY(hf_unbase64(hf_span_text(text), &bytes));
	return material_certificates(hf_buf_span(&bytes), pem, err);
}

hf_status link_tls_read(const char *tls, struct link_tls *ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct json_t *ca, *pinned;

	*ret = (struct link_tls){ .authorities = HF_BUF(2 * LINK_TLS_MAX),
		                  .cert = HF_BUF(2 * LINK_TLS_MAX) };
	HF_TRY(json_parse(hf_span_text(tls), LINK_TLS_MAX, &doc, err));
	ca = json_member(doc, "ca");
	pinned = json_member(ca, "pinned");
	/* Closed: no list is the system's authorities only where that was said. */
	if (!json_count(pinned) && !json_member_text(ca, "ca_set"))
		return hf_fail(err, HF_CORRUPT, "the connection names no authority");
	for (size_t i = 0; i < json_count(pinned); i++)
		HF_TRY(read_certificate(json_element(pinned, i), &ret->authorities, err));
	if (json_member(doc, "client_cert"))
		HF_TRY(read_certificate(json_member(doc, "client_cert"), &ret->cert, err));
	ret->any_host = !json_value_true(json_member(doc, "validate_hostname"));
	return HF_SUCCESS;
}

void link_tls_done(struct link_tls *t)
{
	hf_buf_done(&t->authorities);
	hf_buf_done(&t->cert);
}

/* Members that are equal in both, or in neither. */
static hf_status same_member(const struct json_t *a, const struct json_t *b, const char *name,
                             bool *ret)
{
	HF_BUF_SCOPED struct hf_buf of_a = HF_BUF(LINK_TLS_MAX), of_b = HF_BUF(LINK_TLS_MAX);
	const struct json_t *in_a = json_member(a, name), *in_b = json_member(b, name);

	if (json_value_is(in_a, JSON_READ_OBJECT) && json_value_is(in_b, JSON_READ_OBJECT)) {
		HF_TRY(json_canonical(in_a, &of_a));
		HF_TRY(json_canonical(in_b, &of_b));
		*ret = hf_span_equal(hf_buf_span(&of_a), hf_buf_span(&of_b));
		return HF_SUCCESS;
	}
	if (json_value_text(in_a) && json_value_text(in_b))
		*ret = strcmp(json_value_text(in_a), json_value_text(in_b)) == 0;
	else
		*ret = !in_a && !in_b;
	return HF_SUCCESS;
}

static hf_status parse_both(const char *tls_a, const char *tls_b, struct json_t **ret_a,
                            struct json_t **ret_b)
{
	HF_TRY(json_parse(hf_span_text(tls_a), LINK_TLS_MAX, ret_a, NULL));
	return json_parse(hf_span_text(tls_b), LINK_TLS_MAX, ret_b, NULL);
}

hf_status link_same_place(const char *url_a, const char *tls_a, const char *url_b,
                          const char *tls_b, bool *ret)
{
	JSON_SCOPED struct json_t *a = NULL;
	JSON_SCOPED struct json_t *b = NULL;
	bool same;

	HF_TRY(parse_both(tls_a, tls_b, &a, &b));
	HF_TRY(same_member(a, b, "ca", &same));
	*ret = same && strcmp(url_a, url_b) == 0 &&
	       json_value_true(json_member(a, "validate_hostname")) ==
	               json_value_true(json_member(b, "validate_hostname"));
	return HF_SUCCESS;
}

hf_status link_same_identity(const char *tls_a, const char *tls_b, bool *ret)
{
	JSON_SCOPED struct json_t *a = NULL;
	JSON_SCOPED struct json_t *b = NULL;

	HF_TRY(parse_both(tls_a, tls_b, &a, &b));
	return same_member(a, b, "client_cert", ret);
}

static void bound_to(const char *link_id, enum link_secret which, struct hf_buf *to)
{
	switch (which) {
	case LINK_PIN:
		hf_buf_text(to, "pin ");
		break;
	case LINK_CLIENT_KEY:
		hf_buf_text(to, "client key ");
		break;
	}
	hf_buf_text(to, link_id);
}

hf_status link_seal(const struct hf_secret *key, const char *link_id, enum link_secret which,
                    const struct hf_secret *plain, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bound = HF_BUF(128);

	if (!plain->len)
		return HF_SUCCESS;
	bound_to(link_id, which, &bound);
	HF_TRY(hf_buf_status(&bound));
	return aead_seal(key, hf_buf_span(&bound), HF_SPAN(plain->ptr, plain->len), to);
}

hf_status link_unseal(const struct hf_secret *key, const char *link_id, enum link_secret which,
                      struct hf_span sealed, struct hf_secret *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bound = HF_BUF(128);
	hf_status s;

	if (!sealed.len)
		return HF_SUCCESS;
	bound_to(link_id, which, &bound);
	HF_TRY(hf_buf_status(&bound));
	s = aead_open(key, hf_buf_span(&bound), sealed, ret);
	if (s.code == HF_UNAUTHENTIC)
		return hf_fail(err, HF_CORRUPT,
		               "what the database has for this connection was sealed with another "
		               "server's secret, or for another connection: give it anew");
	return s;
}
