/* SPDX-License-Identifier: Apache-2.0
 * Encryption in pieces, with OpenSSL in the place of the HSM: the pieces make what one call makes.
 */
#include "check.h"

#include "server/crypto_api/crypto/generic_batch.h"
#include "server/crypto_api/crypto/multipart.h"
#include "server/crypto_api/crypto/stream.h"

#include <openssl/evp.h>
#include <string.h>

#define KEY ((const uint8_t *)"0123456789abcdef0123456789abcdef")
#define KID "0198a1b2-0000-7000-8000-000000000001"
#define ORG "or-12345-12345-1234567890123456"
#define NOW INT64_C(1800000000000)
#define MESSAGE_MAX 1000

static const EVP_CIPHER *cipher(enum crypto_mode mode)
{
	return mode == MODE_CTR   ? EVP_aes_256_ctr()
	       : mode == MODE_ECB ? EVP_aes_256_ecb()
	                          : EVP_aes_256_cbc();
}

/* The HSM. False: the padding is none. */
static bool hsm(enum crypto_op_kind kind, enum crypto_mode mode, const uint8_t *iv,
                struct hf_span in, struct hf_buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t to[MESSAGE_MAX + 64];
	int n = 0, last = 0;
	bool good;

	CHECK(EVP_CipherInit_ex(ctx, cipher(mode), NULL, KEY, iv, kind == CRYPTO_ENCRYPT) == 1);
	EVP_CIPHER_CTX_set_padding(ctx, mode == MODE_CBC);
	CHECK(EVP_CipherUpdate(ctx, to, &n, in.ptr, (int)in.len) == 1);
	good = EVP_CipherFinal_ex(ctx, to + n, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (good)
		hf_buf_put(out, to, (size_t)(n + last));
	return good;
}

static struct stream begin(enum crypto_op_kind kind, enum crypto_mode mode)
{
	struct stream s = { .kind = kind, .mode = mode, .kid = KID, .block = 16 };

	memset(s.iv, 0xff, sizeof(s.iv)); /* a counter that overflows at once */
	s.expires_ms = NOW + 1000;
	return s;
}

static hf_status step(struct stream *s, struct stream_step *step, struct hf_buf *out)
{
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(MESSAGE_MAX + 64);
	hf_status status = HF_SUCCESS;

	if (stream_step_asks(step) &&
	    !hsm(s->kind, step->mode, step->iv, hf_buf_span(&step->send), &got))
		status = HF_FAILURE(HF_UNAUTHENTIC);
	if (hf_ok(status))
		status = stream_got(s, step, hf_buf_span(&got), out, NULL);
	stream_step_done(step);
	return status;
}

static hf_status in_pieces(enum crypto_op_kind kind, enum crypto_mode mode, struct hf_span in,
                           size_t piece, struct hf_buf *out)
{
	struct stream s = begin(kind, mode);
	struct stream_step next;

	for (size_t at = 0; at < in.len; at += piece) {
		size_t n = in.len - at < piece ? in.len - at : piece;

		HF_TRY(stream_take(&s, HF_SPAN(in.ptr + at, n), &next, NULL));
		HF_TRY(step(&s, &next, out));
	}
	HF_TRY(stream_end(&s, &next, NULL));
	return step(&s, &next, out);
}

static void check_mode(enum crypto_mode mode, size_t len, size_t piece)
{
	HF_BUF_SCOPED struct hf_buf once = HF_BUF(2048), pieces = HF_BUF(2048), back = HF_BUF(2048);
	struct stream s = begin(CRYPTO_ENCRYPT, mode);
	uint8_t message[MESSAGE_MAX];
	struct hf_span in = HF_SPAN(message, len);

	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)(i * 7);
	CHECK(hsm(CRYPTO_ENCRYPT, mode, s.iv, in, &once));
	CHECK_OK(in_pieces(CRYPTO_ENCRYPT, mode, in, piece, &pieces));
	if (!hf_span_equal(hf_buf_span(&once), hf_buf_span(&pieces)))
		fail_msg("mode %d: %zu bytes by %zu differ", (int)mode, len, piece);
	CHECK_OK(in_pieces(CRYPTO_DECRYPT, mode, hf_buf_span(&once), piece, &back));
	if (!hf_span_equal(hf_buf_span(&back), in))
		fail_msg("mode %d: %zu bytes by %zu do not come back", (int)mode, len, piece);
}

