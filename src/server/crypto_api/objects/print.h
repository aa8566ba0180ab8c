/* SPDX-License-Identifier: Apache-2.0
 * Security objects as the Crypto API prints them (schema Sobject), and the words that it has for
 * them. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_PRINT_H
#define HF_SERVER_CRYPTO_API_OBJECTS_PRINT_H

#include "json/write.h"
#include "server/core/objects/object.h"
#include "server/store/history_rows.h"

/* What an answer has besides. */
struct sobject_more {
	const char *key;              /* its name in the document; NULL: an element, or the whole */
	struct hf_span value;         /* exported; empty: left out */
	struct hf_span transient_key; /* as it is carried; empty: left out */
	const char (*copied_to)[HF_UUID_MAX];
	size_t n_copied_to;
	const struct history_row *history;
	size_t n_history;
	bool without_pub_key, without_kcv;
	int64_t now_ms; /* its state is that of this time; 0: of now */
};

/* `more` may be NULL. */
void sobject_print(struct json_writer *w, const struct object *o);
void sobject_print_more(struct json_writer *w, const struct object_row *o,
                        const struct sobject_more *more);

/* The identity or organisation as a UUID; left out when it is none. */
void print_uuid(struct json_writer *w, const char *key, const char *id);
/* {"app": …}, {"user": …}; "system" for "", as of a key that a scan has found. */
void print_principal(struct json_writer *w, const char *key, const char *identity_id);

/* A transient key has none. */
void print_kid(struct json_writer *w, const struct object_row *o);

#endif
