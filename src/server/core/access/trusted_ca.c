/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/trusted_ca.h"

#include "base/text.h"
#include "crypto/client_cert.h"

#include <arpa/inet.h>
#include <string.h>

#define SUBJECTS_MAX 16
#define PARTS_MAX 32

struct authorities {
	size_t n;
	struct hf_span all[CLIENT_CA_MAX];
	struct hf_buf der; /* what they point into */
};

static void authorities_done(struct authorities *a)
{
	hf_buf_done(&a->der);
}

static hf_status read_one(const char *base64, struct authorities *to, struct hf_err *err)
{
	size_t before = to->der.len;
	hf_status s;

	if (!base64 || to->n == CLIENT_CA_MAX)
		return hf_fail(err, HF_INVALID, "ca_certificates: 1 to %d, DER in base64",
		               CLIENT_CA_MAX);
	s = hf_unbase64(hf_span_text(base64), &to->der);
	if (!hf_ok(s) || to->der.len - before > CLIENT_CERT_MAX)
		return hf_fail(err, HF_INVALID, "ca_certificate: expected DER in base64");
	to->all[to->n++] = HF_SPAN(NULL, to->der.len - before); /* placed in the end */
	return HF_SUCCESS;
}

static hf_status read_authorities(const struct json_t *ca, struct authorities *to,
                                  struct hf_err *err)
{
	const struct json_t *list = json_member(ca, "ca_certificates");
	size_t at = 0;

	to->der = HF_BUF(CLIENT_CA_MAX * CLIENT_CERT_MAX);
	if (json_member(ca, "ca_certificate"))
		HF_TRY(read_one(json_member_text(ca, "ca_certificate"), to, err));
	for (size_t i = 0; i < json_count(list); i++)
		HF_TRY(read_one(json_value_text(json_element(list, i)), to, err));
	if (!to->n)
		return hf_fail(err, HF_INVALID, "trustedca: name a ca_certificate");
	for (size_t i = 0; i < to->n; i++) {
		to->all[i].ptr = to->der.ptr + at;
		at += to->all[i].len;
	}
	return HF_SUCCESS;
}

/* ---- names: a visitor sees each of them */

typedef hf_status (*subject_fn)(void *ctx, const struct json_t *general, struct hf_err *err);

static hf_status each_subject(const struct json_t *ca, subject_fn fn, void *ctx, struct hf_err *err)
{
	const struct json_t *one = json_member(ca, "subject_general"),
	                    *list = json_member(ca, "subjects");

	if (json_member(ca, "subject"))
		return fn(ctx, ca, err);
	if (one)
		return fn(ctx, one, err);
	for (size_t i = 0; i < json_count(list); i++)
		HF_TRY(fn(ctx, json_element(list, i), err));
	return HF_SUCCESS;
}

static const struct json_t *directory_name(const struct json_t *general)
{
	const struct json_t *own = json_member(general, "directory_name");

	return own ? own : json_member(general, "subject");
}

static hf_status read_parts(const struct json_t *pairs, struct name_part *to, size_t *ret_n)
{
	size_t n = json_count(pairs);

	HF_ENSURE(n > 0 && n <= PARTS_MAX, HF_INVALID);
	for (size_t i = 0; i < n; i++) {
		const struct json_t *pair = json_element(pairs, i);
		const char *value = json_value_text(json_element(pair, 1));

		to[i].type = json_value_text(json_element(pair, 0));
		HF_ENSURE(json_count(pair) == 2 && to[i].type && value &&
		                  name_part_known(to[i].type),
		          HF_INVALID);
		to[i].value = hf_span_text(value);
	}
	*ret_n = n;
	return HF_SUCCESS;
}

static size_t address_bytes(const char *text, uint8_t to[16])
{
	if (inet_pton(AF_INET, text, to) == 1)
		return 4;
	return inet_pton(AF_INET6, text, to) == 1 ? 16 : 0;
}

static hf_status check_subject(void *ctx, const struct json_t *general, struct hf_err *err)
{
	const char *dns = json_member_text(general, "dns_name"),
	           *ip = json_member_text(general, "ip_address");
	struct name_part parts[PARTS_MAX];
	size_t *n = ctx, n_parts;
	uint8_t address[16];
	bool good = dns  ? *dns && !strchr(dns, '*')
	            : ip ? address_bytes(ip, address) != 0
	                 : hf_ok(read_parts(directory_name(general), parts, &n_parts));

	++*n;
	if (!good)
		return hf_fail(err, HF_INVALID,
		               "a subject is {\"dns_name\": …} without wildcards, {\"ip_address\": "
		               "…}, or {\"directory_name\": [[OID, value], …]}");
	return HF_SUCCESS;
}

hf_status trusted_ca_check(const struct json_t *ca, int64_t *ret_until_s, struct hf_err *err)
{
	HF_CLEANUP(authorities_done) struct authorities a = { 0 };
	int64_t last = 0, until;
	size_t subjects = 0;

	if (json_value_true(json_member(ca, "check_revocation")))
		return hf_fail(err, HF_UNSUPPORTED,
		               "check_revocation is not supported: use certificates that expire "
		               "soon");
	HF_TRY(read_authorities(ca, &a, err));
	for (size_t i = 0; i < a.n; i++) {
		HF_TRY(client_cert_until(a.all[i], &until, err));
		last = until > last ? until : last;
	}
	HF_TRY(each_subject(ca, check_subject, &subjects, err));
	if (!subjects || subjects > SUBJECTS_MAX)
		return hf_fail(err, HF_INVALID,
		               "trustedca: name the subjects that are meant, 1 to %d",
		               SUBJECTS_MAX);
	*ret_until_s = last;
	return HF_SUCCESS;
}

struct search {
	struct hf_span own;
	bool found;
};

static hf_status match_subject(void *ctx, const struct json_t *general, struct hf_err *err)
{
	struct search *s = ctx;
	const char *dns = json_member_text(general, "dns_name"),
	           *ip = json_member_text(general, "ip_address");
	struct name_part parts[PARTS_MAX];
	uint8_t address[16];
	size_t n;

	if (dns)
		s->found |= client_cert_has_dns(s->own, dns);
	else if (ip)
		s->found |=
		        client_cert_has_ip(s->own, HF_SPAN(address, address_bytes(ip, address)));
	else if (hf_ok(read_parts(directory_name(general), parts, &n)))
		s->found |= client_cert_has_name(s->own, parts, n);
	return HF_SUCCESS;
}

hf_status trusted_ca_accepts(const struct json_t *ca, struct hf_span shown, int64_t now_ms,
                             struct hf_err *err)
{
	HF_CLEANUP(authorities_done) struct authorities a = { 0 };
	struct hf_reader r = hf_reader(shown);
	struct search s = { .own = hf_read_field(&r, CLIENT_CERT_MAX) };

	HF_ENSURE(!r.failed && s.own.len, HF_UNAUTHENTIC);
	HF_TRY(read_authorities(ca, &a, err));
	HF_TRY(client_cert_chain(a.all, a.n, shown, now_ms, err));
	HF_TRY(each_subject(ca, match_subject, &s, err));
	if (!s.found)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this certificate names nobody whom this app's credential names");
	return HF_SUCCESS;
}
