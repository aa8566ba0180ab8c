/* SPDX-License-Identifier: Apache-2.0
 * Real tokens for tests, each in a temporary directory of its own; one at a time in a process. */
#ifndef HF_TESTS_TOKEN_H
#define HF_TESTS_TOKEN_H

#include "check.h"

#include "p11/preflight.h"

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN_PIN "1234"

struct test_token {
	char dir[64];
	struct p11_module module;
	struct p11_token token;
};

/* Ends the test program as skipped (77) where SoftHSM2 is not installed. */
void softhsm_need(void);
/* A temporary directory with a SoftHSM2 configuration and no token yet; sets SOFTHSM2_CONF. */
void softhsm_dir(struct test_token *t);
void softhsm_init_token(const char *label);
/* The same with one token, labelled "test", and the module open. */
void softhsm_start(struct test_token *t);
/* The module, by path, over whatever token it shows. */
void token_open(struct test_token *t, const char *module);
void token_stop(struct test_token *t);

struct hf_secret token_pin(const char *pin);
/* An open session, logged in. */
struct p11_session token_session(struct test_token *t, bool rw);

/* A secret key object as the attributes say, made without p11/master.h: to have faults to find. */
CK_OBJECT_HANDLE secret_key_make(struct p11_session *s, CK_KEY_TYPE type, const char *label,
                                 uint32_t faults);
enum {
	FAULT_EXTRACTABLE = 1,
	FAULT_DECRYPT = 2,
	FAULT_NO_ID = 4,
	FAULT_NO_UNWRAP = 8,
	FAULT_OTHER_ID = 16,
	FAULT_SHORT = 32,
};

/* "type format mechanism outcome step rv [chosen]" of each row, and a NUL. */
void preflight_matrix(const struct preflight_report *r, struct hf_buf *to);

#endif
