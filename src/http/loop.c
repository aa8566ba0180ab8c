/* SPDX-License-Identifier: Apache-2.0 */
#include "http/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define LINGER_MS 1000
#define BACKLOG 1024
#define LOG_LINES_A_SECOND 10
#define RECHECK_US 20000

static _Thread_local const struct http_loop *this_loop;

bool http_loop_may_log(struct http_loop *loop)
{
	int64_t second = hf_mono_ms() / 1000;

	if (second != loop->log_second) {
		loop->log_second = second;
		loop->logged = 0;
	}
	return loop->logged++ < LOG_LINES_A_SECOND;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
	struct http_loop *loop = arg;

	if (atomic_load(&loop->shared->connections) < loop->shared->config.max_connections) {
		http_conn_accept(loop, fd, address);
		return;
	}
	evutil_closesocket(fd);
	if (http_loop_may_log(loop))
		HF_WARN("a connection was closed: there are too many",
		        HF_KI("limit", loop->shared->config.max_connections));
}

/* Out of descriptors, most likely. The listener would stay ready and spin: it rests until the next
 * tick. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct http_loop *loop = arg;
	const char *reason = strerrordesc_np(errno);

	evconnlistener_disable(listener);
	if (http_loop_may_log(loop))
		HF_WARN("connections cannot be accepted", HF_KS("reason", reason));
}

static void send_answer(struct http_loop *loop, struct http_request *req)
{
	TAILQ_REMOVE(&loop->open, req, among_open);
	if (req->conn)
		http_conn_answer(req->conn, req);
	http_observe(&loop->shared->config, req, req->status);
	http_request_free(req);
	atomic_fetch_sub(&loop->shared->pending, 1);
}

static void send_answers(struct http_loop *loop)
{
	struct http_request *stack = atomic_exchange(&loop->answered, NULL);
	struct http_request *in_order = NULL;

	while (stack) {
		struct http_request *next = stack->next_answered;

		stack->next_answered = in_order;
		in_order = stack;
		stack = next;
	}
	while (in_order) {
		struct http_request *req = in_order;

		in_order = req->next_answered;
		send_answer(loop, req);
	}
}

static void stop_listening(struct http_loop *loop)
{
	if (loop->listener)
		evconnlistener_free(loop->listener);
	loop->listener = NULL;
}

static void wind_down(struct http_loop *loop)
{
	struct http_conn *c = TAILQ_FIRST(&loop->conns);

	stop_listening(loop);
	loop->winding_down = true;
	while (c) {
		struct http_conn *next = http_conn_next(c);

		http_conn_wind_down(c);
		c = next;
	}
}

static void leave_when_empty(struct http_loop *loop)
{
	if (loop->winding_down && TAILQ_EMPTY(&loop->conns))
		event_base_loopbreak(loop->base);
}

/* The clients' certificates, when the TLS files have changed and as time passes. After a change a
 * chain is verified for each connection, so that the others have their turn in between. */
static void recheck(struct http_loop *loop)
{
	struct tls_server *tls = loop->shared->config.tls;
	int64_t until_us = hf_mono_us() + RECHECK_US, now_s = hf_wall_ms() / 1000;
	struct http_conn *c = TAILQ_FIRST(&loop->conns), *next;
	unsigned generation;

	if (!tls)
		return;
	generation = tls_server_generation(tls);
	for (; c && hf_mono_us() < until_us; c = next) {
		next = http_conn_next(c);
		http_conn_recheck(c, generation, now_s);
	}
	if (c)
		http_loop_recheck(loop);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct http_loop *loop = arg;
	uint64_t count;

	/* Before the stack is taken: who pushes from now on finds it empty and wakes us again. */
	(void)!read(fd, &count, sizeof(count));
	send_answers(loop);
	if (atomic_exchange(&loop->recheck, false))
		recheck(loop);
	if (atomic_load(&loop->shared->quiesced))
		stop_listening(loop);
	if (atomic_load(&loop->shared->stopping) && !loop->winding_down)
		wind_down(loop);
	leave_when_empty(loop);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_loop *loop = arg;
	int64_t now = hf_mono_ms();
	struct http_deadline *d;

	while ((d = http_deadline_expired(&loop->deadlines, now)))
		http_conn_expire(d);
	recheck(loop);
	if (loop->listener)
		evconnlistener_enable(loop->listener);
	leave_when_empty(loop);
}

void http_loop_wake(struct http_loop *loop)
{
	uint64_t one = 1;

	/* Fails only when the counter is full: then the loop is being woken anyway. */
	(void)!write(loop->wake_fd, &one, sizeof(one));
}