static void pieces_make_what_one_call_makes(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 31, 32, 33, 64, 100, 555 };
	static const size_t pieces[] = { 1, 3, 15, 16, 17, 32, 48, 100, 1000 };

	(void)state;
	for (size_t i = 0; i < HF_COUNT(lens); i++) {
		for (size_t k = 0; k < HF_COUNT(pieces); k++) {
			check_mode(MODE_CBC, lens[i], pieces[k]);
			check_mode(MODE_CTR, lens[i], pieces[k]);
			check_mode(MODE_CBC_NOPAD, lens[i] / 16 * 16, pieces[k]);
			check_mode(MODE_ECB, lens[i] / 16 * 16, pieces[k]);
		}
	}
}

static void half_a_block_without_padding_is_refused_at_the_end(void **state)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(2048);

	(void)state;
	CHECK_CODE(in_pieces(CRYPTO_ENCRYPT, MODE_CBC_NOPAD, HF_SPAN(KEY, 17), 5, &out),
	           HF_INVALID);
	CHECK_CODE(in_pieces(CRYPTO_ENCRYPT, MODE_ECB, HF_SPAN(KEY, 1), 5, &out), HF_INVALID);
	CHECK_CODE(in_pieces(CRYPTO_DECRYPT, MODE_CBC, HF_SPAN(KEY, 17), 5, &out), HF_INVALID);
	CHECK_CODE(in_pieces(CRYPTO_DECRYPT, MODE_CBC, HF_SPAN(KEY, 0), 5, &out), HF_INVALID);
}

static void an_hsm_that_gives_another_length_is_not_believed(void **state)
{
	struct stream s = begin(CRYPTO_ENCRYPT, MODE_CBC);
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(2048);
	struct stream_step next;

	(void)state;
	CHECK_OK(stream_take(&s, HF_SPAN(KEY, 32), &next, NULL));
	CHECK_CODE(stream_got(&s, &next, HF_SPAN(KEY, 16), &out, NULL), HF_IO);
	CHECK(out.len == 0);
	stream_step_done(&next);
}

static struct hf_secret a_secret(uint8_t fill)
{
	struct hf_secret s;

	CHECK_OK(hf_secret_new(32, &s));
	memset(s.ptr, fill, s.len);
	return s;
}

static void a_state_opens_as_it_was_sealed(void **state)
{
	HF_SECRET struct hf_secret secret = a_secret(1);
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(STREAM_SEALED_MAX);
	struct stream s = begin(CRYPTO_DECRYPT, MODE_CBC), back;

	(void)state;
	s.n_waiting = 16;
	memset(s.waiting, 9, 16);
	CHECK_OK(stream_seal(&secret, ORG, &s, &sealed));
	CHECK_OK(stream_open(&secret, ORG, CRYPTO_DECRYPT, hf_buf_span(&sealed), NOW, &back, NULL));
	CHECK(back.mode == MODE_CBC && back.block == 16 && back.n_waiting == 16);
	assert_string_equal(back.kid, KID);
	assert_memory_equal(back.iv, s.iv, 16);
	assert_memory_equal(back.waiting, s.waiting, 16);
	CHECK(back.expires_ms == s.expires_ms);
}

