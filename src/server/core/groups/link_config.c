/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/groups/link_config.h"

#include "base/text.h"
#include "crypto/tls_material.h"
#include "json/read.h"
#include "json/write.h"
#include "op/slot_link.h"
#include "os/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_KEY_MAX 16384

/* The first three are the official ones; every one of them is a PKCS#11 slot behind a gateway. */
static const struct {
	const char *name, *shown;
} kinds[] = {
	{ "NCIPHER", "Ncipher" }, { "SAFENET", "Safenet" }, { "AWSCLOUDHSM", "AwsCloudHsm" },
	{ "SOFTHSM", "Softhsm" }, { "PKCS11", "Pkcs11" },
};
#define N_OFFICIAL 3
static const char *const elsewhere[] = {
	"AwsKms", "Fortanix", "FortanixFipsCluster", "AzureKeyVault", "OciVault", "GcpKeyRing",
};

struct given {
	const char *kind, *url, *pin;
	struct json_t *tls, *ignored;
	int64_t slot, order;
};

struct given_tls {
	const char *mode, *client_key, *client_cert;
	struct json_t *ca;
	bool validate_hostname;
};

#define NO_ORDER INT64_MAX

static hf_status read_kind(const char *kind, struct link_config *c, struct hf_err *err)
{
	for (size_t i = 0; i < HF_COUNT(elsewhere); i++)
		if (strcasecmp(kind, elsewhere[i]) == 0)
			return hf_fail(err, HF_UNSUPPORTED,
			               "connections of kind %s are not available: this server "
			               "reaches HSMs through gateways (Ncipher, Safenet, "
			               "AwsCloudHsm, Softhsm, Pkcs11)",
			               elsewhere[i]);
	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		if (strcasecmp(kind, kinds[i].name) == 0) {
			snprintf(c->kind, sizeof(c->kind), "%s", kinds[i].name);
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID,
	               "kind is to be Ncipher, Safenet, AwsCloudHsm, Softhsm or Pkcs11");
}

const char *link_kind_shown(const char *kind)
{
	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		if (strcmp(kind, kinds[i].name) == 0)
			return kinds[i].shown;
	return kind;
}

const char *link_kind_official(const char *kind)
{
	for (size_t i = 0; i < N_OFFICIAL; i++)
		if (strcmp(kind, kinds[i].name) == 0)
			return kinds[i].shown;
	return kinds[0].shown;
}

enum { HOST_MAX = LINK_URL_MAX - sizeof(":65535") };

static bool is_host(const char *host, size_t len)
{
	bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';

	if (len == 0 || len > HOST_MAX)
		return false;
	for (size_t i = bracketed; i < len - bracketed; i++)
		if (!isalnum((unsigned char)host[i]) && host[i] != '.' && host[i] != '-' &&
		    !(bracketed && host[i] == ':'))
			return false;
	return true;
}

/* What stands in the place of a name is judged here; a name, whenever a connection is made. */
static bool is_link_local(const char *host, size_t len)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	char text[INET6_ADDRSTRLEN];

	if (len >= 2 && host[0] == '[') {
		host++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)len, host);
	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
		return address_is_link_local((const struct sockaddr *)&a4);
	return inet_pton(AF_INET6, text, &a6.sin6_addr) == 1 &&
	       address_is_link_local((const struct sockaddr *)&a6);
}

/* Of "https://host:port/" what is between the slashes; otherwise all. "": it is too long. */
static void bare_url(const char *url, char to[LINK_URL_MAX])
{
	bool whole = strncmp(url, "https://", 8) == 0;
	size_t len = strlen(whole ? url += 8 : url);

	if (whole && len && url[len - 1] == '/')
		len--;
	snprintf(to, LINK_URL_MAX, "%.*s", len < LINK_URL_MAX ? (int)len : 0, url);
}