void http_loop_recheck(struct http_loop *loop)
{
	atomic_store(&loop->recheck, true);
	http_loop_wake(loop);
}

void http_loop_answer(struct http_loop *loop, struct http_request *req)
{
	struct http_request *top;

	if (this_loop == loop) {
		send_answer(loop, req);
		return;
	}
	top = atomic_load(&loop->answered);
	do {
		req->next_answered = top;
	} while (!atomic_compare_exchange_weak(&loop->answered, &top, req));
	/* req may be gone by now. */
	if (!top)
		http_loop_wake(loop);
}

/* Deadlines are kept to a quarter of the shortest. */
static struct timeval tick_of(const struct http_server_config *config)
{
	int shortest = config->read_timeout_ms < config->idle_timeout_ms ? config->read_timeout_ms
	                                                                 : config->idle_timeout_ms;
	int ms = shortest / 4;

	ms = ms < 10 ? 10 : ms > 500 ? 500 : ms;
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* One thread's own, woken through its eventfd only: no locks. Changes of what a connection waits
 * for are gathered and told to the kernel once a turn. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static hf_status add_events(struct http_loop *loop)
{
	struct timeval tick = tick_of(&loop->shared->config);

	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	HF_ENSURE(loop->wake_fd >= 0, HF_IO);
	loop->base = new_base();
	HF_ENSURE(loop->base, HF_NOMEM);
	loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
	HF_ENSURE(loop->wake && loop->tick, HF_NOMEM);
	HF_ENSURE(event_add(loop->wake, NULL) == 0 && event_add(loop->tick, &tick) == 0, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status listen_on(struct http_loop *loop, const struct sockaddr *address, int len,
                           bool shared_port)
{
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	int one = 1;

	if (shared_port)
		flags |= LEV_OPT_REUSEABLE_PORT;
	loop->listener =
	        evconnlistener_new_bind(loop->base, on_accept, loop, flags, BACKLOG, address, len);
	HF_ENSURE(loop->listener, HF_IO);
	evconnlistener_set_error_cb(loop->listener, on_accept_error);
	/* Inherited by what is accepted: else small replies wait for the peer's delayed ACK. */
	HF_ENSURE(setsockopt(evconnlistener_get_fd(loop->listener), IPPROTO_TCP, TCP_NODELAY, &one,
	                     sizeof(one)) == 0,
	          HF_IO);
	return HF_SUCCESS;
}

hf_status http_loop_init(struct http_loop *loop, struct http_shared *shared,
                         const struct sockaddr *address, int address_len, bool shared_port,
                         struct hf_err *err)
{
	hf_status s;

	*loop = (struct http_loop){ .shared = shared, .wake_fd = -1 };
	TAILQ_INIT(&loop->conns);
	TAILQ_INIT(&loop->open);
	http_deadlines_init(&loop->deadlines, shared->config.read_timeout_ms,
	                    shared->config.idle_timeout_ms, LINGER_MS);
	s = add_events(loop);
	if (!hf_ok(s))
		s = hf_fail(err, s.code, "cannot set up an event loop: %s", strerrordesc_np(errno));
	else if (!hf_ok(s = listen_on(loop, address, address_len, shared_port)))
		s = hf_fail(err, s.code, "cannot listen on %s: %s", shared->config.listen,
		            strerrordesc_np(errno));
	if (!hf_ok(s))
		http_loop_free(loop);
	return s;
}

static void *run(void *arg)
{
	struct http_loop *loop = arg;

	this_loop = loop;
	event_base_dispatch(loop->base);
	this_loop = NULL;
	return NULL;
}

hf_status http_loop_run(struct http_loop *loop)
{
	HF_TRY(hf_thread_start("listener", run, loop, &loop->thread, NULL));
	loop->running = true;
	return HF_SUCCESS;
}

void http_loop_join(struct http_loop *loop)
{
	if (!loop->running)
		return;
	http_loop_wake(loop);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}

void http_loop_free(struct http_loop *loop)
{
	struct http_request *req;

	while ((req = TAILQ_FIRST(&loop->open))) {
		TAILQ_REMOVE(&loop->open, req, among_open);
		http_request_free(req);
	}
	stop_listening(loop);
	if (loop->wake)
		event_free(loop->wake);
	if (loop->tick)
		event_free(loop->tick);
	if (loop->base)
		event_base_free(loop->base);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	*loop = (struct http_loop){ .wake_fd = -1 };
}
