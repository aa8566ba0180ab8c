/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/ip_ranges.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* IPv4 as IPv6 (RFC 4291, 2.5.5.2), so that there is one kind. */
struct range {
	uint8_t net[16];
	unsigned bits;
};

struct ip_ranges {
	size_t n;
	struct range all[IP_RANGES_MAX];
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool read_address(const char *text, uint8_t to[16], bool *ret_v4)
{
	*ret_v4 = inet_pton(AF_INET, text, to + 12) == 1;
	if (!*ret_v4)
		return inet_pton(AF_INET6, text, to) == 1;
	memcpy(to, mapped, sizeof(mapped));
	return true;
}

static bool bit(const uint8_t a[16], unsigned i)
{
	return a[i / 8] >> (7 - i % 8) & 1;
}

static hf_status read_range(const char *text, struct range *to)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	int64_t bits;
	bool v4;

	HF_ENSURE(len < sizeof(address), HF_INVALID);
	memcpy(address, text, len);
	address[len] = '\0';
	HF_ENSURE(read_address(address, to->net, &v4), HF_INVALID);
	bits = v4 ? 32 : 128;
	if (slash)
		HF_TRY(hf_parse_i64(slash + 1, 0, bits, &bits));
	to->bits = (unsigned)bits + (v4 ? 96 : 0);
	for (unsigned i = to->bits; i < 128; i++)
		HF_ENSURE(!bit(to->net, i), HF_INVALID);
	return HF_SUCCESS;
}

static hf_status read_all(const struct json_t *list, struct ip_ranges *to, struct hf_err *err)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *text = json_value_text(json_element(list, i));

		if (!text || !hf_ok(read_range(text, &to->all[to->n])))
			return hf_fail(err, HF_INVALID,
			               "ip_address_policy: \"%.64s\" is no network as 192.0.2.0/24 "
			               "or 2001:db8::/32, with no bits set beyond the prefix",
			               text ? text : "");
		to->n++;
	}
	return HF_SUCCESS;
}

hf_status ip_ranges_parse(const struct json_t *policy, struct ip_ranges **ret, struct hf_err *err)
{
	const char *word = json_value_text(policy);
	const struct json_t *list = json_member(policy, "whitelist");
	HF_FREE struct ip_ranges *r = NULL;

	if (word && strcmp(word, "allow_all") == 0) {
		*ret = NULL;
		return HF_SUCCESS;
	}
	if (!json_value_is(list, JSON_READ_ARRAY) || json_count(list) > IP_RANGES_MAX)
		return hf_fail(err, HF_INVALID,
		               "ip_address_policy: expected \"allow_all\", or {\"whitelist\": […]} "
		               "with at most %d networks",
		               IP_RANGES_MAX);
	r = calloc(1, sizeof(*r));
	HF_ENSURE(r, HF_NOMEM);
	HF_TRY(read_all(list, r, err));
	*ret = hf_take(r);
	return HF_SUCCESS;
}

hf_status ip_ranges_parse_text(const char *json, struct ip_ranges **ret)
{
	JSON_SCOPED struct json_t *doc = NULL;

	if (!*json) {
		*ret = NULL;
		return HF_SUCCESS;
	}
	HF_TRY(json_parse(hf_span_text(json), 16384, &doc, NULL));
	return ip_ranges_parse(doc, ret, NULL);
}

static bool within(const struct range *r, const uint8_t a[16])
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(r->net, a, whole) != 0)
		return false;
	return !rest || (r->net[whole] ^ a[whole]) >> (8 - rest) == 0;
}

/* "[v6]:port", "v4:port", or an address alone. */
static bool peer_address(const char *peer, uint8_t to[16])
{
	char text[INET6_ADDRSTRLEN + 1];
	const char *from = peer + (*peer == '[');
	const char *first = strchr(peer, ':');
	size_t len = *peer == '['                              ? strcspn(from, "]")
	             : first && strchr(first + 1, ':') == NULL ? (size_t)(first - peer)
	                                                       : strlen(peer);
	bool v4;

	if (len >= sizeof(text))
		return false;
	memcpy(text, from, len);
	text[len] = '\0';
	text[strcspn(text, "%")] = '\0'; /* fe80::1%eth0 */
	return read_address(text, to, &v4);
}

bool ip_ranges_have(const struct ip_ranges *r, const char *peer)
{
	uint8_t a[16];

	if (!r)
		return true;
	if (!peer_address(peer, a))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (within(&r->all[i], a))
			return true;
	return false;
}
