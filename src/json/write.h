/* SPDX-License-Identifier: Apache-2.0
 * Writing JSON straight into a buffer: no tree, commas by themselves, text made valid. The caller
 * opens and closes in pairs; hf_buf_status() of the buffer tells whether all fitted. */
#ifndef HF_JSON_WRITE_H
#define HF_JSON_WRITE_H

#include "base/buf.h"

struct json_writer {
	struct hf_buf *to;
	bool comma; /* something stands before */
};

#define JSON_WRITER(buf) ((struct json_writer){ .to = (buf) })

/* `key` is NULL inside an array and at the root. */
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
void json_text(struct json_writer *w, const char *key, const char *text);
void json_text_if(struct json_writer *w, const char *key,
                  const char *text); /* left out when NULL or empty */
void json_span(struct json_writer *w, const char *key, struct hf_span text);
void json_hex(struct json_writer *w, const char *key, const char *prefix, struct hf_span bytes);
/* Text: base64 with padding, straight into the buffer. */
void json_base64(struct json_writer *w, const char *key, struct hf_span bytes);
void json_int(struct json_writer *w, const char *key, int64_t v);
/* Milliseconds since 1970 as ISO 8601 text, in UTC; left out when 0. */
void json_date(struct json_writer *w, const char *key, int64_t ms);
/* The same in the basic format, "20261120T232804Z". */
void json_basic_date(struct json_writer *w, const char *key, int64_t ms);
void json_bool(struct json_writer *w, const char *key, bool v);
/* Text that is JSON already. */
void json_raw(struct json_writer *w, const char *key, struct hf_span json);

#endif
