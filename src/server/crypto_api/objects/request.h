/* SPDX-License-Identifier: Apache-2.0
 * What a request says of a security object (schema SobjectRequest): of one to be made, imported,
 * unwrapped, derived, copied or rotated to, and of a change. Every field of the schema is known;
 * what cannot be done is refused with words, and an unknown field is an error. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_REQUEST_H
#define HF_SERVER_CRYPTO_API_OBJECTS_REQUEST_H

#include "server/core/objects/object_create.h"
#include "server/crypto_api/call.h"

#define SOBJECT_JSON_MAX 65536 /* of one field that is JSON: options, metadata */
#define SOBJECT_DESCRIPTION_MAX 4096

struct sobject_request {
	/* NULL: not given. Borrowed from the document. */
	const char *name, *group_id, *description, *obj_type, *curve, *state, *activation,
	        *deactivation, *value, *kcv;
	struct json_t *key_ops, *aes, *des3, *rsa, *fpe, *custom_metadata, *rotation_policy,
	        *publish, *enabled, *deterministic, *allow_sign_hash, *transient;
	int64_t key_size, exponent; /* 0: not given */
	/* Read of the above. */
	enum object_type type; /* 0: not given */
	enum curve curve_id;
	unsigned uses;
	bool uses_given;
	bool is_transient;
	int64_t activation_ms, deactivation_ms;
	int64_t rotate_at_ms;
	enum object_state wanted; /* 0: not given */
	/* What the row's JSON fields point to; the request's own. */
	struct hf_buf options_text, metadata_text, rotation_text;
};

/* The words for a field that a transient key has not. */
HF_MUST hf_status sobject_request_not_transient(const struct sobject_request *r,
                                                struct hf_err *err);

/* `more`: names of fields that the caller reads himself. HF_INVALID, HF_UNSUPPORTED with words.
 * sobject_request_done() in any case. */
HF_MUST hf_status sobject_request_read(const struct json_t *doc, const char *const *more,
                                       size_t n_more, int64_t now_ms, struct sobject_request *ret,
                                       struct hf_err *err);
void sobject_request_done(struct sobject_request *r);

/* A row of one to be made: what the request does not say has its default. `bits` and `curve` may
 * come from the key's value (`existing`); otherwise they must be given. `public_only`: a public key
 * alone. The row borrows from the request. */
struct sobject_made {
	uint32_t bits; /* of the value; 0: as the request says */
	enum curve curve;
	bool existing, public_only;
};
HF_MUST hf_status sobject_request_row(struct sobject_request *r, const struct sobject_made *made,
                                      const struct principal *who, int64_t now_ms,
                                      struct object_row *ret, struct hf_err *err);
/* The uses that it asks for, of a key of this type; not given: all, without EXPORT. */
HF_MUST hf_status sobject_request_uses(const struct sobject_request *r, int type, enum curve curve,
                                       bool public_only, unsigned *ret, struct hf_err *err);
/* The options as they are kept. `was`: of the key that is changed; NULL: a new one. */
HF_MUST hf_status sobject_request_options(struct sobject_request *r, int type, uint32_t bits,
                                          const char *was, char **ret, struct hf_err *err);

/* Of an RSA key; 0: not given. */
uint32_t sobject_request_exponent(const struct sobject_request *r);

/* The name of the group that it says, or the caller's own. HF_INVALID with words: neither. */
HF_MUST hf_status sobject_request_group(const struct sobject_request *r,
                                        const struct principal *who, const char **ret,
                                        struct hf_err *err);

/* Names: 1 to 255 bytes, one line, not blank. */
HF_MUST hf_status sobject_name_check(const char *name, struct hf_err *err);
HF_MUST hf_status sobject_time(const char *field, const char *text, int64_t *ret,
                               struct hf_err *err);

/* The group, from the cache or the database; then `then`, whose reference it is, or the call ends
 * with 404. */
typedef void (*sobject_group_fn)(struct crypto_call *c, struct group *group);
void sobject_find_group(struct crypto_call *c, const char *group_id, sobject_group_fn then);

#endif
