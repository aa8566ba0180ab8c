/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* SoftHSM2 leaks a little by itself (signers are recycled for that). Its frames are seen only by
 * the slow unwinder. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2.so\n";
}

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

void softhsm_need(void)
{
	if (access(SOFTHSM, R_OK) == 0)
		return;
	puts("1..0 # SKIP SoftHSM2 is not installed");
	exit(77);
}

static int run(char *const argv[])
{
	posix_spawn_file_actions_t quiet;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&quiet);
	return status;
}

void softhsm_dir(struct test_token *t)
{
	char path[96];
	FILE *f;

	memset(t, 0, sizeof(*t));
	strcpy(t->dir, "/tmp/holdfast-token-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(path, sizeof(path), "%s/softhsm2.conf", t->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
	        t->dir);
	fclose(f);
	setenv("SOFTHSM2_CONF", path, 1);
}

void softhsm_init_token(const char *label)
{
	char *const argv[] = {
		"softhsm2-util", "--init-token", "--free",   "--label",  (char *)(uintptr_t)label,
		"--pin",         TOKEN_PIN,      "--so-pin", "12345678", NULL
	};

	assert_int_equal(run(argv), 0);
}

void token_open(struct test_token *t, const char *module)
{
	struct hf_err err;

	if (!hf_ok(p11_module_open(module, "", &t->module, &err)))
		fail_msg("%s", err.text);
	if (!hf_ok(p11_slot_find(&t->module, "", &t->token, &err)))
		fail_msg("%s", err.text);
}

void softhsm_start(struct test_token *t)
{
	softhsm_dir(t);
	softhsm_init_token("test");
	token_open(t, SOFTHSM);
}

void token_stop(struct test_token *t)
{
	char *const argv[] = { "rm", "-r", t->dir, NULL };

	p11_module_close(&t->module);
	if (!strncmp(t->dir, "/tmp/holdfast-token-", 20))
		assert_int_equal(run(argv), 0);
}

struct hf_secret token_pin(const char *pin)
{
	struct hf_secret s;

	CHECK_OK(hf_secret_copy(pin, strlen(pin), &s));
	return s;
}

struct p11_session token_session(struct test_token *t, bool rw)
{
	HF_SECRET struct hf_secret pin = token_pin(TOKEN_PIN);
	struct p11_session s;
	struct hf_err err;

	if (!hf_ok(p11_session_open(&t->module, &t->token, rw, &s, &err)) ||
	    !hf_ok(p11_session_login(&s, &pin, &err)))
		fail_msg("%s", err.text);
	return s;
}

CK_OBJECT_HANDLE secret_key_make(struct p11_session *s, CK_KEY_TYPE type, const char *label,
                                 uint32_t faults)
{
	CK_MECHANISM mechanism = { .mechanism = type == CKK_AES ? CKM_AES_KEY_GEN
		                                                : CKM_GENERIC_SECRET_KEY_GEN };
	uint8_t id[MASTER_ID_LEN + 3] = { 1, 2, 3 };
	size_t id_len = type == CKK_AES ? MASTER_ID_LEN : sizeof(id);
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct template t = { 0 };
	bool aes = type == CKK_AES;

	memcpy(id + MASTER_ID_LEN, "mac", 3);
	if (faults & FAULT_OTHER_ID)
		id[0] = 9;
	template_number(&t, CKA_VALUE_LEN, faults & FAULT_SHORT ? 16 : 32);
	template_bool(&t, CKA_TOKEN, true);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_EXTRACTABLE, faults & FAULT_EXTRACTABLE);
	template_bool(&t, CKA_WRAP, aes);
	template_bool(&t, CKA_UNWRAP, aes && !(faults & FAULT_NO_UNWRAP));
	template_bool(&t, CKA_SIGN, !aes);
	template_bool(&t, CKA_VERIFY, !aes);
	template_bool(&t, CKA_ENCRYPT, false);
	template_bool(&t, CKA_DECRYPT, faults & FAULT_DECRYPT);
	template_bool(&t, CKA_DERIVE, false);
	template_text(&t, CKA_LABEL, label);
	if (!(faults & FAULT_NO_ID))
		template_bytes(&t, CKA_ID, HF_SPAN(id, id_len));
	assert_int_equal(s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, &key), CKR_OK);
	return key;
}

void preflight_matrix(const struct preflight_report *r, struct hf_buf *to)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct preflight_row *row = &r->rows[i];

		hf_buf_printf(to, "%s %s %lx %s %s %lx%s\n", key_type_info(row->type)->name,
		              row->format ? wrap_format_name(row->format) : "-", row->mechanism,
		              preflight_outcome_name(row->outcome), row->step[0] ? row->step : "-",
		              row->rv, row->chosen ? " chosen" : "");
	}
	hf_buf_u8(to, 0);
}
