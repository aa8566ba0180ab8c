/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/token.h"

#include "os/lockfile.h"
#include "os/process.h"
#include "json/write.h"
#include "p11/preflight.h"
#include "p11/rv.h"

#include <stdio.h>

enum {
	LOCK_WAIT_MS = 110 * 1000, /* below the host's patience with a start, so that we tell why */
	TOKENS_MAX = 256,
	LOGIN_MAX_S = 300, /* for a login that hangs when no host is left to end it */
};

/* FNV-1a; a collision makes two modules wait for each other, no more. */
static void lock_name(const char *module, char *to, size_t cap)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *p = module; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	snprintf(to, cap, "signer-%016llx", (unsigned long long)h);
}

typedef hf_status (*step)(struct token *t, void *ret, struct hf_err *err);

static hf_status log_in(struct token *t, void *ret_session, struct hf_err *err)
{
	struct p11_session *ret = ret_session;
	hf_status s;

	HF_TRY(p11_module_open(t->setup.module, t->setup.module_args, &t->module, err));
	HF_TRY(p11_slot_find(&t->module, t->setup.slot, &t->id, err));
	HF_TRY(p11_session_open(&t->module, &t->id, t->setup.allow_resident, ret, err));
	s = p11_session_login(ret, &t->setup.pin, err);
	hf_secret_done(&t->setup.pin);
	if (hf_ok(s))
		return s;
	p11_session_close(ret);
	if (p11_pin_is_wrong(ret->rv)) /* which the host tells from one that may be right */
		s.code = err->code = HF_UNAUTHENTIC;
	return s;
}

static void put_token(struct json_writer *w, const struct p11_token *token)
{
	char slot[24];

	snprintf(slot, sizeof(slot), "%lu", token->slot);
	json_open_object(w, NULL);
	json_text(w, "slot", slot);
	json_text(w, "label", token->label);
	json_text(w, "manufacturer", token->manufacturer);
	json_text(w, "model", token->model);
	json_text(w, "serial", token->serial);
	json_close_object(w);
}

static hf_status list_tokens(struct token *t, void *ret_report, struct hf_err *err)
{
	HF_FREE struct p11_token *tokens = calloc(TOKENS_MAX, sizeof(*tokens));
	struct json_writer w = JSON_WRITER((struct hf_buf *)ret_report);
	size_t n;

	HF_ENSURE(tokens, HF_NOMEM);
	HF_TRY(p11_module_open(t->setup.module, t->setup.module_args, &t->module, err));
	HF_TRY(p11_slot_list(&t->module, tokens, TOKENS_MAX, &n, err));
	json_open_object(&w, NULL);
	json_text(&w, "library", t->module.description);
	json_open_array(&w, "tokens");
	for (size_t i = 0; i < n; i++)
		put_token(&w, &tokens[i]);
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status do_alone(struct token *t, pid_t parent, step what, void *ret, struct hf_err *err)
{
	char name[64];
	HF_FD int lock = -1;
	hf_status s;

	lock_name(t->setup.module, name, sizeof(name));
	HF_TRY(os_lock_take(name, LOCK_WAIT_MS, &lock, err));
	os_outlive_parent();
	alarm(LOGIN_MAX_S);
	s = what(t, ret, err);
	alarm(0);
	os_die_with(parent);
	return s;
}

/* One master key of no key, with the id "", as the records of resident keys have it. */
static const struct masters no_master = { .n = 1 };

/* Without a master key there is nothing to wrap with and nothing to seal records with. That is
 * accepted only where the token cannot have one, so that taking the master key away from a token
 * never opens a way around it; and only where the operator has allowed resident keys. */
static hf_status accept_resident_only(struct token *t, struct p11_session *session, hf_status s,
                                      struct masters *ret, struct hf_err *err)
{
	if (s.code != HF_NOTFOUND || p11_master_possible(session))
		return s;
	if (!t->setup.allow_resident)
		return hf_fail(err, HF_STOP,
		               "token %s makes no AES keys, so it can have no master key: its keys "
		               "can only live inside it, with no copy anywhere; if that is what "
		               "you want, start with --allow-resident",
		               t->id.label);
	t->resident_only = true;
	*ret = no_master;
	return HF_SUCCESS;
}

static hf_status find_masters(struct token *t, struct p11_session *session, struct masters *ret,
                              struct hf_err *err)
{
	hf_status s = masters_find(session, t->setup.master_label, ret, err);

	if (!hf_ok(s))
		s = accept_resident_only(t, session, s, ret, err);
	if (t->resident_only)
		return s;
	if (!t->setup.needs_master && !hf_ok(s)) {
		*ret = (struct masters){ 0 };
		return HF_SUCCESS;
	}
	HF_TRY(s);
	t->have_master = true;
	snprintf(t->master_id, sizeof(t->master_id), "%s", masters_first(ret)->id);
	return HF_SUCCESS;
}

hf_status token_open(struct token *t, struct signer_setup *setup, pid_t parent,
                     struct p11_session *ret_session, struct masters *ret_masters,
                     struct hf_err *err)
{
	hf_status s;

	*t = (struct token){ .setup = *setup };
	setup->pin = (struct hf_secret){ 0 };
	t->have_profile = t->setup.have_profile;
	t->profile = t->setup.profile;
	s = do_alone(t, parent, log_in, ret_session, err);
	hf_secret_done(&t->setup.pin);
	HF_TRY(s);
	HF_TRY(find_masters(t, ret_session, ret_masters, err));
	if (t->setup.needs_master)
		HF_TRY(token_profile(t, ret_session, masters_first(ret_masters), 0, err));
	return HF_SUCCESS;
}

hf_status token_list(struct token *t, struct signer_setup *setup, pid_t parent,
                     struct hf_buf *report, struct hf_err *err)
{
	*t = (struct token){ .setup = *setup };
	hf_secret_done(&setup->pin); /* not wanted */
	t->setup.pin = (struct hf_secret){ 0 };
	return do_alone(t, parent, list_tokens, report, err);
}

hf_status token_profile(struct token *t, struct p11_session *session,
                        const struct p11_master *master, uint32_t types, struct hf_err *err)
{
	struct preflight_config config = {
		.types = types,
		.quick = true,
		.allow_resident = t->setup.allow_resident,
		.master = t->resident_only ? NULL : master,
	};
	HF_FREE struct preflight_report *report = NULL;

	if (t->have_profile)
		return HF_SUCCESS;
	report = calloc(1, sizeof(*report));
	HF_ENSURE(report, HF_NOMEM);
	HF_TRY(p11_preflight(session, &config, report, err));
	t->profile = report->profile;
	t->have_profile = true;
	return HF_SUCCESS;
}

hf_status token_masters(const struct token *t, struct p11_session *session, struct masters *ret,
                        struct hf_err *err)
{
	if (t->have_master)
		return masters_find(session, t->setup.master_label, ret, err);
	*ret = t->resident_only ? no_master : (struct masters){ 0 };
	return HF_SUCCESS;
}

bool token_is_ready(const struct token *t)
{
	return t->have_profile && (t->have_master || t->resident_only);
}

void token_close(struct token *t)
{
	walks_free(t->walks);
	object_readers_free(t->readers);
	p11_module_close(&t->module);
	authorizers_free(t->authorizers);
}
