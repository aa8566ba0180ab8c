/* SPDX-License-Identifier: Apache-2.0 */
#include "os/address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct block4 {
	uint32_t base;
	unsigned bits;
};

#define IP(a, b, c, d)                                                                             \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct block4 closed4[] = {
	{ IP(0, 0, 0, 0), 8 },       /* this network */
	{ IP(10, 0, 0, 0), 8 },      /* private */
	{ IP(100, 64, 0, 0), 10 },   /* behind a carrier's NAT */
	{ IP(127, 0, 0, 0), 8 },     /* loopback */
	{ IP(169, 254, 0, 0), 16 },  /* link-local, and clouds' metadata */
	{ IP(172, 16, 0, 0), 12 },   /* private */
	{ IP(192, 0, 0, 0), 24 },    /* protocol assignments */
	{ IP(192, 0, 2, 0), 24 },    /* documentation */
	{ IP(192, 88, 99, 0), 24 },  /* 6to4 relays */
	{ IP(192, 168, 0, 0), 16 },  /* private */
	{ IP(198, 18, 0, 0), 15 },   /* benchmarks */
	{ IP(198, 51, 100, 0), 24 }, /* documentation */
	{ IP(203, 0, 113, 0), 24 },  /* documentation */
	{ IP(224, 0, 0, 0), 4 },     /* multicast */
	{ IP(240, 0, 0, 0), 4 },     /* reserved, broadcast */
};

struct block6 {
	uint8_t base[16];
	unsigned bits;
	int carries; /* where an IPv4 address stands inside, which is judged then; 0: closed */
};

static const struct block6 blocks6[] = {
	{ { 0 }, 96, 0 },                                  /* ::, ::1, ::a.b.c.d */
	{ { [10] = 0xff, [11] = 0xff }, 96, 12 },          /* IPv4-mapped */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },            /* NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 0 }, /* local NAT64 */
	{ { 0x01, 0x00 }, 64, 0 },                         /* discard */
	{ { 0x20, 0x01, 0x00 }, 23, 0 },                   /* protocols, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, 0 },             /* documentation */
	{ { 0x20, 0x02 }, 16, 2 },                         /* 6to4 */
	{ { 0x3f, 0xff, 0x00 }, 20, 0 },                   /* documentation */
	{ { 0xfc, 0x00 }, 7, 0 },                          /* unique local */
	{ { 0xfe, 0x00 }, 7, 0 },                          /* link-local, site-local */
	{ { 0xff, 0x00 }, 8, 0 },                          /* multicast */
};

static bool public4(uint32_t a)
{
	for (size_t i = 0; i < sizeof(closed4) / sizeof(closed4[0]); i++)
		if ((a ^ closed4[i].base) >> (32 - closed4[i].bits) == 0)
			return false;
	return true;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool public6(const uint8_t a[16])
{
	for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++) {
		const struct block6 *b = &blocks6[i];
		const uint8_t *in = a + b->carries;

		if (same_bits(a, b->base, b->bits))
			return b->carries && public4(IP(in[0], in[1], in[2], in[3]));
	}
	return true;
}

static const struct block4 local4[] = {
	{ IP(169, 254, 0, 0), 16 },     /* link-local, and most clouds' metadata */
	{ IP(100, 100, 100, 200), 32 }, /* metadata at Alibaba */
	{ IP(192, 0, 0, 192), 32 },     /* metadata at Oracle */
	{ IP(168, 63, 129, 16), 32 },   /* the host of a machine at Azure */
};

static const struct block6 local6[] = {
	{ { 0xfe, 0x80 }, 10, 0 },
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, 128, 0 }, /* metadata at Amazon */
	{ { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 }, 128, 0 }, /* metadata at Google */
	{ { 0 }, 96, 12 },
	{ { [10] = 0xff, [11] = 0xff }, 96, 12 },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },
	{ { 0x20, 0x02 }, 16, 2 },
};

static bool link_local4(uint32_t a)
{
	for (size_t i = 0; i < sizeof(local4) / sizeof(local4[0]); i++)
		if ((a ^ local4[i].base) >> (32 - local4[i].bits) == 0)
			return true;
	return false;
}

static bool link_local6(const uint8_t a[16])
{
	for (size_t i = 0; i < sizeof(local6) / sizeof(local6[0]); i++) {
		const struct block6 *b = &local6[i];
		const uint8_t *in = a + b->carries;

		if (same_bits(a, b->base, b->bits))
			return !b->carries || link_local4(IP(in[0], in[1], in[2], in[3]));
	}
	return false;
}

bool address_is_link_local(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return link_local4(ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr));
	if (a->sa_family == AF_INET6)
		return link_local6(((const struct sockaddr_in6 *)a)->sin6_addr.s6_addr);
	return false;
}

bool address_is_public(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return public4(ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr));
	if (a->sa_family == AF_INET6)
		return public6(((const struct sockaddr_in6 *)a)->sin6_addr.s6_addr);
	return false;
}
