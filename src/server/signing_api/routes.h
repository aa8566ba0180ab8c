/* SPDX-License-Identifier: Apache-2.0
 * The routes of the Signing API: one table, in which each says what it needs. What a row does not
 * open stays closed: a row without a permission is refused to everybody. docs/permissions.md and a
 * test's snapshot have the same table. */
#ifndef HF_SERVER_SIGNING_API_ROUTES_H
#define HF_SERVER_SIGNING_API_ROUTES_H

#include "server/core/rights/permissions.h"

struct operation;

enum route_needs {
	NO_ACTION = 0,
	USER_ACTION = 1, /* changes something: signed by a credential; runs on the writer */
	PEOPLE_ONLY = 2, /* refused to service accounts and personal access tokens */
	AUDITED = 4, /* entered in the audit log although it changes nothing: it uses something */
};

struct route {
	const char *method, *pattern;
	enum permission permission; /* PERMIT_OPEN: no token, so c->caller is NULL */
	unsigned needs;             /* enum route_needs */
	size_t max_body;            /* 0: none */
	const struct operation *op;
};

extern const struct route signing_api_table[];
extern const size_t signing_api_table_len;

#endif