/* "host", "host:port" or "https://host:port". */
static hf_status read_url(const char *url, struct link_config *c, struct hf_err *err)
{
	char host[LINK_URL_MAX];
	const char *end, *colon;
	int64_t port = LINK_PORT;
	size_t len;

	bare_url(url, host);
	end = strchr(host, ']');
	colon = strchr(end ? end : host, ':');
	len = colon ? (size_t)(colon - host) : strlen(host);
	if (!is_host(host, len) || (colon && !hf_ok(hf_parse_i64(colon + 1, 1, 65535, &port))))
		return hf_fail(err, HF_INVALID,
		               "url is to be the gateway's host and port: \"10.0.0.5:%d\"",
		               LINK_PORT);
	if (is_link_local(host, len))
		return hf_fail(err, HF_INVALID,
		               "%.*s is a link-local address, or one of a cloud's metadata: no "
		               "gateway is reached there",
		               (int)len, host);
	snprintf(c->url, sizeof(c->url), "%.*s:%d", (int)len, host, (int)port);
	return HF_SUCCESS;
}

static hf_status put_certificate(struct json_writer *w, const char *key, const char *base64,
                                 struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(LINK_TLS_MAX), pem = HF_BUF(LINK_TLS_MAX);

	if (!base64 || !hf_ok(hf_unbase64(hf_span_text(base64), &bytes)))
		return hf_fail(err, HF_INVALID, "a certificate is to be DER, encoded as base64");
	HF_TRY(material_certificates(hf_buf_span(&bytes), &pem, err));
	json_text(w, key, base64);
	return HF_SUCCESS;
}

static hf_status put_authorities(struct json_writer *w, const struct json_t *ca, struct hf_err *err)
{
	const char *set = json_member_text(ca, "ca_set");
	const struct json_t *pinned = json_member(ca, "pinned");
	size_t n = json_count(pinned);

	json_open_object(w, "ca");
	if (set && !pinned && strcmp(set, "global_roots") == 0) {
		json_text(w, "ca_set", set);
	} else if (!set && n >= 1 && n <= LINK_AUTHORITIES_MAX) {
		json_open_array(w, "pinned");
		for (size_t i = 0; i < n; i++)
			HF_TRY(put_certificate(w, NULL, json_value_text(json_element(pinned, i)),
			                       err));
		json_close_array(w);
	} else {
		return hf_fail(err, HF_INVALID,
		               "tls.ca is to be {\"ca_set\":\"global_roots\"} or "
		               "{\"pinned\":[…]} with 1 to %d certificates in base64",
		               LINK_AUTHORITIES_MAX);
	}
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status read_client_key(const char *base64, struct link_config *c, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(CLIENT_KEY_MAX);
	hf_status s = hf_unbase64(hf_span_text(base64), &bytes);

	if (hf_ok(s))
		s = hf_secret_copy(bytes.ptr, bytes.len, &c->client_key);
	if (bytes.ptr)
		hf_wipe(bytes.ptr, bytes.cap);
	if (s.code == HF_INVALID || s.code == HF_TOOBIG)
		return hf_fail(err, HF_INVALID,
		               "tls.client_key is to be PKCS#8 in DER, encoded as base64");
	return s;
}

static hf_status check_identity(const struct given_tls *g, struct link_config *c,
                                struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(LINK_TLS_MAX), pem = HF_BUF(LINK_TLS_MAX);

	if (!g->client_key)
		return HF_SUCCESS;
	if (!g->client_cert)
		return hf_fail(err, HF_INVALID,
		               "tls.client_key comes with the tls.client_cert that it belongs to");
	HF_TRY(read_client_key(g->client_key, c, err));
	HF_TRY(hf_unbase64(hf_span_text(g->client_cert), &bytes));
	HF_TRY(material_certificates(hf_buf_span(&bytes), &pem, err));
	return material_fits(hf_buf_span(&pem), &c->client_key, err);
}

static hf_status put_tls(const struct given_tls *g, struct json_writer *w, struct hf_err *err)
{
	json_open_object(w, NULL);
	json_text(w, "mode", "required");
	json_bool(w, "validate_hostname", g->validate_hostname);
	HF_TRY(put_authorities(w, g->ca, err));
	if (g->client_cert)
		HF_TRY(put_certificate(w, "client_cert", g->client_cert, err));
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status read_tls(const struct json_t *tls, struct link_config *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "mode", JSON_READ_TEXT, offsetof(struct given_tls, mode), true },
		{ "validate_hostname", JSON_READ_BOOL,
		  offsetof(struct given_tls, validate_hostname), true },
		{ "ca", JSON_READ_OBJECT, offsetof(struct given_tls, ca), true },
		{ "client_key", JSON_READ_TEXT, offsetof(struct given_tls, client_key), false,
		  true },
		{ "client_cert", JSON_READ_TEXT, offsetof(struct given_tls, client_cert), false,
		  true },
	};
	const char *mode = json_member_text(tls, "mode");
	struct json_writer w = JSON_WRITER(&c->tls);
	struct given_tls g = { 0 };

	if (!mode || strcmp(mode, "required") != 0)
		return hf_fail(
		        err, HF_INVALID,
		        "tls.mode is to be \"required\": the PIN of the slot travels on this "
		        "connection");
	HF_TRY(json_read(tls, fields, HF_COUNT(fields), &g, err));
	HF_TRY(put_tls(&g, &w, err));
	if (!hf_ok(hf_buf_status(&c->tls)))
		return hf_fail(err, HF_TOOBIG, "tls has more than %d bytes", LINK_TLS_MAX);
	return check_identity(&g, c, err);
}