static void a_state_is_good_for_one_account_one_direction_and_a_while(void **state)
{
	HF_SECRET struct hf_secret secret = a_secret(1), other = a_secret(2);
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(STREAM_SEALED_MAX);
	struct stream s = begin(CRYPTO_ENCRYPT, MODE_CTR), back;
	struct hf_span in;

	(void)state;
	CHECK_OK(stream_seal(&secret, ORG, &s, &sealed));
	in = hf_buf_span(&sealed);
	CHECK_OK(stream_open(&secret, ORG, CRYPTO_ENCRYPT, in, NOW + 1000, &back, NULL));
	CHECK_CODE(stream_open(&secret, ORG, CRYPTO_ENCRYPT, in, NOW + 1001, &back, NULL),
	           HF_INVALID);
	CHECK_CODE(stream_open(&secret, ORG, CRYPTO_DECRYPT, in, NOW, &back, NULL), HF_INVALID);
	CHECK_CODE(stream_open(&secret, "or-2", CRYPTO_ENCRYPT, in, NOW, &back, NULL), HF_INVALID);
	CHECK_CODE(stream_open(&other, ORG, CRYPTO_ENCRYPT, in, NOW, &back, NULL), HF_INVALID);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.ptr[i] ^= 1;
		CHECK_CODE(stream_open(&secret, ORG, CRYPTO_ENCRYPT, in, NOW, &back, NULL),
		           HF_INVALID);
		sealed.ptr[i] ^= 1;
	}
	in.len--;
	CHECK_CODE(stream_open(&secret, ORG, CRYPTO_ENCRYPT, in, NOW, &back, NULL), HF_INVALID);
	in.len = 16;
	CHECK_CODE(stream_open(&secret, ORG, CRYPTO_ENCRYPT, in, NOW, &back, NULL), HF_INVALID);
}

static void what_needs_its_length_first_is_not_for_pieces(void **state)
{
	(void)state;
	CHECK_CODE(stream_mode(MODE_CCM, NULL), HF_INVALID);
	CHECK_CODE(stream_mode(MODE_KWP, NULL), HF_INVALID);
	CHECK_OK(stream_mode(MODE_CTR, NULL));
}

/* ---- GCM */

#define GCM_IV ((const uint8_t *)"twelve bytes")

/* By OpenSSL, in one call. */
static void gcm_once(struct hf_span ad, struct hf_span in, struct hf_buf *out, uint8_t tag[16])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t to[MESSAGE_MAX];
	int n = 0, last = 0;

	CHECK(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, KEY, GCM_IV) == 1);
	CHECK(EVP_EncryptUpdate(ctx, NULL, &n, ad.ptr, (int)ad.len) == 1);
	n = 0;
	CHECK(!in.len || EVP_EncryptUpdate(ctx, to, &n, in.ptr, (int)in.len) == 1);
	CHECK(EVP_EncryptFinal_ex(ctx, to + n, &last) == 1);
	CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, tag) == 1);
	EVP_CIPHER_CTX_free(ctx);
	hf_buf_put(out, to, (size_t)n);
}

static struct stream begin_gcm(enum crypto_op_kind kind, struct hf_span ad)
{
	static const uint8_t zeros[STREAM_BLOCK_MAX];
	struct stream s = { .kind = kind, .mode = MODE_GCM, .kid = KID, .block = 16 };
	HF_BUF_SCOPED struct hf_buf h = HF_BUF(64), mask = HF_BUF(64);
	uint8_t counters[STREAM_GCM_BLOCKS][STREAM_BLOCK_MAX];

	memcpy(s.iv, GCM_IV, STREAM_GCM_IV_LEN);
	stream_gcm_counters(&s, counters);
	CHECK(hsm(kind, MODE_CTR, counters[0], HF_SPAN(zeros, 16), &h));
	CHECK(hsm(kind, MODE_CTR, counters[1], HF_SPAN(zeros, 16), &mask));
	CHECK_OK(stream_gcm_begin(&s, hf_buf_span(&h), hf_buf_span(&mask), ad, NULL));
	s.expires_ms = NOW + 1000;
	return s;
}

