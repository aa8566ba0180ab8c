/* SPDX-License-Identifier: Apache-2.0
 * What is done with one key at a time: read from a body, planned once the key is known, asked of
 * the guard, done in the HSM (or, where nothing secret is needed, here), printed. A single call
 * (single.c) and a batch (batch.c) drive the same. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_WORK_H
#define HF_SERVER_CRYPTO_API_CRYPTO_WORK_H

#include "server/crypto_api/call.h"
#include "server/crypto_api/crypto/bodies.h"

struct fpe_work;

/* One operation of a request. */
struct work_item {
	struct json_t *key; /* SobjectDescriptor; NULL: the path names it */
	union {
		struct cipher_body cipher;
		struct sign_body sign;
		struct mac_body mac;
	} body;
	struct object *object; /* held; NULL until it was found */
	/* plan() */
	enum guard_act act;
	uint8_t digest[DIGEST_LEN_MAX];
	bool here;            /* it is done without the HSM: `verified` */
	bool verified;        /* of verify and macverify */
	struct fpe_work *fpe; /* of FF1 */
};
void work_item_release(struct work_item *item);

struct work {
	hf_status (*read)(const struct json_t *body, struct hf_buf *bytes, struct work_item *item,
	                  struct hf_err *err);
	/* How this key does it, and what it is to be asked of the guard: fills item->act and the
	 * operation's kind, mech and data. Spans point into the item. */
	hf_status (*plan)(struct work_item *item, const struct principal *who, struct crypto_op *op,
	                  struct hf_err *err);
	/* After the guard: what needs no HSM. NULL: all of it does. */
	hf_status (*here)(struct work_item *item, const struct crypto_op *op, struct hf_err *err);
	/* The members of the answer, but `kid`. `r` is OP_DONE; NULL when it was done here. */
	hf_status (*print)(struct work_item *item, const struct crypto_op *op,
	                   const struct crypto_result *r, struct json_writer *w,
	                   struct hf_err *err);
};

extern const struct work work_encrypt, work_decrypt; /* encrypt.c */
extern const struct work work_sign, work_verify;     /* sign.c */
extern const struct work work_mac, work_mac_verify;  /* mac.c */

struct mode_key work_key(const struct object *o);

/* plan() for an item whose object is there. A failure is told only to those who may see the key:
 * others get what the guard says. */
HF_MUST hf_status work_plan(const struct work *work, struct work_item *item,
                            const struct principal *who, int64_t now_ms, struct crypto_op *op,
                            struct hf_err *err);
/* An object: kid, and what print() has to say. */
HF_MUST hf_status work_print(const struct work *work, struct work_item *item,
                             const struct crypto_op *op, const struct crypto_result *r,
                             struct json_writer *w, struct hf_err *err);

/* What a result that is not OP_DONE means: its code with its words. */
HF_MUST hf_status work_failed(const struct crypto_result *r, struct hf_err *err);

#endif
