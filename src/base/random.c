/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void hf_random(void *to, size_t len)
{
	uint8_t *p = to;

	while (len) {
		ssize_t n = getrandom(p, len > 256 ? 256 : len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}

uint64_t hf_random_u64(void)
{
	uint64_t v;

	hf_random(&v, sizeof(v));
	return v;
}
