/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_transfer.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

static long info(struct transfer *t, CURLINFO what)
{
	long value = 0;

	return curl_easy_getinfo(t->easy, what, &value) == CURLE_OK ? value : 0;
}

static const char *trusted(const struct client_common *c)
{
	if (c->pinned)
		return "what was given as its authority";
	return c->ca_file ? c->ca_file : "the system's authorities";
}

/* Our own certificate, as its owner knows it. */
static const char *shown(const struct client_common *c)
{
	struct tls_date dates[TLS_DATES_MAX];

	if (c->cert_file)
		return c->cert_file;
	return c->in_memory && client_files_dates(c->files, dates) ? "the one that was given"
	                                                           : "none is configured";
}

/* The server's certificate does not satisfy us. */
static void explain_server(struct transfer *t, char *to, size_t cap)
{
	const struct client_common *c = t->common;
	long verdict = info(t, CURLINFO_SSL_VERIFYRESULT);

	/* libcurl looks at the name first, and then has no verdict on the chain. */
	if (strstr(t->said, "subject name"))
		snprintf(to, cap,
		         "the certificate of %s is for another host: %s; check the address, or "
		         "have the "
		         "server's certificate issued for it",
		         c->where, t->said);
	else if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
		snprintf(
		        to, cap,
		        "the certificate of %s is not valid now: %s; check the clocks, or renew it",
		        c->where, X509_verify_cert_error_string(verdict));
	else
		snprintf(to, cap, "the certificate of %s is not signed by an authority in %s: %s",
		         c->where, trusted(c), X509_verify_cert_error_string(verdict));
}

/* An alert tells what the server thinks of us; in TLS 1.3 it may come with the first answer only.
 */
static bool explain_alert(struct transfer *t, char *to, size_t cap)
{
	const struct client_common *c = t->common;
	const char *alert = strstr(t->said, "alert ");

	if (!alert)
		return false;
	if (strstr(alert, "certificate revoked"))
		snprintf(to, cap,
		         "%s refuses our certificate (%s): it has been revoked. If this driver is "
		         "to "
		         "go on, make it a new one with a fresh key: holdfast pki leaf",
		         c->where, shown(c));
	else if (strstr(alert, "certificate expired"))
		snprintf(to, cap,
		         "%s refuses our certificate (%s): it, or the intermediate above it, has "
		         "expired. Renew it: holdfast pki renew; it is taken up without a restart",
		         c->where, shown(c));
	else if (strstr(alert, "certificate") || strstr(alert, "unknown ca"))
		snprintf(to, cap,
		         "%s refuses our certificate (%s): \"%s\"; it must be signed by an "
		         "authority that the "
		         "server trusts, and its chain be sent with it",
		         c->where, shown(c), alert);
	else
		snprintf(to, cap, "%s refuses the TLS handshake: \"%s\"", c->where, alert);
	return true;
}

static void explain_connect(struct transfer *t, char *to, size_t cap)
{
	long number = info(t, CURLINFO_OS_ERRNO);

	if (t->refused) {
		snprintf(to, cap,
		         "%s is a link-local address, or one of a cloud's metadata: no connection "
		         "is made to it",
		         t->common->where);
		return;
	}
	snprintf(to, cap, "cannot connect to %s: %s", t->common->where,
	         number ? strerrordesc_np((int)number) : t->said);
}

static void explain_timeout(struct transfer *t, char *to, size_t cap)
{
	curl_off_t connected = 0;

	if (curl_easy_getinfo(t->easy,
	                      t->common->tls ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T,
	                      &connected) == CURLE_OK &&
	    connected > 0)
		snprintf(to, cap, "no answer from %s within %d ms", t->common->where,
		         t->timeout_ms);
	else
		snprintf(to, cap, "no connection to %s in time", t->common->where);
}

static const char *said(const struct transfer *t, CURLcode result)
{
	return t->said[0] ? t->said : curl_easy_strerror(result);
}

void transfer_explain(struct transfer *t, CURLcode result, char *to, size_t cap)
{
	const struct client_common *c = t->common;

	if (result == CURLE_PEER_FAILED_VERIFICATION)
		explain_server(t, to, cap);
	else if (explain_alert(t, to, cap))
		return;
	else if (result == CURLE_COULDNT_RESOLVE_HOST)
		snprintf(to, cap, "cannot find the address of %s: check the name and the resolver",
		         c->where);
	else if (result == CURLE_COULDNT_CONNECT)
		explain_connect(t, to, cap);
	else if (result == CURLE_OPERATION_TIMEDOUT)
		explain_timeout(t, to, cap);
	else if (result == CURLE_SSL_CERTPROBLEM)
		snprintf(to, cap, "cannot use the client certificate %s: %s",
		         c->cert_file ? c->cert_file : "", said(t, result));
	else if (result == CURLE_SSL_CONNECT_ERROR)
		snprintf(to, cap, "cannot make a TLS 1.3 connection to %s: %s", c->where,
		         said(t, result));
	else if (result == CURLE_WRITE_ERROR)
		snprintf(to, cap, "the answer of %s is longer than %zu bytes", c->where,
		         c->max_reply);
	else if (result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR ||
	         result == CURLE_SEND_ERROR || result == CURLE_PARTIAL_FILE)
		snprintf(to, cap, "%s closed the connection before it answered: %s", c->where,
		         said(t, result));
	else
		snprintf(to, cap, "the request to %s failed: %s", c->where, said(t, result));
}
