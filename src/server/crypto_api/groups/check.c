/* SPDX-License-Identifier: Apache-2.0
 * Tests of connections: before they are saved, and afterwards with what is stored. */
#include "base/text.h"
#include "server/crypto_api/groups/groups.h"
#include "server/crypto_api/handlers.h"
#include "server/errand.h"
#include "server/slot_links.h"

#include <stdio.h>
#include <string.h>

struct check_call {
	struct crypto_call call; /* first */
	struct link_config config;
	bool given;                /* a configuration */
	char link_id[HF_UUID_MAX]; /* "": none of the group's */
	char group_id[HF_UUID_MAX];
	struct link_check check;
	bool stored; /* what is tested is the connection as it is stored */
	int64_t updated_ms;
};

static struct check_call *of(struct crypto_call *c)
{
	return (struct check_call *)c;
}

static void release(struct crypto_call *c)
{
	link_config_done(&of(c)->config);
	link_check_done(&of(c)->check);
}

static hf_status use_config(struct check_call *k)
{
	struct link_check *to = &k->check;

	snprintf(to->url, sizeof(to->url), "%s", k->config.url);
	to->slot = k->config.slot;
	hf_buf_u8(&k->config.tls, 0);
	HF_TRY(hf_buf_status(&k->config.tls));
	to->tls = hf_strdup((const char *)k->config.tls.ptr);
	HF_ENSURE(to->tls, HF_NOMEM);
	to->pin = hf_secret_take(&k->config.pin);
	to->client_key = hf_secret_take(&k->config.client_key);
	return HF_SUCCESS;
}

/* What was found out with the stored PIN counts: a token that takes it is tried again, and one that
 * does not is left in peace. */
static hf_status write_down(void *ctx, struct db *db)
{
	const struct check_call *k = ctx;

	return link_row_refused(db, k->link_id, k->updated_ms,
	                        hf_ok(k->check.status) ? NULL : k->check.err.text);
}

static void note(struct check_call *k)
{
	struct link_check *check = &k->check;
	const struct core *core = k->call.api->core;

	if (!k->stored || (!hf_ok(check->status) && check->status.code != HF_DENIED))
		return;
	check->err.text[LINK_WORDS_MAX - 1] = '\0';
	hf_make_utf8(check->err.text);
	if (hf_ok(errand_run(core->writer, write_down, k)))
		group_was_changed(core, k->group_id);
}

/* A wrong PIN, or another token, is about what was asked to be tested, not about who asks. */
static int status_of(enum hf_code code)
{
	return code == HF_IO || code == HF_TIMEOUT ? 502 : code == HF_BUSY ? 503 : 400;
}

static void checked(struct link_check *check)
{
	struct check_call *k = check->ctx;
	struct crypto_call *c = &k->call;

	note(k);
	if (hf_ok(check->status)) {
		c->status = 204;
		crypto_call_reply(c);
	} else {
		crypto_call_fail_with(c, status_of(check->status.code), check->err.text);
	}
}

static void begin(struct crypto_call *c)
{
	struct check_call *k = of(c);
	hf_status s;

	k->check.done = checked;
	k->check.ctx = k;
	snprintf(k->check.caller, sizeof(k->check.caller), "%s", c->who->identity_id);
	s = slot_links_check(c->api->core->slots->links, &k->check, &c->err);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

static hf_status prepare_new(struct crypto_call *c, struct hf_err *err)
{
	struct check_call *k = of(c);

	HF_TRY(group_may_connect(c->who, err));
	HF_TRY(link_config_read(c->body, &k->config, err));
	return use_config(k);
}

const struct crypto_operation crypto_link_check = {
	.size = sizeof(struct check_call),
	.prepare = prepare_new,
	.after = begin,
	.release = release,
};

/* ---- of a group */

struct given {
	const char *id;
	struct json_t *config;
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "id", JSON_READ_TEXT, offsetof(struct given, id), false, true },
		{ "config", JSON_READ_OBJECT, offsetof(struct given, config), false, true },
	};
	struct check_call *k = of(c);
	struct given g = { 0 };

	if (c->body)
		HF_TRY(json_read(c->body, fields, HF_COUNT(fields), &g, err));
	if (g.id && !hf_uuid_valid(g.id))
		return hf_fail(err, HF_INVALID, "id is to be that of a connection of the group");
	if (g.id)
		snprintf(k->link_id, sizeof(k->link_id), "%s", g.id);
	k->given = g.config != NULL;
	snprintf(k->group_id, sizeof(k->group_id), "%s", crypto_call_param(c, "group_id"));
	if (!g.config)
		return HF_SUCCESS;
	HF_TRY(link_config_read(g.config, &k->config, err));
	return use_config(k);
}