static hf_status read_pin(const char *pin, struct link_config *c, struct hf_err *err)
{
	size_t len = pin ? strlen(pin) : 0;

	if (!len)
		return HF_SUCCESS;
	if (len > SLOT_PIN_MAX)
		return hf_fail(err, HF_INVALID, "a PIN has at most %d bytes", SLOT_PIN_MAX);
	return hf_secret_copy(pin, len, &c->pin);
}

hf_status link_config_read(const struct json_t *hmg, struct link_config *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "kind", JSON_READ_TEXT, offsetof(struct given, kind), true },
		{ "url", JSON_READ_TEXT, offsetof(struct given, url), true },
		{ "tls", JSON_READ_OBJECT, offsetof(struct given, tls), true },
		{ "slot", JSON_READ_INT, offsetof(struct given, slot), true, false, 0, INT64_MAX },
		{ "pin", JSON_READ_TEXT, offsetof(struct given, pin), false, true },
		{ "hsm_order", JSON_READ_INT, offsetof(struct given, order), false, true, INT32_MIN,
		  INT32_MAX },
		/* what we print besides: a client may send back what it got */
		{ "connection", JSON_READ_ANY, offsetof(struct given, ignored), false, true },
	};
	struct given g = { .order = NO_ORDER };
	const char *kind = json_member_text(hmg, "kind");

	*ret = (struct link_config){ .tls = HF_BUF(LINK_TLS_MAX) };
	if (!kind)
		return hf_fail(err, HF_INVALID, "a connection has a kind");
	HF_TRY(read_kind(kind, ret, err)); /* the others have fields of their own */
	HF_TRY(json_read(hmg, fields, HF_COUNT(fields), &g, err));
	HF_TRY(read_url(g.url, ret, err));
	HF_TRY(read_tls(g.tls, ret, err));
	HF_TRY(read_pin(g.pin, ret, err));
	ret->slot = (uint64_t)g.slot;
	ret->order_given = g.order != NO_ORDER;
	ret->order = ret->order_given ? (int)g.order : 0;
	return HF_SUCCESS;
}

void link_config_done(struct link_config *c)
{
	hf_secret_done(&c->pin);
	hf_secret_done(&c->client_key);
	hf_buf_done(&c->tls);
}
