/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/output.h"

#include "base/clock.h"
#include "os/fd.h"

#include <pthread.h>

#define LONGEST (WIRE_CRYPTO_ANSWER_MAX + WIRE_HEADER)
#define OUTPUT_CAP ((size_t)LONGEST + 65536)

_Static_assert(WIRE_CRYPTO_ANSWER_MAX >= WIRE_REPORT_MAX, "the longest frame that goes out");

static struct {
	int fd;
	pthread_mutex_t lock;
	struct hf_buf buf;
	int64_t oldest_us; /* when the buffer was empty last */
} out = { .lock = PTHREAD_MUTEX_INITIALIZER };

void output_open(int fd)
{
	out.fd = fd;
	out.buf = HF_BUF_SECRET(OUTPUT_CAP);
}

static void flush_locked(void)
{
	if (!hf_ok(hf_buf_status(&out.buf)) || !hf_ok(os_write_all(out.fd, hf_buf_span(&out.buf))))
		_exit(1);
	hf_buf_clear(&out.buf);
}

/* Every frame fits into the room that is left after this. */
static void begin(void)
{
	pthread_mutex_lock(&out.lock);
	if (out.buf.len > OUTPUT_CAP - LONGEST)
		flush_locked();
	if (out.buf.len == 0)
		out.oldest_us = hf_mono_us();
}

static void end(void)
{
	pthread_mutex_unlock(&out.lock);
}

void output_answer(uint64_t tag, const struct wire_answer *answer)
{
	begin();
	wire_put_answer(&out.buf, tag, answer);
	end();
}

void output_crypto_answer(uint64_t tag, const struct crypto_result *result, int64_t hsm_us)
{
	begin();
	wire_put_crypto_answer(&out.buf, tag, result, hsm_us);
	end();
}

void output_ready(const struct wire_ready *ready)
{
	begin();
	wire_put_ready(&out.buf, ready);
	flush_locked();
	end();
}

void output_failed(enum hf_code code, const char *text)
{
	begin();
	wire_put_failed(&out.buf, code, text);
	flush_locked();
	end();
}

void output_text(enum wire_type type, struct hf_span text)
{
	begin();
	wire_put_text(&out.buf, type, text);
	flush_locked();
	end();
}

void output_flush(void)
{
	pthread_mutex_lock(&out.lock);
	flush_locked();
	pthread_mutex_unlock(&out.lock);
}

void output_flush_if_due(int64_t op_us)
{
	pthread_mutex_lock(&out.lock);
	if (out.buf.len && hf_mono_us() - out.oldest_us + op_us > WIRE_GATHER_US)
		flush_locked();
	pthread_mutex_unlock(&out.lock);
}
