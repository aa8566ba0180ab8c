/* SPDX-License-Identifier: Apache-2.0 */
#include "chain_case.h"

#include "check.h"

#include "base/text.h"

#include <string.h>

void chain_case_done(struct chain_case *c)
{
	json_done(c->doc);
	hf_buf_done(&c->public_key);
	chain_plan_done(&c->plan);
}

static struct json_t *parse(const char *body)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(1 << 20);
	struct json_t *doc = NULL;

	for (; *body; body++)
		hf_buf_u8(&json, *body == '\'' ? '"' : (uint8_t)*body);
	CHECK_OK(json_parse(hf_buf_span(&json), json.max, &doc, NULL));
	return doc;
}

hf_status chain_case_prepare(struct chain_case *c, const char *network, enum key_type type,
                             const char *public_key, const char *body)
{
	const struct chain_network *found = NULL;

	c->public_key = HF_BUF(PUBLIC_KEY_MAX);
	CHECK_OK(hf_unhex(hf_span_text(public_key), &c->public_key));
	if (network)
		CHECK_OK(chain_network_find(network, &found, NULL));
	c->doc = parse(body);
	HF_TRY(chain_request_read(c->doc, found, type, hf_buf_span(&c->public_key), &c->request,
	                          &c->err));
	return chain_prepare(&c->request, &c->plan, &c->err);
}

static void same(struct hf_span got, const char *hex)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1 << 20);

	hf_buf_hex(&text, got);
	hf_buf_u8(&text, 0);
	CHECK_OK(hf_buf_status(&text));
	assert_string_equal((char *)text.ptr, hex);
}

void check_input(const struct chain_case *c, size_t i, const char *hex)
{
	CHECK(i < c->plan.n_inputs);
	same(chain_plan_input(&c->plan, i), hex);
}

static struct signature signature_of(const char *r_and_s, int recid)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(SIGNATURE_MAX);
	struct signature sig = { .recid = recid };

	CHECK_OK(hf_unhex(hf_span_text(r_and_s), &bytes));
	memcpy(sig.bytes, bytes.ptr, bytes.len);
	sig.len = bytes.len;
	return sig;
}

void check_encoded(const struct chain_case *c, const char *r_and_s, int recid, const char *hex)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(CHAIN_ENCODED_MAX);
	struct signature sig = signature_of(r_and_s, recid);

	CHECK_OK(chain_encode(&c->request, &sig, &encoded));
	same(hf_buf_span(&encoded), hex);
}

void check_signed(const struct chain_case *c, const char *r_and_s, int recid, const char *hex)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(CHAIN_SIGNED_DATA_MAX);
	struct signature sig = signature_of(r_and_s, recid);

	CHECK_OK(chain_assemble(&c->request, &c->plan, &sig, 1, &data));
	same(hf_buf_span(&data), hex);
}

void check_intent(const struct chain_case *c, bool readable, size_t n_transfers)
{
	assert_int_equal(c->plan.readable, readable);
	assert_int_equal(c->plan.n_transfers, n_transfers);
}

void check_pays(const struct chain_case *c, const char *to, const char *amount)
{
	const struct chain_transfer *t = &c->plan.transfers[0];
	char text[CHAIN_AMOUNT_TEXT_MAX];

	check_intent(c, true, 1);
	assert_string_equal(t->to, to);
	assert_int_equal(t->native, amount != NULL);
	chain_amount_print(&t->amount, 0, text);
	assert_string_equal(text, amount ? amount : "0");
}

void check_refused(const char *network, enum key_type type, const char *public_key,
                   const char *body, enum hf_code code, const char *words)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_CODE(chain_case_prepare(&c, network, type, public_key, body), code);
	if (!strstr(c.err.text, words))
		fail_msg("\"%s\" has no \"%s\" in it", c.err.text, words);
	assert_int_equal(c.plan.n_inputs, 0);
}

void check_address(const char *network, enum key_type type, const char *public_key,
                   const char *address)
{
	HF_BUF_SCOPED struct hf_buf key = HF_BUF(PUBLIC_KEY_MAX);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(CHAIN_ADDRESS_MAX);
	const struct chain_network *found;

	CHECK_OK(hf_unhex(hf_span_text(public_key), &key));
	CHECK_OK(chain_network_find(network, &found, NULL));
	CHECK_OK(chain_address(found, type, hf_buf_span(&key), &got));
	hf_buf_u8(&got, 0);
	assert_string_equal((char *)got.ptr, address);
}
