/* SPDX-License-Identifier: Apache-2.0
 * Transient keys, which clients carry. As they are, none opens but those that were sealed; what is
 * inside of one is either a key, and then the only spelling of it, or refused. */
#include "fuzz.h"

#include "server/core/objects/transient_key.h"

static const struct hf_secret *secret(void)
{
	static struct hf_secret s;

	if (!s.ptr)
		FUZZ_CHECK(hf_ok(hf_secret_new(32, &s)));
	return &s;
}

static void open_it(struct hf_span sealed)
{
	const struct transient_session of = { secret(), "or-1", "ses-1" };
	HF_SECRET struct hf_secret plain = { 0 };
	struct object_row row;
	struct hf_span record;

	FUZZ_CHECK(!hf_ok(transient_key_open(&of, sealed, &plain, &row, &record, NULL)));
}

/* What was sealed for one session opens for it, and for no other. */
static void carry(const struct object_row *row, struct hf_span record)
{
	const struct transient_session of = { secret(), "or-1", "ses-1" };
	const struct transient_session others[] = { { secret(), "or-1", "ses-2" },
		                                    { secret(), "or-2", "ses-1" } };
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(TRANSIENT_KEY_MAX);
	OBJECT_SCOPED struct object *o = NULL;
	HF_SECRET struct hf_secret plain = { 0 };
	struct object_row back;
	struct hf_span again;

	FUZZ_CHECK(hf_ok(object_new_with(row, record, NULL, &o)));
	if (!hf_ok(transient_key_seal(&of, o, &sealed)))
		return;
	for (size_t i = 0; i < HF_COUNT(others); i++)
		FUZZ_CHECK(!hf_ok(transient_key_open(&others[i], hf_buf_span(&sealed), &plain,
		                                     &back, &again, NULL)));
	FUZZ_CHECK(
	        hf_ok(transient_key_open(&of, hf_buf_span(&sealed), &plain, &back, &again, NULL)));
	FUZZ_CHECK(hf_span_equal(record, again) && back.uses == row->uses);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(2 * TRANSIENT_KEY_MAX);
	struct hf_span in = HF_SPAN(data, size), record;
	struct object_row row;

	open_it(in);
	if (size > TRANSIENT_KEY_MAX || !hf_ok(transient_key_decode(in, &row, &record)))
		return 0;
	transient_key_encode(&again, &row, record);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	carry(&row, record);
	return 0;
}