struct stored {
	struct check_call *k;
	const struct hf_secret *key;
};

static hf_status use_stored(struct check_call *k, const struct link_row *row,
                            const struct hf_secret *key)
{
	struct link_check *to = &k->check;
	struct hf_err *err = &k->call.err;

	snprintf(to->url, sizeof(to->url), "%s", row->url);
	snprintf(to->serial, sizeof(to->serial), "%s", row->serial);
	to->slot = row->slot;
	to->tls = hf_strdup(row->tls);
	HF_ENSURE(to->tls, HF_NOMEM);
	k->stored = true;
	k->updated_ms = row->updated_ms;
	HF_TRY(link_unseal(key, row->id, LINK_PIN, row->pin, &to->pin, err));
	return link_unseal(key, row->id, LINK_CLIENT_KEY, row->client_key, &to->client_key, err);
}

/* What was given, with the stored PIN and key where they were left out, and would go to the same
 * place. */
static hf_status complete(struct check_call *k, const struct link_row *row,
                          const struct hf_secret *key)
{
	struct link_check *to = &k->check;
	struct hf_err *err = &k->call.err;
	bool same_place, same_identity;

	HF_TRY(link_same_place(row->url, row->tls, to->url, to->tls, &same_place));
	HF_TRY(link_same_identity(row->tls, to->tls, &same_identity));
	if (!to->pin.len && !same_place)
		return hf_fail(
		        err, HF_INVALID,
		        "give the PIN: the address of the connection, or the authority that it "
		        "trusts, is another than the stored one's");
	if (!to->pin.len)
		HF_TRY(link_unseal(key, row->id, LINK_PIN, row->pin, &to->pin, err));
	if (!to->client_key.len && same_identity)
		HF_TRY(link_unseal(key, row->id, LINK_CLIENT_KEY, row->client_key, &to->client_key,
		                   err));
	return HF_SUCCESS;
}

static hf_status take_row(void *ctx, const struct link_row *row)
{
	struct stored *s = ctx;

	if (s->k->given)
		return complete(s->k, row, s->key);
	link_check_done(&s->k->check); /* of an earlier run */
	s->k->check = (struct link_check){ 0 };
	return use_stored(s->k, row, s->key);
}

static hf_status choose(struct check_call *k, const struct group *g)
{
	if (*k->link_id)
		return HF_SUCCESS;
	if (g->n_links != 1)
		return hf_fail(&k->call.err, HF_INVALID,
		               "say which connection is to be tested: id, or config");
	snprintf(k->link_id, sizeof(k->link_id), "%s", g->links[0].id);
	return HF_SUCCESS;
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct check_call *k = of(c);
	struct stored stored = { k, &c->api->core->secrets.storage_key };
	GROUP_SCOPED struct group *g = NULL;
	hf_status s;

	HF_TRY(group_read(db, c->who->org_id, k->group_id, &g, &c->err));
	HF_TRY(group_may(c, ACT_GROUP_SCAN, g));
	if (!g->n_links)
		HF_TRY(group_may_connect(c->who, &c->err));
	snprintf(c->group_id, sizeof(c->group_id), "%s", g->id);
	if (k->given && !*k->link_id)
		return HF_SUCCESS;
	HF_TRY(choose(k, g));
	s = link_row_get(db, g->id, k->link_id, take_row, &stored);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "the group has no connection %s", k->link_id);
	return s;
}

const struct crypto_operation crypto_group_link_check = {
	.size = sizeof(struct check_call),
	.prepare = prepare,
	.run = run,
	.after = begin,
	.release = release,
};
