/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include "base/text.h"
#include "crypto/file_mark.h"
#include "http/client_transfer.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#define MAX_FDS 1024 /* the caller's: two for each of many child processes */

struct http_client {
	struct client_common common;
	CURLM *multi;
	long connections; /* at most */
	struct transfer_list active, idle;
	size_t pending;
	unsigned generation;
	struct file_mark marks[CLIENT_FILES]; /* of the files that were tried last */
	bool doubted;                         /* they were no good; to be tried once more */
};

static CURLcode curl_ready = CURLE_FAILED_INIT;

/* A write to a connection that has ended is to fail, not to end the program: OpenSSL writes without
 * MSG_NOSIGNAL. */
static void ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

static void set_up_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
	ignore_sigpipe();
}

HF_DEFINE_CLEANUP(curl_url_cleanup, CURLU *)
HF_DEFINE_CLEANUP(http_client_free, struct http_client *)

static void curl_text_free(char **text)
{
	curl_free(*text);
}

#define CURL_TEXT HF_CLEANUP(curl_text_free)

/* "https://host:port" into common->base_url, ->where and ->tls. */
static hf_status parse_base(const char *base, struct client_common *c, struct hf_err *err)
{
	HF_CLEANUP(curl_url_cleanup_at) CURLU *url = curl_url();
	CURL_TEXT char *scheme = NULL, *path = NULL, *query = NULL, *user = NULL;
	CURL_TEXT char *host = NULL, *port = NULL;
	HF_BUF_SCOPED struct hf_buf where = HF_BUF(512);

	HF_ENSURE(url, HF_NOMEM);
	if (curl_url_set(url, CURLUPART_URL, base, 0) ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(url, CURLUPART_PATH, &path, 0) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
	    strcmp(path, "/") != 0 ||
	    curl_url_get(url, CURLUPART_QUERY, &query, 0) != CURLUE_NO_QUERY ||
	    curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_NO_USER ||
	    (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		return hf_fail(err, HF_INVALID,
		               "%s is not a server's address: write https://host:port", base);
	c->tls = strcmp(scheme, "https") == 0;
	hf_buf_printf(&where, "%s:%s", host, port);
	hf_buf_u8(&where, 0);
	HF_TRY(hf_buf_status(&where));
	c->where = hf_strdup((char *)where.ptr);
	c->base_url = hf_strdup(base);
	HF_ENSURE(c->where && c->base_url, HF_NOMEM);
	c->base_url[strcspn(c->base_url + strlen("https://"), "/") + strlen("https://")] = '\0';
	return HF_SUCCESS;
}

static hf_status copy_text(const char *from, char **to)
{
	if (!from)
		return HF_SUCCESS;
	*to = hf_strdup(from);
	HF_ENSURE(*to, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status copy_config(const struct http_client_config *config, struct client_common *c,
                             struct hf_err *err)
{
	HF_TRY(parse_base(config->base_url, c, err));
	HF_TRY(copy_text(config->ca_file, &c->ca_file));
	HF_TRY(copy_text(config->cert_file, &c->cert_file));
	HF_TRY(copy_text(config->key_file, &c->key_file));
	HF_TRY(copy_text(config->chain_file, &c->chain_file));
	c->in_memory = config->material != NULL;
	c->pinned = config->material && config->material->authorities.len;
	c->any_host = config->any_host;
	c->no_link_local = config->no_link_local;
	c->connect_timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : 5000;
	c->max_reply = config->max_reply ? config->max_reply : 8u << 20;
	return HF_SUCCESS;
}

static struct http_client_config files_of(const struct http_client *c)
{
	return (struct http_client_config){
		.ca_file = c->common.ca_file,
		.cert_file = c->common.cert_file,
		.key_file = c->common.key_file,
		.chain_file = c->common.chain_file,
	};
}

static void take_marks(const struct http_client *c, struct file_mark to[CLIENT_FILES])
{
	const struct http_client_config config = files_of(c);
	const char *paths[CLIENT_FILES];

	client_files_paths(&config, paths);
	file_marks(paths, CLIENT_FILES, to);
}

static hf_status read_files(struct http_client *c, struct client_files **ret, struct hf_err *err)
{
	const struct http_client_config config = files_of(c);

	return client_files_read(&config, c->generation, ret, err);
}

static hf_status read_first(struct http_client *c, const struct http_client_config *config,
                            struct hf_err *err)
{
	if (!c->common.tls)
		return HF_SUCCESS;
	if (config->material)
		return client_files_take(config->material, &c->common.files, err);
	take_marks(c, c->marks);
	return read_files(c, &c->common.files, err);
}

static hf_status make_multi(long connections, CURLM **ret)
{
	CURLM *multi = curl_multi_init();
	bool ok = true;

	HF_ENSURE(multi, HF_NOMEM);
	ok &= curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK;
	ok &= curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK;
	ok &= curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) == CURLM_OK;
	if (!ok) {
		curl_multi_cleanup(multi);
		return HF_FAILURE(HF_INTERNAL);
	}
	*ret = multi;
	return HF_SUCCESS;
}

hf_status http_client_new(const struct http_client_config *config, struct http_client **ret,
                          struct hf_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	HF_CLEANUP(http_client_free_at) struct http_client *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	TAILQ_INIT(&c->active);
	TAILQ_INIT(&c->idle);
	pthread_once(&once, set_up_curl);
	if (curl_ready != CURLE_OK)
		return hf_fail(err, HF_INTERNAL, "libcurl cannot start: %s",
		               curl_easy_strerror(curl_ready));
	HF_TRY(copy_config(config, &c->common, err));
	HF_TRY(read_first(c, config, err));
	c->connections = config->max_connections ? (long)config->max_connections : 8;
	HF_TRY(make_multi(c->connections, &c->multi));
	*ret = hf_take(c);
	return HF_SUCCESS;
}

static void free_list(struct http_client *c, struct transfer_list *list)
{
	struct transfer *t;

	while ((t = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, t, entry);
		if (list == &c->active)
			curl_multi_remove_handle(c->multi, t->easy);
		transfer_free(t);
	}
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	free_list(c, &c->active);
	free_list(c, &c->idle);
	if (c->multi)
		curl_multi_cleanup(c->multi);
	client_files_free(c->common.files);
	free(c->common.base_url);
	free(c->common.where);
	free(c->common.ca_file);
	free(c->common.cert_file);
	free(c->common.key_file);
	free(c->common.chain_file);
	free(c);
}

static hf_status get_idle(struct http_client *c, struct transfer **ret)
{
	struct transfer *t = TAILQ_FIRST(&c->idle);

	if (!t)
		return transfer_new(&c->common, ret);
	TAILQ_REMOVE(&c->idle, t, entry);
	*ret = t;
	return HF_SUCCESS;
}

hf_status http_client_send(struct http_client *c, const struct http_client_request *request)
{
	struct transfer *t;
	hf_status s;

	HF_TRY(get_idle(c, &t));
	s = transfer_prepare(t, request);
	if (hf_ok(s) && curl_multi_add_handle(c->multi, t->easy) != CURLM_OK)
		s = HF_FAILURE(HF_NOMEM);
	if (!hf_ok(s)) {
		transfer_free(t);
		return s;
	}
	TAILQ_INSERT_TAIL(&c->active, t, entry);
	c->pending++;
	return HF_SUCCESS;
}

/* Calls done() for what has ended; true: something had. */
static bool finish_all(struct http_client *c)
{
	CURLMsg *message;
	bool any = false;
	int left;

	while ((message = curl_multi_info_read(c->multi, &left))) {
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t) != CURLE_OK || !t)
			continue;
		curl_multi_remove_handle(c->multi, easy);
		TAILQ_REMOVE(&c->active, t, entry);
		c->pending--;
		transfer_finish(t, result);
		TAILQ_INSERT_HEAD(&c->idle, t, entry);
		any = true;
	}
	return any;
}

static bool perform(struct http_client *c)
{
	int running;

	if (curl_multi_perform(c->multi, &running) != CURLM_OK)
		return false;
	return finish_all(c);
}

static hf_status wait_for(struct http_client *c, const struct pollfd *fds, unsigned n_fds,
                          int timeout_ms)
{
	struct curl_waitfd extra[MAX_FDS];

	for (unsigned i = 0; i < n_fds; i++) {
		extra[i] = (struct curl_waitfd){ .fd = fds[i].fd };
		if (fds[i].events & POLLIN)
			extra[i].events |= CURL_WAIT_POLLIN;
		if (fds[i].events & POLLOUT)
			extra[i].events |= CURL_WAIT_POLLOUT;
	}
	HF_ENSURE(curl_multi_poll(c->multi, extra, n_fds, timeout_ms, NULL) == CURLM_OK, HF_IO);
	return HF_SUCCESS;
}

hf_status http_client_step(struct http_client *c, struct pollfd *fds, unsigned n_fds,
                           int timeout_ms)
{
	HF_ENSURE(n_fds <= MAX_FDS, HF_TOOBIG);
	/* What is new is started first; who has an answer already is not made to wait. */
	if (!perform(c) && timeout_ms != 0) {
		HF_TRY(wait_for(c, fds, n_fds, timeout_ms));
		perform(c);
	}
	/* Asked again, since libcurl hands back neither POLLHUP nor POLLERR. */
	for (unsigned i = 0; i < n_fds; i++)
		fds[i].revents = 0;
	if (n_fds)
		poll(fds, n_fds, 0);
	return HF_SUCCESS;
}

hf_status http_client_move(struct http_client *c, const char *base_url, struct hf_err *err)
{
	struct client_common to = { 0 };
	CURLM *multi = NULL;
	hf_status s = parse_base(base_url, &to, err);

	if (hf_ok(s) && to.tls != c->common.tls)
		s = hf_fail(err, HF_INVALID, "%s is of another scheme", base_url);
	if (hf_ok(s))
		s = make_multi(c->connections, &multi);
	if (!hf_ok(s)) {
		free(to.base_url);
		free(to.where);
		return s;
	}
	free_list(c, &c->active);
	free_list(c, &c->idle);
	c->pending = 0;
	curl_multi_cleanup(c->multi); /* and with it the connections */
	c->multi = multi;
	free(c->common.base_url);
	free(c->common.where);
	c->common.base_url = to.base_url;
	c->common.where = to.where;
	return HF_SUCCESS;
}

size_t http_client_pending(const struct http_client *c)
{
	return c->pending;
}

static hf_status read_anew(struct http_client *c, struct hf_err *err)
{
	struct client_files *files = NULL;

	c->generation++;
	HF_TRY(read_files(c, &files, err));
	client_files_free(c->common.files);
	c->common.files = files;
	return HF_SUCCESS;
}

hf_status http_client_refresh(struct http_client *c, bool anew, bool *ret, struct hf_err *err)
{
	struct file_mark marks[CLIENT_FILES];
	bool same;
	hf_status s;

	*ret = false;
	if (!c->common.tls || c->common.in_memory)
		return HF_SUCCESS;
	take_marks(c, marks);
	same = file_marks_same(marks, c->marks, CLIENT_FILES);
	if (same && !c->doubted && !anew)
		return HF_SUCCESS;
	memcpy(c->marks, marks, sizeof(marks));
	s = read_anew(c, err);
	if (hf_ok(s)) {
		c->doubted = false;
		*ret = true;
		return s;
	}
	if (!anew && !(same && c->doubted)) {
		c->doubted = true; /* perhaps being written just now */
		return HF_SUCCESS;
	}
	c->doubted = false;
	return s;
}

size_t http_client_dates(const struct http_client *c, struct tls_date *to)
{
	return c->common.files ? client_files_dates(c->common.files, to) : 0;
}