/* Each piece with the state that was carried to it. */
static void gcm_in_pieces(enum crypto_op_kind kind, struct hf_span ad, struct hf_span in,
                          size_t piece, struct hf_buf *out, uint8_t tag[16])
{
	HF_SECRET struct hf_secret secret = a_secret(1);
	struct stream s = begin_gcm(kind, ad), back;
	struct stream_step next;

	for (size_t at = 0; at < in.len; at += piece) {
		HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(STREAM_SEALED_MAX);
		size_t n = in.len - at < piece ? in.len - at : piece;

		CHECK_OK(stream_take(&s, HF_SPAN(in.ptr + at, n), &next, NULL));
		CHECK_OK(step(&s, &next, out));
		CHECK_OK(stream_seal(&secret, ORG, &s, &sealed));
		CHECK_OK(stream_open(&secret, ORG, kind, hf_buf_span(&sealed), NOW, &back, NULL));
		s = back;
	}
	CHECK_OK(stream_end(&s, &next, NULL));
	CHECK_OK(step(&s, &next, out));
	stream_gcm_tag(&s, tag);
}

static void check_gcm(size_t ad_len, size_t len, size_t piece)
{
	HF_BUF_SCOPED struct hf_buf once = HF_BUF(2048), pieces = HF_BUF(2048), back = HF_BUF(2048);
	uint8_t message[MESSAGE_MAX], tag[16], tag_of_pieces[16], tag_of_back[16];
	struct hf_span in = HF_SPAN(message, len), ad = HF_SPAN(message + 100, ad_len);

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7);
	gcm_once(ad, in, &once, tag);
	gcm_in_pieces(CRYPTO_ENCRYPT, ad, in, piece, &pieces, tag_of_pieces);
	if (!hf_span_equal(hf_buf_span(&once), hf_buf_span(&pieces)) ||
	    memcmp(tag, tag_of_pieces, 16) != 0)
		fail_msg("GCM: %zu bytes by %zu, with %zu besides, differ", len, piece, ad_len);
	gcm_in_pieces(CRYPTO_DECRYPT, ad, hf_buf_span(&once), piece, &back, tag_of_back);
	if (!hf_span_equal(hf_buf_span(&back), in) || memcmp(tag, tag_of_back, 16) != 0)
		fail_msg("GCM: %zu bytes by %zu do not come back", len, piece);
}

static void pieces_of_gcm_make_what_one_call_makes_and_its_tag(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 31, 32, 33, 64, 100, 555 };
	static const size_t pieces[] = { 1, 3, 15, 16, 17, 32, 48, 100, 1000 };
	static const size_t ads[] = { 0, 1, 16, 20, 500 };

	(void)state;
	for (size_t i = 0; i < HF_COUNT(lens); i++)
		for (size_t k = 0; k < HF_COUNT(pieces); k++)
			for (size_t a = 0; a < HF_COUNT(ads); a++)
				check_gcm(ads[a], lens[i], pieces[k]);
}

static void a_message_of_gcm_ends_before_its_counter_comes_round(void **state)
{
	struct stream s = begin_gcm(CRYPTO_DECRYPT, HF_SPAN(NULL, 0));
	struct stream_step next;

	(void)state;
	s.ghash.len = (UINT64_C(1) << 36) - 48;
	CHECK_CODE(stream_take(&s, HF_SPAN(KEY, 17), &next, NULL), HF_TOOBIG);
	stream_step_done(&next);
	CHECK_OK(stream_take(&s, HF_SPAN(KEY, 16), &next, NULL));
	stream_step_done(&next);
}

static void an_hsm_that_gives_no_block_for_the_tag_is_not_believed(void **state)
{
	struct stream s = { .kind = CRYPTO_ENCRYPT, .mode = MODE_GCM, .block = 16 };
	struct hf_span block = HF_SPAN(KEY, 16), none = HF_SPAN(KEY, 15);

	(void)state;
	CHECK_CODE(stream_gcm_begin(&s, block, none, block, NULL), HF_IO);
	CHECK_CODE(stream_gcm_begin(&s, none, block, block, NULL), HF_IO);
	CHECK_OK(stream_gcm_begin(&s, block, block, block, NULL));
}

