/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "published.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

#define HEX_MAX (256u * 1024)
#define BODY_MAX (1u << 20)

struct open_case {
	struct json_t *body;
	struct hf_buf key;
	struct chain_request request;
	struct chain_plan plan;
};

static struct hf_buf bytes_of(const char *hex)
{
	struct hf_buf b = HF_BUF(HEX_MAX);

	CHECK_OK(hf_unhex(hf_span_text(hex), &b));
	return b;
}

static void same_hex(struct hf_span got, const char *want)
{
	struct hf_buf text = HF_BUF(2 * HEX_MAX);

	hf_buf_hex(&text, got);
	hf_buf_u8(&text, 0);
	assert_string_equal((const char *)text.ptr, want);
	hf_buf_done(&text);
}

static hf_status open_it(const struct request_case *c, struct open_case *o, struct hf_err *err)
{
	const struct chain_network *network = NULL;

	*o = (struct open_case){ .key = bytes_of(c->public_key) };
	CHECK_OK(json_parse(hf_span_text(c->body), BODY_MAX, &o->body, err));
	if (c->network)
		CHECK_OK(chain_network_find(c->network, &network, err));
	HF_TRY(chain_request_read(o->body, network, c->type, hf_buf_span(&o->key), &o->request,
	                          err));
	return chain_prepare(&o->request, &o->plan, err);
}

static void close_it(struct open_case *o)
{
	json_done(o->body);
	hf_buf_done(&o->key);
	chain_plan_done(&o->plan);
}

static void open_well(const struct request_case *c, struct open_case *o)
{
	struct hf_err err = { 0 };
	hf_status s = open_it(c, o, &err);

	if (!hf_ok(s))
		fail_msg("%s: %s", hf_code_name(s.code), err.text);
}

static void same_inputs(const struct chain_plan *p, const char *const *inputs, size_t n)
{
	assert_int_equal(p->n_inputs, n);
	for (size_t i = 0; i < n; i++)
		same_hex(chain_plan_input(p, i), inputs[i]);
}

/* r || s, and the recovery id that the key has for it. */
static struct signature signature_of(const struct open_case *o, size_t i, const char *rs,
                                     bool check)
{
	bool ed = o->request.key_type == KEY_ED25519;
	struct signature s = { .recid = -1 };
	struct hf_buf b = bytes_of(rs);

	memcpy(s.bytes, b.ptr, b.len);
	s.len = b.len;
	hf_buf_done(&b);
	if (check)
		CHECK_OK(signature_finish(o->request.key_type, o->request.public_key,
		                          ed ? SIGN_ED25519 : SIGN_ECDSA, HASH_NONE,
		                          chain_plan_input(&o->plan, i), &s));
	return s;
}

static void same_signed(const struct open_case *o, const struct signature *signatures, size_t n,
                        const char *signed_data)
{
	struct hf_buf data = HF_BUF(CHAIN_SIGNED_DATA_MAX);

	CHECK_OK(chain_assemble(&o->request, &o->plan, signatures, n, &data));
	same_hex(hf_buf_span(&data), signed_data ? signed_data : "");
	hf_buf_done(&data);
}

void case_gives(const struct request_case *c, const char *const *inputs,
                const struct case_signature *signatures, size_t n, const char *signed_data)
{
	struct signature given[CASE_SIGNATURES_MAX];
	struct open_case o;

	open_well(c, &o);
	same_inputs(&o.plan, inputs, n);
	for (size_t i = 0; i < n; i++) {
		struct hf_buf encoded = HF_BUF(CHAIN_ENCODED_MAX);

		given[i] = signature_of(&o, i, signatures[i].rs, true);
		CHECK_OK(chain_encode(&o.request, &given[i], &encoded));
		same_hex(hf_buf_span(&encoded), signatures[i].encoded);
		hf_buf_done(&encoded);
	}
	same_signed(&o, given, n, signed_data);
	close_it(&o);
}

void case_signs(const struct request_case *c, const char *const *inputs, size_t n)
{
	struct open_case o;

	open_well(c, &o);
	same_inputs(&o.plan, inputs, n);
	close_it(&o);
}

void case_assembles(const struct request_case *c, const char *const *signatures, size_t n,
                    const char *signed_data)
{
	struct signature given[CASE_SIGNATURES_MAX];
	struct open_case o;

	open_well(c, &o);
	for (size_t i = 0; i < n; i++)
		given[i] = signature_of(&o, i, signatures[i], false);
	same_signed(&o, given, n, signed_data);
	close_it(&o);
}

void case_pays(const struct request_case *c, const char *payments)
{
	struct hf_buf text = HF_BUF(HEX_MAX);
	struct open_case o;

	open_well(c, &o);
	assert_int_equal(o.plan.readable, payments != NULL);
	for (size_t i = 0; payments && i < o.plan.n_transfers; i++) {
		const struct chain_transfer *t = &o.plan.transfers[i];
		char amount[CHAIN_AMOUNT_TEXT_MAX];

		CHECK(t->native);
		chain_amount_print(&t->amount, 0, amount);
		hf_buf_printf(&text, "%s%s %s", i ? "\n" : "", t->to, amount);
	}
	hf_buf_u8(&text, 0);
	if (payments)
		assert_string_equal((const char *)text.ptr, payments);
	hf_buf_done(&text);
	close_it(&o);
}

void case_refused(const struct request_case *c, enum hf_code code, const char *says)
{
	struct hf_err err = { 0 };
	struct open_case o;

	CHECK_CODE(open_it(c, &o, &err), code);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	close_it(&o);
}

void case_address(const char *network, enum key_type type, const char *public_key,
                  const char *address)
{
	struct hf_buf key = bytes_of(public_key), text = HF_BUF(CHAIN_ADDRESS_MAX);
	const struct chain_network *n;

	CHECK_OK(chain_network_find(network, &n, NULL));
	CHECK_OK(chain_address(n, type, hf_buf_span(&key), &text));
	hf_buf_u8(&text, 0);
	assert_string_equal((const char *)text.ptr, address);
	hf_buf_done(&key);
	hf_buf_done(&text);
}
