/* SPDX-License-Identifier: Apache-2.0
 * A database with an organisation, two groups, and security objects in them. */
#ifndef HF_TESTS_OBJECTS_FIXTURE_H
#define HF_TESTS_OBJECTS_FIXTURE_H

#include "../db/tempdb.h"

#include "server/core/objects/object.h"
#include "server/store/group_rows.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"
#include "server/store/store_rows.h"

#include <stdio.h>
#include <string.h>

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define OTHER_ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2k"
#define GROUP "0199a1de-0000-7000-8000-000000000001"
#define GROUP_2 "0199a1de-0000-7000-8000-000000000002"

static struct tempdb temp;
static struct db *db;

static inline void make_group(const char *org, const char *id, const char *name, bool apply)
{
	struct group_row r = { .apply_to_hsm = apply, .created_ms = 17 };

	snprintf(r.id, sizeof(r.id), "%s", id);
	snprintf(r.org_id, sizeof(r.org_id), "%s", org);
	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.created_by, sizeof(r.created_by), "us-1");
	CHECK_OK(group_row_insert(db, &r));
}

static inline int make_database(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, ORG, "Bank", 1));
	CHECK_OK(org_row_insert(db, OTHER_ORG, "Other", 1));
	make_group(ORG, GROUP, "cards", false);
	make_group(ORG, GROUP_2, "payments", true);
	return 0;
}

static inline int remove_database(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

/* The n-th id, in their order. */
static inline const char *object_id(int n)
{
	static char ids[8][HF_UUID_MAX];
	static int turn;
	char *id = ids[turn++ % 8];

	snprintf(id, HF_UUID_MAX, "0199a1de-1111-7000-8000-%012d", n);
	return id;
}

static inline struct object_row an_object(int n, const char *group, const char *name)
{
	struct object_row o = { .type = OBJECT_AES,
		                .bits = 256,
		                .uses = USE_ENCRYPT | USE_DECRYPT,
		                .state = OBJECT_ACTIVE,
		                .enabled = true,
		                .virtual_key = true,
		                .created_ms = 1000 };

	snprintf(o.id, sizeof(o.id), "%s", object_id(n));
	snprintf(o.org_id, sizeof(o.org_id), "%s", ORG);
	snprintf(o.group_id, sizeof(o.group_id), "%s", group);
	snprintf(o.name, sizeof(o.name), "%s", name);
	snprintf(o.creator, sizeof(o.creator), "us-1");
	o.cka_id_len = 16;
	memcpy(o.cka_id, o.id + sizeof(o.id) - 17, 16);
	o.cka_label_len = strlen(name);
	memcpy(o.cka_label, name, strlen(name));
	return o;
}

#endif
