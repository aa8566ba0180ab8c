/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls_stream.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

struct tls_stream {
	CURL *easy;
	int timeout_ms;
	char said[CURL_ERROR_SIZE];
};

static CURLcode set_up(struct tls_stream *s, const struct tls_stream_config *c)
{
	char url[512];
	bool ok = snprintf(url, sizeof(url), "https://%s", c->host_port) < (int)sizeof(url);

	ok = ok && curl_easy_setopt(s->easy, CURLOPT_URL, url) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->said) == CURLE_OK;
	ok = ok &&
	     curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->timeout_ms) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
	                   CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	if (c->ca_file) {
		ok = ok && curl_easy_setopt(s->easy, CURLOPT_CAINFO, c->ca_file) == CURLE_OK;
		ok = ok && curl_easy_setopt(s->easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	}
	if (c->cert_file) {
		ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSLCERT, c->cert_file) == CURLE_OK;
		ok = ok && curl_easy_setopt(s->easy, CURLOPT_SSLKEY, c->key_file) == CURLE_OK;
	}
	return ok ? CURLE_OK : CURLE_FAILED_INIT;
}

hf_status tls_stream_open(const struct tls_stream_config *config, struct tls_stream **ret,
                          struct hf_err *err)
{
	struct tls_stream *s = calloc(1, sizeof(*s));
	CURLcode code = CURLE_OUT_OF_MEMORY;

	HF_ENSURE(s, HF_NOMEM);
	s->timeout_ms = config->timeout_ms;
	s->easy = curl_easy_init();
	if (s->easy)
		code = set_up(s, config);
	if (code == CURLE_OK)
		code = curl_easy_perform(s->easy);
	if (code == CURLE_OK) {
		*ret = s;
		return HF_SUCCESS;
	}
	(void)hf_fail(err, HF_IO, "%s: %s", config->host_port,
	              s->said[0] ? s->said : curl_easy_strerror(code))
	        .code;
	tls_stream_close(s);
	return HF_FAILURE(HF_IO);
}

void tls_stream_close(struct tls_stream *s)
{
	if (!s)
		return;
	if (s->easy)
		curl_easy_cleanup(s->easy);
	free(s);
}

static int socket_of(struct tls_stream *s)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	return curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK ? (int)fd : -1;
}

hf_status tls_stream_send(struct tls_stream *s, struct hf_span bytes)
{
	const int64_t until = hf_mono_ms() + s->timeout_ms;
	size_t at = 0;

	while (at < bytes.len) {
		struct pollfd wait = { .fd = socket_of(s), .events = POLLOUT };
		size_t n = 0;
		CURLcode code = curl_easy_send(s->easy, bytes.ptr + at, bytes.len - at, &n);

		at += code == CURLE_OK ? n : 0;
		if (code == CURLE_OK)
			continue;
		HF_ENSURE(code == CURLE_AGAIN && wait.fd >= 0, HF_CLOSED);
		HF_ENSURE(hf_mono_ms() < until, HF_TIMEOUT);
		HF_ENSURE(poll(&wait, 1, 100) >= 0, HF_IO);
	}
	return HF_SUCCESS;
}

enum tls_stream_state tls_stream_state(struct tls_stream *s)
{
	char told[512]; /* collectors say nothing, but TLS 1.3 hands out tickets this way */
	int fd = socket_of(s), left = 0;
	CURLcode code;
	size_t n;

	do {
		n = 0;
		code = curl_easy_recv(s->easy, told, sizeof(told), &n);
	} while (code == CURLE_OK && n);
	if (code != CURLE_AGAIN || fd < 0 || ioctl(fd, SIOCOUTQ, &left) != 0)
		return TLS_STREAM_GONE;
	return left ? TLS_STREAM_SENDING : TLS_STREAM_SETTLED;
}