/* ---- The tree of a batch of calls of any kind */

static hf_status read_tree(const char *json, struct generic_tree *t, struct hf_err *err)
{
	static struct json_t *doc; /* the tree points into it */

	json_done(doc);
	doc = NULL;
	CHECK_OK(json_parse(hf_span_text(json), 1u << 20, &doc, NULL));
	return generic_tree_read(doc, t, err);
}

#define ITEM "{\"SingleItem\":{\"method\":\"POST\",\"operation\":\"/crypto/v1/sign\",\"body\":{}}}"
#define BATCH(type, items)                                                                         \
	"{\"Batch\":{\"batch_execution_type\":\"" type "\",\"items\":[" items "]}}"

static void a_tree_of_batches_is_flattened_in_its_order(void **state)
{
	struct generic_tree *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	CHECK_OK(read_tree(BATCH("Serial", ITEM "," BATCH("Unordered", ITEM "," ITEM) "," ITEM), t,
	                   NULL));
	CHECK(t->n_items == 4 && t->n_lists == 2 && t->any_serial);
	CHECK(t->items[0].batch == 0 && t->items[1].batch == 1 && t->items[3].batch == 0);
	CHECK(t->lists[1].parent == 0 && t->lists[0].parent == GENERIC_NONE);
	CHECK_OK(read_tree(ITEM, t, NULL));
	CHECK(t->n_items == 1 && t->n_lists == 0 && t->items[0].batch == GENERIC_NONE);
	assert_string_equal(t->items[0].operation, "/crypto/v1/sign");
	CHECK_OK(read_tree(BATCH("Unordered", ITEM), t, NULL));
	CHECK(!t->any_serial);
	CHECK_CODE(read_tree("[]", t, NULL), HF_INVALID);
	free(t);
}

static void a_tree_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *json;
		enum hf_code code;
	} rows[] = {
		{ "{}", HF_INVALID },
		{ BATCH("Parallel", ITEM), HF_INVALID },
		{ BATCH("Serial", ""), HF_INVALID },
		{ "{\"Batch\":{\"items\":[" ITEM "]}}", HF_INVALID },
		{ "{\"SingleItem\":{\"method\":\"POST\"}}", HF_INVALID },
		{ "{\"SingleItem\":{\"method\":\"POST\",\"operation\":\"/batch/v1\"}}",
		  HF_INVALID },
		{ BATCH("Serial", BATCH("Serial", BATCH("Serial", BATCH("Serial", ITEM)))), HF_OK },
		{ BATCH("Serial",
		        BATCH("Serial", BATCH("Serial", BATCH("Serial", BATCH("Serial", ITEM))))),
		  HF_TOOBIG },
	};
	struct generic_tree *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		hf_status s = read_tree(rows[i].json, t, NULL);

		if (s.code != rows[i].code)
			fail_msg("%s: %s", rows[i].json, hf_code_name(s.code));
	}
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_make_what_one_call_makes),
		cmocka_unit_test(half_a_block_without_padding_is_refused_at_the_end),
		cmocka_unit_test(an_hsm_that_gives_another_length_is_not_believed),
		cmocka_unit_test(a_state_opens_as_it_was_sealed),
		cmocka_unit_test(a_state_is_good_for_one_account_one_direction_and_a_while),
		cmocka_unit_test(what_needs_its_length_first_is_not_for_pieces),
		cmocka_unit_test(pieces_of_gcm_make_what_one_call_makes_and_its_tag),
		cmocka_unit_test(a_message_of_gcm_ends_before_its_counter_comes_round),
		cmocka_unit_test(an_hsm_that_gives_no_block_for_the_tag_is_not_believed),
		cmocka_unit_test(a_tree_of_batches_is_flattened_in_its_order),
		cmocka_unit_test(a_tree_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
