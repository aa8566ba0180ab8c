/* SPDX-License-Identifier: Apache-2.0
 * Key stores, from the command line: the running servers see a change with their next request. */
#include "base/clock.h"
#include "crypto/tls.h"
#include "server/server.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"
#include "server/store/store_rows.h"

#include <stdio.h>
#include <string.h>

static hf_status open_db(const struct db_config *config, struct db **ret, char org_id[HF_ID_MAX],
                         struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	HF_TRY(db_open(config, &db, err));
	HF_TRY(server_migrate(db, err));
	if (!hf_ok(orgs_only(db, org_id)))
		return hf_fail(err, HF_STATE,
		               "the database has not exactly one organisation: `server init` makes "
		               "it");
	*ret = hf_take(db);
	return HF_SUCCESS;
}

/* In a transaction; words for what has none. */
struct work {
	struct db *db;
	char org_id[HF_ID_MAX];
	const struct server_store *store;
	const char *issuer_key_id; /* NULL: any */
	const char *id;
};

static hf_status commit(struct work *w, hf_status (*fn)(struct work *w, struct hf_err *err),
                        struct hf_err *err)
{
	struct hf_err why = { 0 };
	hf_status s = db_begin(w->db);

	if (hf_ok(s))
		s = fn(w, &why);
	if (hf_ok(s))
		s = db_commit(w->db, DB_DURABLE);
	if (hf_ok(s))
		return s;
	db_rollback(w->db);
	if (why.text[0])
		return hf_fail(err, why.code, "%s", why.text);
	return hf_fail(err, s.code, "cannot write to the database: %s", db_error(w->db));
}

struct taken {
	const char *name;
	bool found;
};

static hf_status look_for_name(void *ctx, const struct store_row *row)
{
	struct taken *t = ctx;

	t->found |= strcmp(row->name, t->name) == 0;
	return HF_SUCCESS;
}

/* Drivers that serve one store today must not find out that they have to choose. */
static hf_status check_new(struct work *w, struct hf_err *err)
{
	struct taken taken = { .name = w->store->name };
	int64_t others;

	HF_TRY(store_rows_list(w->db, w->org_id, look_for_name, &taken));
	if (taken.found)
		return hf_fail(err, HF_EXISTS, "there is a key store named \"%s\" already",
		               w->store->name);
	HF_TRY(store_rows_of_issuer(w->db, w->issuer_key_id, &others));
	if (others && !w->store->by_name)
		return hf_fail(err, HF_EXISTS,
		               "another key store is open to the same drivers, which would then "
		               "have to say which they serve: give this one an intermediate of "
		               "its own (--driver-ca), or start all these drivers with --name "
		               "and their store's name, and add it with --by-name");
	return HF_SUCCESS;
}

static hf_status add(struct work *w, struct hf_err *err)
{
	struct store_row row = { .kind = STORE_KIND_HSM };

	HF_TRY(check_new(w, err));
	snprintf(row.id, sizeof(row.id), "%s", w->id);
	snprintf(row.name, sizeof(row.name), "%s", w->store->name);
	HF_TRY(store_row_insert(w->db, &row, w->org_id, w->issuer_key_id, hf_wall_ms()));
	return w->store->primary ? store_row_set_primary(w->db, w->org_id, w->id) : HF_SUCCESS;
}

hf_status server_store_add(const struct db_config *config, const struct server_store *store,
                           char ret[64], struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	char issuer_key_id[65] = "", id[HF_ID_MAX];
	struct work w = { .store = store, .id = id };

	if (!*store->name || strlen(store->name) >= STORE_NAME_MAX)
		return hf_fail(err, HF_INVALID, "a key store's name has 1 to %d bytes",
		               STORE_NAME_MAX - 1);
	if (store->driver_ca)
		HF_TRY(tls_issuer_key_id(store->driver_ca, issuer_key_id, err));
	w.issuer_key_id = store->driver_ca ? issuer_key_id : NULL;
	HF_TRY(open_db(config, &db, w.org_id, err));
	w.db = db;
	hf_id_new("store", id);
	HF_TRY(commit(&w, add, err));
	memcpy(ret, id, HF_ID_MAX);
	return HF_SUCCESS;
}

struct listing {
	server_store_fn fn;
	void *ctx;
};

static hf_status pass_on(void *ctx, const struct store_row *row)
{
	const struct listing *l = ctx;

	l->fn(l->ctx, row->id, row->name, row->primary);
	return HF_SUCCESS;
}

hf_status server_store_list(const struct db_config *config, server_store_fn fn, void *ctx,
                            struct hf_err *err)
{
	struct listing l = { fn, ctx };
	DB_SCOPED struct db *db = NULL;
	char org_id[HF_ID_MAX];

	HF_TRY(open_db(config, &db, org_id, err));
	if (!hf_ok(store_rows_list(db, org_id, pass_on, &l)))
		return hf_fail(err, HF_IO, "cannot read the database: %s", db_error(db));
	return HF_SUCCESS;
}

static hf_status set_primary(struct work *w, struct hf_err *err)
{
	hf_status s = store_row_set_primary(w->db, w->org_id, w->id);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, s.code,
		               "there is no key store %s: `server store list` tells which there "
		               "are",
		               w->id);
	return s;
}

hf_status server_store_set_primary(const struct db_config *config, const char *store_id,
                                   struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	struct work w = { .id = store_id };

	HF_TRY(open_db(config, &db, w.org_id, err));
	w.db = db;
	return commit(&w, set_primary, err);
}
