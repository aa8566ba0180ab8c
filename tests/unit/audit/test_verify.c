/* SPDX-License-Identifier: Apache-2.0
 * A log that somebody has changed, each in another way: what is wrong is named. */
#include "soft_audit_key.h"

#include "audit/tree.h"
#include "audit/verify.h"
#include "base/id.h"

#include <stdio.h>

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define ENTRIES 10
#define LINES_MAX 64

static struct soft_audit_key key;

/* A log of ten entries with checkpoints after the fourth and the tenth. */
static struct log {
	char lines[LINES_MAX][4096];
	size_t n;
	char ids[ENTRIES][HF_ID_MAX];
	struct checkpoint kept; /* the one after the fourth */
} l;

static void add_line(struct hf_buf *b)
{
	CHECK_OK(hf_buf_status(b));
	CHECK_OK(hf_span_to_text(HF_SPAN(b->ptr, b->len - 1), l.lines[l.n], sizeof(l.lines[0])));
	l.n++;
	hf_buf_clear(b);
}

static void entry_text_of(int i, const char *outcome, char to[512])
{
	snprintf(to, 512,
	         "{\"id\":\"%s\",\"operation\":\"Keys:Create\",\"orgId\":\"" ORG
	         "\",\"outcome\":\"%s\",\"time\":\"2026-11-21T06:00:00.000Z\",\"version\":1}",
	         l.ids[i], outcome);
}

static void put_entry(struct hf_buf *b, struct merkle *m, uint64_t leaf, const char *text)
{
	struct merkle_hash hash;

	CHECK_OK(merkle_leaf(hf_span_text(text), &hash));
	CHECK_OK(merkle_append(m, &hash));
	bundle_put_entry(b, leaf, &hash, hf_span_text(text));
	add_line(b);
}

static void put_checkpoint(struct hf_buf *b, const struct merkle *m,
                           const struct soft_audit_key *by)
{
	HF_BUF_SCOPED struct hf_buf note = HF_BUF(CHECKPOINT_NOTE_MAX);
	struct checkpoint c = { .org_id = ORG, .size = m->size };
	struct merkle_hash root;

	CHECK_OK(merkle_root(m, &root));
	memcpy(c.root, root.bytes, sizeof(c.root));
	if (m->size == 4)
		l.kept = c;
	soft_audit_note(by, &c, &note);
	bundle_put_checkpoint(b, hf_buf_span(&note));
	add_line(b);
}

static void make_log(void)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(65536);
	struct bundle_header h = { .org_id = ORG, .size = ENTRIES, .n_keys = 1 };
	struct merkle m = { 0 };
	char text[512];

	memset(&l, 0, sizeof(l));
	h.keys[0] = key.public;
	CHECK_OK(bundle_put_header(&b, &h));
	add_line(&b);
	for (int i = 0; i < ENTRIES; i++) {
		hf_id_new("uj", l.ids[i]);
		entry_text_of(i, "Accepted", text);
		put_entry(&b, &m, (uint64_t)i, text);
		if (i == 3 || i == ENTRIES - 1)
			put_checkpoint(&b, &m, &key);
	}
}

static int setup(void **state)
{
	soft_audit_key_make(&key, KEY_ED25519);
	make_log();
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(key.key);
	return 0;
}

static struct hf_err err;
static struct verify_summary sum;

static enum hf_code verify_with(const struct checkpoint_key *keys, size_t n,
                                const struct checkpoint *older)
{
	const struct verify_config config = {
		.keys = keys, .n_keys = n, .older = older, .n_older = older != NULL
	};
	HF_CLEANUP(verify_free_at) struct verify *v = NULL;

	memset(&err, 0, sizeof(err));
	CHECK_OK(verify_new(&config, &v));
	for (size_t i = 0; i < l.n; i++) {
		hf_status s = verify_line(v, hf_span_text(l.lines[i]), &err);

		if (!hf_ok(s))
			return s.code;
	}
	return verify_end(v, &sum, &err).code;
}

static enum hf_code verify(void)
{
	return verify_with(&key.public, 1, NULL);
}

