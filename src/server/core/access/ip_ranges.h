/* SPDX-License-Identifier: Apache-2.0
 * Addresses from which an app may call: networks in CIDR form (RFC 4632, RFC 4291). Immutable. */
#ifndef HF_SERVER_CORE_ACCESS_IP_RANGES_H
#define HF_SERVER_CORE_ACCESS_IP_RANGES_H

#include "json/read.h"

#define IP_RANGES_MAX 64

struct ip_ranges;

/* From the API's ip_address_policy: "allow_all" gives NULL; {"whitelist": ["192.0.2.0/24", …]}.
 * HF_INVALID with words: among them a network with bits set beyond its prefix, which may be a slip.
 * The caller owns *ret: free(). */
HF_MUST hf_status ip_ranges_parse(const struct json_t *policy, struct ip_ranges **ret,
                                  struct hf_err *err);
/* The same of JSON text; "" gives NULL. */
HF_MUST hf_status ip_ranges_parse_text(const char *json, struct ip_ranges **ret);
/* `peer`: "192.0.2.1:5678", "[2001:db8::1]:5678", or without the port. An IPv4 address within an
 * IPv6 one (::ffff:192.0.2.1) is that IPv4 address. NULL ranges: anywhere. */
bool ip_ranges_have(const struct ip_ranges *r, const char *peer);

#endif
