/* SPDX-License-Identifier: Apache-2.0
 * defaults_parse(): a file of settings that somebody brought along. What was read, quoted and
 * written again, is read the same. */
#include "fuzz.h"

#include "gateway/defaults.h"

#include <string.h>

static void pass_over(void *ctx, const char *key, unsigned line)
{
	FUZZ_CHECK(key[0] && line > 0);
}

static void put(struct hf_buf *to, const char *key, const char *value)
{
	hf_buf_printf(to, "%s=\"", key);
	for (; *value; value++) {
		if (strchr("\"\\$`", *value))
			hf_buf_u8(to, '\\');
		hf_buf_u8(to, (uint8_t)*value);
	}
	hf_buf_text(to, "\"\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(DEFAULTS_FILE_MAX);
	struct defaults once, again;

	if (!hf_ok(defaults_parse(HF_SPAN(data, size), pass_over, NULL, &once, NULL)))
		return 0;
	put(&text, "CERT_FILE", once.cert_file);
	put(&text, "CA_FILE", once.ca_file);
	put(&text, "PKCS11_LIB_PATH", once.module);
	if (once.port)
		hf_buf_printf(&text, "HMG_LISTEN_PORT=%u\n", once.port);
	FUZZ_CHECK(hf_ok(hf_buf_status(&text)));
	FUZZ_CHECK(hf_ok(defaults_parse(hf_buf_span(&text), pass_over, NULL, &again, NULL)));
	FUZZ_CHECK(strcmp(once.cert_file, again.cert_file) == 0);
	FUZZ_CHECK(strcmp(once.ca_file, again.ca_file) == 0);
	FUZZ_CHECK(strcmp(once.module, again.module) == 0);
	FUZZ_CHECK(once.port == again.port);
	return 0;
}