static void says(const char *words)
{
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

/* Lines: 0 header, 1–4 entries 0–3, 5 checkpoint, 6–11 entries 4–9, 12 checkpoint. */
static size_t line_of(int entry)
{
	return (size_t)entry + (entry < 4 ? 1 : 2);
}

static void remove_line(size_t i)
{
	memmove(l.lines[i], l.lines[i + 1], (l.n - i - 1) * sizeof(l.lines[0]));
	l.n--;
}

static void what_was_written_is_whole(void **state)
{
	CHECK(verify() == HF_OK);
	CHECK(sum.entries == ENTRIES && sum.checkpoints == 2 && sum.covered == ENTRIES);
	CHECK(!sum.own_keys);
	CHECK(verify_with(NULL, 0, NULL) == HF_OK);
	CHECK(sum.own_keys);
}

static void a_changed_entry_is_named(void **state)
{
	char *at = strstr(l.lines[line_of(6)], "Accepted");

	memcpy(at, "Rejected", 8);
	CHECK(verify() == HF_CORRUPT);
	says("entry 6");
	says(l.ids[6]);
	says("changed");
}

static void another_spelling_of_an_entry_is_another_entry(void **state)
{
	char *at = strstr(l.lines[line_of(2)], "\"entry\":{");
	char rest[4096];

	strcpy(rest, at + 9);
	sprintf(at + 9, " %s", rest);
	CHECK(verify() == HF_CORRUPT);
	says("entry 2");
}

static void an_entry_that_was_changed_with_its_leaf_is_found_by_the_next_checkpoint(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(65536);
	struct merkle_hash hash;
	char text[512];

	entry_text_of(6, "Denied", text);
	CHECK_OK(merkle_leaf(hf_span_text(text), &hash));
	bundle_put_entry(&b, 6, &hash, hf_span_text(text));
	CHECK_OK(hf_span_to_text(HF_SPAN(b.ptr, b.len - 1), l.lines[line_of(6)],
	                         sizeof(l.lines[0])));
	CHECK(verify() == HF_CORRUPT);
	says("entries 4 to 9");
}

static void a_removed_entry_is_named(void **state)
{
	remove_line(line_of(7));
	CHECK(verify() == HF_CORRUPT);
	says("entry 7 is missing");
	says(l.ids[8]);
}

static void a_moved_entry_is_named(void **state)
{
	char line[4096];

	strcpy(line, l.lines[line_of(5)]);
	strcpy(l.lines[line_of(5)], l.lines[line_of(8)]);
	strcpy(l.lines[line_of(8)], line);
	CHECK(verify() == HF_CORRUPT);
	says("entry 8");
	says(l.ids[8]);
}

static void an_inserted_entry_is_found(void **state)
{
	size_t i = line_of(5);

	memmove(l.lines[i + 1], l.lines[i], (l.n - i) * sizeof(l.lines[0]));
	l.n++; /* the same entry twice */
	CHECK(verify() == HF_CORRUPT);
	says("entry 5");
	says("put in twice");
}

static void a_log_that_is_cut_off_is_found(void **state)
{
	l.n = line_of(8); /* entries 0 to 7 */
	CHECK(verify() == HF_CORRUPT);
	says("cut off after 8 entries");
}

/* The header is changed along with it: only a checkpoint that was kept elsewhere tells. */
static void a_log_that_is_cut_off_with_its_header_contradicts_a_kept_checkpoint(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(65536);
	struct bundle_header h = { .org_id = ORG, .size = 3, .n_keys = 1 };
	const struct checkpoint kept = l.kept;

	h.keys[0] = key.public;
	CHECK_OK(bundle_put_header(&b, &h));
	CHECK_OK(hf_span_to_text(HF_SPAN(b.ptr, b.len - 1), l.lines[0], sizeof(l.lines[0])));
	l.n = line_of(3);
	CHECK(verify() == HF_OK);
	CHECK(sum.covered == 0);
	CHECK(verify_with(&key.public, 1, &kept) == HF_CORRUPT);
	says("ends after 3 entries");
}

/* Whoever has the key can sign another history; the kept checkpoint remembers this one. */
static void a_log_that_was_written_anew_contradicts_a_kept_checkpoint(void **state)
{
	const struct checkpoint kept = l.kept;

	CHECK(verify_with(&key.public, 1, &kept) == HF_OK);
	CHECK(sum.older == 1);
	make_log(); /* other ids */
	CHECK(verify() == HF_OK);
	CHECK(verify_with(&key.public, 1, &kept) == HF_CORRUPT);
	says("written anew");
}

static void a_checkpoint_of_another_key_is_refused(void **state)
{
	struct soft_audit_key other;

	soft_audit_key_make(&other, KEY_P256);
	CHECK(verify_with(&other.public, 1, NULL) == HF_CORRUPT);
	says("checkpoint after entry 4");
	says("none of the given keys");
	EVP_PKEY_free(other.key);
}

static void a_checkpoint_whose_signature_is_wrong_is_refused(void **state)
{
	/* a letter of the signature, in the middle of its base64 */
	char *at = strrchr(l.lines[5], ' ') + 30;

	*at = *at == 'A' ? 'B' : 'A';
	CHECK(verify() == HF_CORRUPT);
	says("checkpoint after entry 4");
	says("does not verify");
}

static void a_part_of_a_log_proves_itself_too(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(65536);
	struct bundle_header h = { .org_id = ORG, .size = ENTRIES, .n_keys = 1 };
	const struct checkpoint kept = l.kept;
	struct merkle_hash hash;
	char text[512];

	h.keys[0] = key.public;
	for (int i = 0; i < 7; i++) {
		entry_text_of(i, "Accepted", text);
		CHECK_OK(merkle_leaf(hf_span_text(text), &hash));
		CHECK_OK(merkle_append(&h.before, &hash));
	}
	CHECK_OK(bundle_put_header(&b, &h));
	CHECK_OK(hf_span_to_text(HF_SPAN(b.ptr, b.len - 1), l.lines[0], sizeof(l.lines[0])));
	for (size_t i = 1; i < line_of(7); i++)
		remove_line(1);
	CHECK(verify() == HF_OK);
	CHECK(sum.first == 7 && sum.entries == 3 && sum.checkpoints == 1);
	CHECK(verify_with(&key.public, 1, &kept) == HF_INVALID); /* of four: before this part */
	says("this part begins with entry 7");
	h.before.peaks[0].bytes[0] ^= 1; /* what is said to stand before is bound by the root */
	hf_buf_clear(&b);
	CHECK_OK(bundle_put_header(&b, &h));
	CHECK_OK(hf_span_to_text(HF_SPAN(b.ptr, b.len - 1), l.lines[0], sizeof(l.lines[0])));
	CHECK(verify() == HF_CORRUPT);
	says("entries 7 to 9");
}

static void what_is_no_log_is_refused(void **state)
{
	strcpy(l.lines[0], "{}");
	CHECK(verify() == HF_INVALID);
	make_log();
	remove_line(0);
	CHECK(verify() == HF_INVALID);
	make_log();
	l.n = 0;
	CHECK(verify() == HF_INVALID);
	make_log();
	strcpy(l.lines[3], "{\"leaf\":2,\"hash\":\"");
	CHECK(verify() == HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(what_was_written_is_whole),
		T(a_changed_entry_is_named),
		T(another_spelling_of_an_entry_is_another_entry),
		T(an_entry_that_was_changed_with_its_leaf_is_found_by_the_next_checkpoint),
		T(a_removed_entry_is_named),
		T(a_moved_entry_is_named),
		T(an_inserted_entry_is_found),
		T(a_log_that_is_cut_off_is_found),
		T(a_log_that_is_cut_off_with_its_header_contradicts_a_kept_checkpoint),
		T(a_log_that_was_written_anew_contradicts_a_kept_checkpoint),
		T(a_checkpoint_of_another_key_is_refused),
		T(a_checkpoint_whose_signature_is_wrong_is_refused),
		T(a_part_of_a_log_proves_itself_too),
		T(what_is_no_log_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
