/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/passwords.h"

#include "base/text.h"
#include "base/thread.h"

#include <string.h>

struct passwords {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t wake;
	struct password_job *first, **end;
	size_t n;
	bool stop;
};

static hf_status do_job(struct password_job *job)
{
	if (job->make)
		return password_hash(job->password, job->made);
	return password_verify(job->password, job->hash);
}

/* NULL: it is over. */
static struct password_job *next_job(struct passwords *p, bool *ret_stop)
{
	struct password_job *job;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->stop)
		pthread_cond_wait(&p->wake, &p->lock);
	job = p->first;
	if (job) {
		p->first = job->next;
		p->n--;
	}
	if (!p->first)
		p->end = &p->first;
	*ret_stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return job;
}

static void *work(void *arg)
{
	struct passwords *p = arg;
	struct password_job *job;
	bool stop;

	while ((job = next_job(p, &stop)))
		job->done(job, stop ? HF_FAILURE(HF_CLOSED) : do_job(job));
	return NULL;
}

hf_status passwords_new(struct passwords **ret, struct hf_err *err)
{
	struct passwords *p = calloc(1, sizeof(*p));
	hf_status s;

	HF_ENSURE(p, HF_NOMEM);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->end = &p->first;
	s = hf_thread_start("passwords", work, p, &p->thread, err);
	p->running = hf_ok(s);
	if (!hf_ok(s)) {
		passwords_free(p);
		return s;
	}
	*ret = p;
	return HF_SUCCESS;
}

void passwords_stop(struct passwords *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	if (p->running)
		pthread_join(p->thread, NULL);
	p->running = false;
}

void passwords_free(struct passwords *p)
{
	if (!p)
		return;
	passwords_stop(p);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

hf_status passwords_submit(struct passwords *p, struct password_job *job)
{
	hf_status s = HF_SUCCESS;

	pthread_mutex_lock(&p->lock);
	if (p->stop) {
		s = HF_FAILURE(HF_CLOSED);
	} else if (p->n == PASSWORDS_WAITING_MAX) {
		s = HF_FAILURE(HF_BUSY);
	} else {
		job->next = NULL;
		*p->end = job;
		p->end = &job->next;
		p->n++;
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&p->lock);
	return s;
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

hf_status password_check_new(const char *password, const char *email, struct hf_err *err)
{
	if (characters(password) < PASSWORD_MIN || strlen(password) > PASSWORD_MAX)
		return hf_fail(err, HF_INVALID,
		               "a password has at least %d characters, and at most %d bytes",
		               PASSWORD_MIN, PASSWORD_MAX);
	if (strcasecmp(password, email) == 0)
		return hf_fail(err, HF_INVALID, "the e-mail address cannot be the password");
	if (strspn(password, (char[]){ password[0], 0 }) == strlen(password))
		return hf_fail(err, HF_INVALID, "a password of one character over and over");
	return HF_SUCCESS;
}
