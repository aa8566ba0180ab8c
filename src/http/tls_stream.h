/* SPDX-License-Identifier: Apache-2.0
 * Bytes to somebody over TLS, one way, without HTTP: what a collector of logs listens to (RFC
 * 5425). TLS 1.2 or 1.3, since collectors are other people's; the peer's certificate has to be
 * valid and to have the name that was asked for. Over libcurl. One thread at a time. */
#ifndef HF_HTTP_TLS_STREAM_H
#define HF_HTTP_TLS_STREAM_H

#include "base/buf.h"

struct tls_stream;

struct tls_stream_config {
	const char *host_port;            /* "log.example:6514" */
	const char *ca_file;              /* PEM; NULL: the system's */
	const char *cert_file, *key_file; /* PEM; NULL: none is shown */
	int timeout_ms;                   /* of the connection, and of a whole tls_stream_send() */
};

/* HF_IO with words. The caller owns *ret. */
HF_MUST hf_status tls_stream_open(const struct tls_stream_config *config, struct tls_stream **ret,
                                  struct hf_err *err);
void tls_stream_close(struct tls_stream *s);

/* All of it, into our side's buffers. HF_CLOSED, HF_TIMEOUT, HF_IO: the stream is of no use any
 * more, and nobody can tell how much arrived. */
HF_MUST hf_status tls_stream_send(struct tls_stream *s, struct hf_span bytes);

enum tls_stream_state {
	TLS_STREAM_SENDING, /* some bytes have not been acknowledged by the peer's machine */
	TLS_STREAM_SETTLED, /* all have */
	TLS_STREAM_GONE,    /* the peer has closed, or the connection is broken */
};
enum tls_stream_state tls_stream_state(struct tls_stream *s);

#endif
