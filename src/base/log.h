/* SPDX-License-Identifier: Apache-2.0
 * Structured logs on standard error: text on a terminal, one JSON object a line otherwise.
 *
 *   HF_INFO("driver connected", HF_KS("subject", cn), HF_KI("waiting", n));
 *
 * Values are copied while the call runs. A secret has no field type, so none can be logged.
 * Any thread may log; a line is written by one write(). Libraries log at debug level only. */
#ifndef HF_BASE_LOG_H
#define HF_BASE_LOG_H

#include "base/buf.h"

enum hf_log_level { HF_LOG_DEBUG, HF_LOG_INFO, HF_LOG_WARN, HF_LOG_ERROR };
enum hf_log_format { HF_LOG_AUTO, HF_LOG_TEXT, HF_LOG_JSON };

struct hf_kv {
	const char *key;  /* NULL: left out */
	const char *text; /* or NULL: then number */
	int64_t number;
};

static inline struct hf_kv hf_kv_text(const char *key, const char *text)
{
	return (struct hf_kv){ .key = key, .text = text ? text : "" };
}

#define HF_KS(k, s) hf_kv_text(k, s)
#define HF_KI(k, n) ((struct hf_kv){ .key = (k), .number = (int64_t)(n) })

/* Call once, before other threads. `role` ("server", "driver", "signer") stands in every line. */
void hf_log_setup(const char *role, enum hf_log_level least, enum hf_log_format format);
/* Takes "debug", "info", "warn", "error". HF_INVALID. */
HF_MUST hf_status hf_log_parse_level(const char *text, enum hf_log_level *ret);
bool hf_log_wants(enum hf_log_level level);

void hf_log(enum hf_log_level level, const char *message, const struct hf_kv *kv, size_t n);

#define HF_LOG(level, message, ...)                                                                \
	do {                                                                                       \
		if (hf_log_wants(level)) {                                                         \
			const struct hf_kv kv_[] = { { 0 }, ##__VA_ARGS__ };                       \
			hf_log(level, message, kv_, sizeof(kv_) / sizeof(kv_[0]));                 \
		}                                                                                  \
	} while (0)
#define HF_DEBUG(message, ...) HF_LOG(HF_LOG_DEBUG, message, ##__VA_ARGS__)
#define HF_INFO(message, ...) HF_LOG(HF_LOG_INFO, message, ##__VA_ARGS__)
#define HF_WARN(message, ...) HF_LOG(HF_LOG_WARN, message, ##__VA_ARGS__)
#define HF_ERROR(message, ...) HF_LOG(HF_LOG_ERROR, message, ##__VA_ARGS__)

/* Appends a JSON string literal with its quotes; invalid UTF-8 becomes U+FFFD. Shared with json/.
 */
void hf_buf_json_string(struct hf_buf *b, struct hf_span text);

#endif
