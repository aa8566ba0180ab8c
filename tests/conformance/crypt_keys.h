/* SPDX-License-Identifier: Apache-2.0
 * Keys of known value in a session of a real token (places.h), for tests of p11/crypt.h. */
#ifndef HF_TESTS_CRYPT_KEYS_H
#define HF_TESTS_CRYPT_KEYS_H

#include "check.h"

#include "p11/template.h"

#include "base/buf.h"

/* Which token; before keys_start(), which is a group's set-up, and keys_stop(). */
void keys_place(const char *name);
bool keys_place_is(const char *name);
int keys_start(void **state);
int keys_stop(void **state);
struct p11_session *keys_session(void);

void must(hf_status s, const struct hf_err *err);

/* Session objects that may do all that their kind can. */
CK_OBJECT_HANDLE keys_secret(CK_KEY_TYPE type, struct hf_span value);
CK_OBJECT_HANDLE keys_rsa(struct hf_span pkcs8);
/* The public half of the last keys_rsa(). */
CK_OBJECT_HANDLE keys_rsa_public(void);
struct public_der;
void keys_spki(struct hf_span pkcs8, struct public_der *ret);
void keys_drop(CK_OBJECT_HANDLE key);

/* The one text of a decryption that failed. */
const char *keys_undecipherable(void);

#endif
