/* SPDX-License-Identifier: Apache-2.0
 * A webhook's target: whatever is accepted begins as it has to, and has nobody's password in it. */
#include "http/outbound.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct outbound_config strict = { 0 };
	char *url = malloc(size + 1);
	struct hf_err err = { 0 };

	if (!url)
		return 0;
	memcpy(url, data, size);
	url[size] = '\0';
	if (hf_ok(outbound_check(&strict, url, &err))) {
		if (strncasecmp(url, "https:", 6) != 0 || strlen(url) > OUTBOUND_URL_MAX)
			abort();
	} else if (!err.text[0] && err.code != HF_NOMEM) {
		abort();
	}
	free(url);
	return 0;
}
